"""What spoils a sharp image: the one place that knows how degraded images are made.

Super-resolution (task `sr`) degrades by bicubic shrinking (a = -0.5, antialiased, as MATLAB's
imresize), which is Pillow's BICUBIC. These functions compute; they read no files.
"""

import numpy as np
from PIL import Image


def degrade(sharp: np.ndarray, scale: int) -> np.ndarray:
    """Make the degraded image of a sharp one: bicubic, `scale` times smaller.

    Parameters
    ----------
    sharp
        uint8, of shape (height, width) or (height, width, 3), both sides multiples of `scale`.
    scale
        1 or more; 1 changes nothing.

    Returns
    -------
    numpy.ndarray
        uint8, of shape (height / scale, width / scale) and as many channels.

    Raises
    ------
    ValueError
        If a side is not a multiple of `scale`: pixels of the two images would not line up.
    """
    height, width = sharp.shape[:2]
    if height % scale or width % scale:
        raise ValueError(f"{width}x{height} pixels are not a multiple of scale {scale}")
    return _resized(sharp, height // scale, width // scale)


def crop_to_multiple(image: np.ndarray, scale: int) -> np.ndarray:
    """Cut pixels off the bottom and the right, so that both sides are multiples of `scale`.

    Examples
    --------
    >>> crop_to_multiple(np.zeros((9, 14), np.uint8), 4).shape
    (8, 12)
    """
    height, width = image.shape[:2]
    return image[: height - height % scale, : width - width % scale]


def upscale_bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    """Enlarge an image `scale` times by bicubic interpolation: what every method has to beat.

    Parameters
    ----------
    image
        uint8, of shape (height, width) or (height, width, 3).
    scale
        1 or more.

    Returns
    -------
    numpy.ndarray
        uint8, of shape (height * scale, width * scale) and as many channels.
    """
    height, width = image.shape[:2]
    return _resized(image, height * scale, width * scale)


def _resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))
