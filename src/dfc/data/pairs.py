"""Reading an image pair, and making its degraded image where there is no file."""

import numpy as np

from dfc.data.degradations import crop_to_multiple, degrade
from dfc.data.images import read_image
from dfc.data.layouts import Pair
from dfc.errors import UserError


def load_pair(pair: Pair, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Read a pair, the sharp image cropped to a multiple of `scale`.

    Parameters
    ----------
    pair
        The files; where `degraded` is None, the degraded image is made from the sharp one.
    scale
        How many times smaller the degraded image is, on each side.

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
    whole = read_image(pair.sharp)
    if min(whole.shape[:2]) < scale:
        expected = f"expected at least {scale}x{scale} at scale {scale}"
        raise UserError(f"{pair.sharp}: {describe_size(whole)}; {expected}")
    sharp = crop_to_multiple(whole, scale)
    if pair.degraded is None:
        return degrade(sharp, scale), sharp
    degraded = read_image(pair.degraded)
    height, width = (side // scale for side in sharp.shape[:2])
    if degraded.shape != (height, width, *sharp.shape[2:]):
        kind = "grey" if sharp.ndim == 2 else "RGB"
        raise UserError(
            f"{pair.degraded}: {describe_size(degraded)}; expected {width}x{height} {kind}, "
            f"as {pair.sharp} is {describe_size(whole)} and the scale is {scale}"
        )
    return degraded, sharp


def describe_size(image: np.ndarray) -> str:
    """Say size and kind of an image, as in messages: "640x427 RGB" (width first)."""
    return f"{image.shape[1]}x{image.shape[0]} {'grey' if image.ndim == 2 else 'RGB'}"
