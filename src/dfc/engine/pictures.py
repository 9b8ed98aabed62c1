"""Restoring pictures: arrays and images of Pillow's, in any mode."""

from typing import TypeVar

import numpy as np
from PIL import Image

from dfc.common.errors import UserError
from dfc.engine import strips
from dfc.images import convert_to_8_bit
from dfc.models.lut import Lut

AnyImage = TypeVar("AnyImage", np.ndarray, Image.Image)


def restore(image: AnyImage, lut: Lut, threads: int | None = None) -> AnyImage:
    """Restore a picture, each colour as a grey image of its own.

    Parameters
    ----------
    image
        An array, uint8, of shape (height, width) or (height, width, 3), or an image of Pillow's in
        any mode. Transparency is kept, enlarged by bicubic interpolation; palettes, CMYK and 16-bit
        grey become RGB and 8-bit grey.
    threads : how many threads share the work; all cores by default

    Returns
    -------
    numpy.ndarray or PIL.Image.Image : the same kind of picture, `scale` times larger on each side

    Raises
    ------
    UserError : if the picture has no pixels, or its array is of another type or shape
    """
    if threads is not None and threads < 1:
        raise UserError(f"threads: expected 1 or more, got {threads}")
    if isinstance(image, Image.Image):
        return _restore_picture(image, lut, threads)
    if image.dtype != np.uint8 or image.shape[2:] not in ((), (3,)) or image.ndim < 2:
        raise UserError(
            f"image: expected uint8 of shape (height, width) or (height, width, 3), "
            f"got {image.dtype} of shape {image.shape}"
        )
    if not image.size:
        raise UserError(f"image: expected at least one pixel, got the shape {image.shape}")
    return strips.restore(image, lut, threads)


def _restore_picture(image: Image.Image, lut: Lut, threads: int | None) -> Image.Image:
    try:
        pixels = convert_to_8_bit(image.convert("RGBA") if image.mode == "PA" else image)
    except ValueError as error:
        raise UserError(f"image: {error}") from error
    restored = Image.fromarray(restore(pixels, lut, threads))
    if image.has_transparency_data:
        alpha = image.convert("RGBA").getchannel("A")
        restored.putalpha(alpha.resize(restored.size, Image.Resampling.BICUBIC))
    return restored
