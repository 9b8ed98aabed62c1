"""Reading an image pair, and making its degraded image where there is no file."""

import numpy as np

from dfc.data import sample
from dfc.data.degradations import Degradation
from dfc.data.images import read_image
from dfc.data.layouts import Pair
from dfc.errors import UserError


def load_pair(pair: Pair, degradation: Degradation) -> tuple[np.ndarray, np.ndarray]:
    """Read a pair, the sharp image as it is compared with.

    Parameters
    ----------
    pair
        The files; where `degraded` is None, the degraded image is made from the sharp one.
    degradation
        How it is made.

    Returns
    -------
    degraded : numpy.ndarray
        uint8, of shape (h, w) or (h, w, 3).
    sharp : numpy.ndarray
        uint8, of shape (h * scale, w * scale), with as many channels.

    Raises
    ------
    UserError
        If a file is not readable, the sharp image is smaller than one degraded pixel, or the two
        do not fit each other in size or channels.
    """
    scale = degradation.scale
    whole = read_image(pair.sharp)
    if min(whole.shape[:2]) < scale:
        expected = f"expected at least {scale}x{scale} at scale {scale}"
        raise UserError(f"{pair.sharp}: {describe_size(whole)}; {expected}")
    sharp = degradation.sharp(whole)
    if pair.degraded is None or not degradation.from_files:
        return degradation.degrade(sharp, pair.name), sharp
    degraded = read_image(pair.degraded)
    height, width = (side // scale for side in sharp.shape[:2])
    if degraded.shape != (height, width, *sharp.shape[2:]):
        kind = "grey" if sharp.ndim == 2 else "RGB"
        raise UserError(
            f"{pair.degraded}: {describe_size(degraded)}; expected {width}x{height} {kind}, "
            f"as {pair.sharp} is {describe_size(whole)} and the scale is {scale}"
        )
    return degraded, sharp


def sample_pair(name: str, degradation: Degradation) -> tuple[np.ndarray, np.ndarray]:
    """Make a pair of a sample photograph, as `load_pair` does of files."""
    sharp = degradation.sharp(sample.photograph(name))
    return degradation.degrade(sharp, name), sharp


def describe_size(image: np.ndarray) -> str:
    """Say size and kind of an image, as in messages: "640x427 RGB" (width first)."""
    return f"{image.shape[1]}x{image.shape[0]} {'grey' if image.ndim == 2 else 'RGB'}"
