"""Which image pairs training and validation use, and loading them ahead of their use."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dfc.data import sample
from dfc.data.degradations import Degradation
from dfc.data.images import list_images
from dfc.data.layouts import Pair, find_pairs
from dfc.data.pairs import describe_size, load_pair, sample_pair
from dfc.data.store import Example
from dfc.errors import UserError
from dfc.metrics import luma

# Without images of its own, validation takes every 20th of the training images, 10 at most.
HELD_OUT_EVERY = 20
HELD_OUT_AT_MOST = 10

# Of a validation image, in degraded pixels: a 2K photograph would cost as much as 200 of these.
VALIDATION_SIDE = 128


@dataclass(frozen=True)
class PendingExample:
    """An image pair that is not in memory yet."""

    name: str
    load: Callable[[], Example]
    """Reads the files, makes the degraded image if need be, and checks both (`UserError`)."""


def training_examples(
    source: str, train_dir: Path, val_dir: Path, degradation: Degradation, patch_size: int
) -> dict[str, list[PendingExample]]:
    """List the image pairs of both splits.

    Training pairs are whole images, with all their channels. Validation pairs are made small, so
    that validating stays cheap on large photographs: a centre crop of at most 128x128 degraded
    pixels, of which only the BT.601 luma is kept (one channel, rounded).

    Parameters
    ----------
    source
        "sample" for the sample photographs, "folder" for the two folders.
    train_dir, val_dir
        Data sets as `find_pairs` knows them. If `val_dir` holds no images, or the same,
        every 20th training image (10 at most) is for validation instead.
    degradation
        How degraded images are made.
    patch_size
        Side of the degraded crops that training will draw, in pixels: no image may be smaller.

    Returns
    -------
    dict of str to list of PendingExample
        Under "train" and "val"; neither list is empty.

    Raises
    ------
    UserError
        If `source` is unknown, or a folder holds too few images.
    """
    if source == "sample":
        train, val = _sample_photographs(degradation)
    elif source == "folder":
        train, val = _from_folders(train_dir, val_dir, degradation)
    else:
        raise UserError(f"data.source: expected sample or folder, found {source!r}")
    return {
        "train": [
            _then(pending, lambda e: _large_enough(e, patch_size, degradation.scale))
            for pending in train
        ],
        "val": [_then(pending, lambda e: _made_cheap(e, degradation)) for pending in val],
    }


def loaded_ahead(pending: Sequence[PendingExample]) -> Iterator[Example]:
    """Load image pairs in threads, and give them in order.

    At most one pair more than there are cores is under way or waits in memory, so that decoding
    keeps ahead of writing without filling the memory.
    """
    cores = len(os.sched_getaffinity(0))
    waiting: deque[Future[Example]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for example in pending:
            waiting.append(pool.submit(example.load))
            if len(waiting) > cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _sample_photographs(
    degradation: Degradation,
) -> tuple[list[PendingExample], list[PendingExample]]:
    def pending(name: str) -> PendingExample:
        def load() -> Example:
            return Example(name, f"sample photograph {name}", *sample_pair(name, degradation))

        return PendingExample(name, load)

    return [pending(name) for name in sample.TRAIN], [pending(name) for name in sample.VALIDATION]


def _from_folders(
    train_dir: Path, val_dir: Path, degradation: Degradation
) -> tuple[list[PendingExample], list[PendingExample]]:
    def pending(pair: Pair) -> PendingExample:
        return PendingExample(
            pair.name, lambda: Example(pair.name, str(pair.sharp), *load_pair(pair, degradation))
        )

    scale = degradation.scale
    train = find_pairs(train_dir, scale, "train")
    val = find_pairs(val_dir, scale, "val") if list_images(val_dir) else []
    if val == train or not val:
        if len(train) < 2:
            raise UserError(
                f"{train_dir}: expected at least 2 images, one of them for validation, "
                f"as {val_dir} (data.val_dir) holds no others"
            )
        val = train[::HELD_OUT_EVERY][:HELD_OUT_AT_MOST]
        train = [pair for pair in train if pair not in val]
    return [pending(pair) for pair in train], [pending(pair) for pair in val]


def _then(pending: PendingExample, change: Callable[[Example], Example]) -> PendingExample:
    return PendingExample(pending.name, lambda: change(pending.load()))


def _large_enough(example: Example, patch_size: int, scale: int) -> Example:
    if min(example.degraded.shape[:2]) < patch_size:
        raise UserError(
            f"{example.source}: {describe_size(example.sharp)}; expected at least "
            f"{patch_size * scale}x{patch_size * scale} (patch size {patch_size} at scale {scale})"
        )
    return example


def _made_cheap(example: Example, degradation: Degradation) -> Example:
    height, width = (min(side, VALIDATION_SIDE) for side in example.degraded.shape[:2])
    top = (example.degraded.shape[0] - height) // 2
    left = (example.degraded.shape[1] - width) // 2

    def centre(image: np.ndarray, factor: int) -> np.ndarray:
        rows = slice(top * factor, (top + height) * factor)
        columns = slice(left * factor, (left + width) * factor)
        crop = image[rows, columns]
        return crop if crop.ndim == 2 else np.rint(luma(crop)).astype(np.uint8)

    sharp = centre(example.sharp, degradation.scale)
    # The luma of colour noise has less noise than that of a grey image.
    fresh = degradation.fresh
    degraded = degradation.degrade(sharp) if fresh else centre(example.degraded, 1)
    return example._replace(degraded=degraded, sharp=sharp)
