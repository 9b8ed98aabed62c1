"""Which image pairs training and validation use, and what is kept of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dfc.common.errors import UserError
from dfc.data import sample
from dfc.data.layouts import Pair, find_pairs
from dfc.data.pairs import describe_size, has_degraded_file, load_pair, load_target
from dfc.data.store import Example
from dfc.images.files import list_images
from dfc.images.pixels import compute_luma, crop_to_multiple, resize_bicubic, round_to_8_bit
from dfc.tasks.base import Task

# Without images of its own, validation takes every 20th of the training images, 10 at most.
HELD_OUT_EVERY = 20
HELD_OUT_AT_MOST = 10

# Of a validation image, in degraded pixels: a 2K photograph would cost as much as 200 of these.
VALIDATION_SIDE = 128


def find_training_pairs(
    source: str, train_dir: Path, val_dir: Path, scale: int, reads_files: bool = True
) -> dict[str, list[Pair]]:
    """List the image pairs of both splits, "train" and "val", neither of which is empty.

    The `source` is "sample" for the sample photographs, or "folder" for two data sets as
    `find_pairs` knows them. If `val_dir` holds no images, or the same, every 20th training image
    (10 at most) is for validation instead.
    Raises `UserError` if a folder holds too few images or halves of pairs.
    """
    if source == "sample":
        names = {"train": sample.TRAIN, "val": sample.VALIDATION}
        return {split: [*map(sample.find_photograph, names[split])] for split in names}
    train = find_pairs(train_dir, scale, "train", reads_files)
    val = find_pairs(val_dir, scale, "val", reads_files) if list_images(val_dir) else []
    if val == train or not val:
        if len(train) < 2:
            raise UserError(
                f"{train_dir}: expected at least 2 images, one of them for validation, "
                f"as {val_dir} (data.val_dir) holds no others"
            )
        val = train[::HELD_OUT_EVERY][:HELD_OUT_AT_MOST]
        train = [pair for pair in train if pair not in val]
    return {"train": train, "val": val}


def list_sizes(pairs: list[Pair], sizes: Sequence[float], task: Task) -> list[tuple[Pair, float]]:
    """List what to train on: every pair as it is, and made smaller.

    Blur that comes as a file is not made smaller, since a camera does not blur that little.
    """
    return [
        (pair, size)
        for size in sizes
        for pair in pairs
        if size == 1 or task.imitates_files or not has_degraded_file(pair, task)
    ]


def find_smallest_side(pair: Pair, task: Task, patch_size: int) -> int:
    """Find the smallest side of a target that a training crop fits into."""
    margin = task.margin if is_degraded_anew(pair, task) else 0
    return patch_size * task.scale + 2 * margin


def is_degraded_anew(pair: Pair, task: Task) -> bool:
    """Whether every training crop of a pair is degraded anew, so that none is prepared."""
    return task.per_crop and not has_degraded_file(pair, task)


def choose_sides(height: int, width: int, size: float, smallest: int) -> tuple[int, int]:
    """Choose the sides of a target that is made smaller, but not than the smallest."""
    return max(round(height * size), smallest), max(round(width * size), smallest)


def load_training_example(pair: Pair, size: float, task: Task, patch_size: int) -> Example:
    """Load a pair to train on: whole, with all its channels.

    At a size below 1, the target image is made so much smaller (but not smaller than a degraded
    crop of `patch_size`), which shows more in a crop, and sharper; the degraded image is then
    always made. It is left out where training makes it anew.
    Raises `UserError` if files are not readable, do not fit each other, or are smaller than a crop.
    """
    anew, side = is_degraded_anew(pair, task), find_smallest_side(pair, task, patch_size)
    degraded = None
    if anew or size < 1:
        target = load_target(pair, task)
    else:
        degraded, target = load_pair(pair, task)
    check_side(pair, target, side, f"patch size {patch_size} at scale {task.scale}")
    if size < 1:
        height, width = choose_sides(*target.shape[:2], size, side)
        target = crop_to_multiple(resize_bicubic(target, height, width), task.scale)
        degraded = None if anew else task.degrade(target, pair.name)
    return Example(pair.name, degraded, target)


def check_side(pair: Pair, target: np.ndarray, smallest: int, why: str) -> None:
    """Refuse a target that is too small, or what has its shape."""
    if min(target.shape[:2]) < smallest:
        size = describe_size(target)
        raise UserError(f"{pair.target}: {size}; expected at least {smallest}x{smallest} ({why})")


def load_validation_example(pair: Pair, task: Task) -> Example:
    """Load a pair to validate on, made small, so that validating stays cheap.

    Of a large photograph, a centre crop of at most 128x128 degraded pixels is kept. Its first
    channel is the BT.601 luma, rounded; those of a colour image follow.

    Raises `UserError` if the files are not readable or do not fit each other.
    """
    degraded, target = load_pair(pair, task)
    height, width = (min(side, VALIDATION_SIDE) for side in degraded.shape[:2])
    top, left = (degraded.shape[0] - height) // 2, (degraded.shape[1] - width) // 2

    def cut_centre(image: np.ndarray, scale: int) -> np.ndarray:
        rows = slice(top * scale, (top + height) * scale)
        crop = image[rows, left * scale : (left + width) * scale]
        return crop if crop.ndim == 2 else np.dstack([round_to_8_bit(compute_luma(crop)), crop])

    degraded, target = cut_centre(degraded, 1), cut_centre(target, task.scale)
    if task.grey_first:
        luma = np.atleast_3d(target)[..., 0]
        degraded = np.dstack([task.degrade(luma), np.atleast_3d(degraded)[..., 1:]])
    return Example(pair.name, degraded, target)
