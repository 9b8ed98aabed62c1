"""Reading an image pair, and making its degraded image where there is no file."""

from collections.abc import Sequence

import numpy as np

from dfc.common.errors import UserError
from dfc.data.layouts import Pair, join_folders
from dfc.images.files import read_image
from dfc.images.pixels import drop_equal_colours
from dfc.tasks.base import Task


def load_pair(pair: Pair, task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Read a pair; without a file of the degraded image, the task makes it from the target one.

    Where one of the two is grey, the other may be of three equal colours. Raises `UserError` if a
    file is not readable, the target image is smaller than one degraded pixel, or the two do not fit
    each other in size or channels.

    Returns
    -------
    degraded : uint8, of shape (h, w) or (h, w, 3)
    target : uint8, of shape (h * scale, w * scale), with as many channels, as it is compared with
    """
    whole, scale = _load_whole(pair, task), task.scale
    target = task.make_target(whole)
    if not has_degraded_file(pair, task):
        return task.degrade(target, pair.name), target
    degraded = read_image(pair.degraded)
    if degraded.ndim != target.ndim:
        degraded, target = drop_equal_colours(degraded), drop_equal_colours(target)
    height, width = (side // scale for side in whole.shape[:2])
    # Where the sides of the target are no multiple of the scale, published sets have one pixel more
    # for what remains.
    remains = [side % scale > 0 for side in whole.shape[:2]]
    more = [degraded.shape[0] - height, degraded.shape[1] - width]
    fits = all(0 <= count <= most for count, most in zip(more, remains, strict=True))
    if not fits or degraded.shape[2:] != target.shape[2:]:
        kind = "grey" if target.ndim == 2 else "RGB"
        raise UserError(
            f"{pair.degraded}: {describe_size(degraded)}; expected {width}x{height} {kind}, "
            f"as {pair.target} is {describe_size(whole)} and the scale {scale}"
        )
    return degraded[:height, :width], target


def load_target(pair: Pair, task: Task) -> np.ndarray:
    """Read the target image alone, as `load_pair` does."""
    return task.make_target(_load_whole(pair, task))


def _load_whole(pair: Pair, task: Task) -> np.ndarray:
    whole, scale = read_image(pair.target), task.scale
    if min(whole.shape[:2]) < scale:
        expected = f"expected at least {scale}x{scale} at scale {scale}"
        raise UserError(f"{pair.target}: {describe_size(whole)}; {expected}")
    return whole


def has_degraded_file(pair: Pair, task: Task) -> bool:
    """Whether the degraded image is read, and not made."""
    return pair.degraded is not None and task.reads_files


def describe_pairs(name: str, pairs: Sequence[Pair], task: Task) -> str:
    """Say in a line how many pairs of a set were taken from where."""
    targets = f"{len(pairs)} target images of {join_folders(pair.target for pair in pairs)}"
    if not has_degraded_file(pairs[0], task):
        return f"{name}: {targets}; degraded images are made of them"
    return f"{name}: {targets}, degraded ones of {join_folders(pair.degraded for pair in pairs)}"


def describe_size(image: np.ndarray) -> str:
    """Say size and kind of an image, as in messages: "640x427 RGB" (width first)."""
    return f"{image.shape[1]}x{image.shape[0]} {'grey' if image.ndim == 2 else 'RGB'}"
