"""What is to be prepared, what of it is there already, and how much space the rest will take."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
import PIL

from dfc.common.errors import UserError, join_errors
from dfc.common.files import fingerprint
from dfc.common.parallel import count_image_workers, prefetch
from dfc.data.layouts import Pair
from dfc.data.pairs import has_degraded_file
from dfc.data.prepare import (
    VALIDATION_SIDE,
    check_side,
    choose_sides,
    find_smallest_side,
    is_degraded_anew,
    list_sizes,
    load_training_example,
    load_validation_example,
)
from dfc.data.store import FORMAT_VERSION, Example, StoredImage, list_unwanted
from dfc.images.files import read_shape
from dfc.tasks.base import Task

NAME_LENGTH = 80  # of the name of an image, in the names of its files
KEY_LENGTH = 32
UNUSABLE = "images cannot be used"
SOURCES = ("data", "images", "tasks")  # packages that decide what is prepared


@dataclass(frozen=True)
class Planned:
    """An image pair of a store, before it is made."""

    pair: Pair
    size: float | None  # what a training image is used at; None for validation
    task: Task
    patch_size: int

    @cached_property
    def key(self) -> str:
        """A digest of all that it is made from: files as they are now, params and code."""
        files = [_stamp(path) for path in (self.pair.target, self.pair.degraded)]
        made_from = [FORMAT_VERSION, hash_code(), self.pair.name, files, self.task.to_json()]
        patch_size = self.size and self.patch_size  # of no concern to validation
        return fingerprint([*made_from, self.size, patch_size])[:KEY_LENGTH]

    def load(self) -> Example:
        """Read and make the images, or raise a `UserError`."""
        if self.size is None:
            return load_validation_example(self.pair, self.task)
        return load_training_example(self.pair, self.size, self.task, self.patch_size)

    def describe(self, shape: tuple[int, ...]) -> StoredImage:
        """Describe what will be made of a target of a shape, all but its digest.

        Raises `UserError` if that is too small.
        """
        scale, anew = self.task.scale, False
        target = np.broadcast_to(np.uint8(0), shape)  # takes no memory
        height, width = shape[:2]
        channels = 3 if _has_colours(self.task, shape) else 1
        if self.size is None:
            check_side(self.pair, target, scale, f"one pixel at scale {scale}")
            height, width = (min(side // scale, VALIDATION_SIDE) for side in (height, width))
            channels += channels == 3  # the luma comes first
        else:
            anew = is_degraded_anew(self.pair, self.task)
            smallest = find_smallest_side(self.pair, self.task, self.patch_size)
            why = f"patch size {self.patch_size} at scale {scale}"
            check_side(self.pair, target, smallest, why)
            height, width = (side - side % scale for side in (height, width))
            if self.size < 1:
                height, width = choose_sides(height, width, self.size, smallest)
            height, width = height // scale, width // scale
        return StoredImage(self.key, scale, channels, height, width, not anew, digest="")


def plan_store(
    splits: Mapping[str, list[Pair]], sizes: Sequence[float], task: Task, patch_size: int
) -> dict[str, dict[str, Planned]]:
    """Plan a store: by split and start of the file names, the image pairs that it will hold."""
    train = list_sizes(splits["train"], sizes, task)
    listed = {"train": train, "val": [(pair, None) for pair in splits["val"]]}
    return {
        split: {
            f"{number:05}_{pair.name[:NAME_LENGTH]}": Planned(pair, size, task, patch_size)
            for number, (pair, size) in enumerate(pairs)
        }
        for split, pairs in listed.items()
    }


def count_bytes(planned: Iterable[Planned]) -> int:
    """Count the bytes that image pairs will take on a disk, by the headers of their files.

    Raises a `UserError` that lists the files which have none, or are too small.
    """
    by_pair: dict[Pair, list[Planned]] = {}
    for each in planned:
        by_pair.setdefault(each.pair, []).append(each)

    def describe(planned: list[Planned]) -> int | UserError:
        pair, task = planned[0].pair, planned[0].task
        try:
            if has_degraded_file(pair, task):
                read_shape(pair.degraded)
            shape = read_shape(pair.target)
            return sum(each.describe(shape).disk_bytes for each in planned)
        except UserError as error:
            return error

    counted = list(prefetch(describe, by_pair.values(), count_image_workers()))
    refuse_unusable(counted)
    return sum(counted)


def refuse_unusable(results: Iterable[object]) -> None:
    """Raise one `UserError` for all that are among the results of image pairs."""
    if messages := [str(result) for result in results if isinstance(result, UserError)]:
        raise join_errors(messages, UNUSABLE)


def check_space(folder: Path, needed: int, keys: Iterable[str]) -> int:
    """Return the bytes that are free for image pairs, or raise a `UserError` if they are too few.

    What belongs to no key, and is linked to nowhere else, will be removed from the folder.
    """
    unwanted = (path.stat() for path in list_unwanted(folder, {*keys}) if path.is_file())
    free = shutil.disk_usage(folder).free
    free += sum(file.st_size for file in unwanted if file.st_nlink == 1)
    if free < needed:
        raise UserError(
            f"{folder}: expected {format_gigabytes(needed)} of free space for prepared images, "
            f"found {format_gigabytes(free)}"
        )
    return free


def format_gigabytes(count: int) -> str:
    """Say how many gigabytes some bytes are, to two digits after the point."""
    return f"{count / 1e9:,.2f} GB"


@cache
def hash_code() -> str:
    """Compute a digest of the code that prepares images."""
    digest = blake2b(PIL.__version__.encode(), digest_size=16)
    for package in SOURCES:
        for path in sorted((Path(__file__).parents[1] / package).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _has_colours(task: Task, shape: tuple[int, ...]) -> bool:
    """Whether the target of an image has three channels."""
    smallest = np.zeros((task.scale, task.scale, *shape[2:]), np.uint8)
    return task.make_target(smallest).ndim == 3


def _stamp(path: Path | None) -> list[object]:
    """Tell a file from what it was before, without reading it."""
    if path is None:
        return []
    try:
        found = path.stat()
    except OSError:  # reading will say what is wrong
        return [str(path)]
    return [str(path), found.st_size, found.st_mtime_ns]
