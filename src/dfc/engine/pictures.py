"""Restoring pictures: arrays and images of Pillow's, in any mode, with transparency or 16 bits."""

from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from dfc.common.errors import UserError
from dfc.engine import strips
from dfc.images import convert_to_array, fill_hidden_colours
from dfc.models.artifact import load_lut
from dfc.models.lut import Lut

AnyImage = TypeVar("AnyImage", np.ndarray, Image.Image)
SHIFTS = 4  # 8-bit images that a 16-bit one is restored as: more gain nothing that can be measured


def restore(image: AnyImage, lut: Lut | str | Path, threads: int | None = None) -> AnyImage:
    """Restore a picture, each colour as a grey image of its own.

    Colours under full transparency are those of their nearest visible neighbours, so that no fringe
    appears; the transparency is enlarged by bicubic interpolation. Of 16 bits, 8-bit images at
    several roundings are restored, and their mean is taken.

    Parameters
    ----------
    image
        An array, uint8 or uint16, of shape (height, width) or (height, width, C), of 1 (grey),
        3 (RGB) or 4 (RGBA) channels; or an image of Pillow's in any mode, of which palettes and
        CMYK become RGB.
    lut : from `dfc.load`, or its file
    threads : how many threads share the work; all cores by default

    Returns
    -------
    numpy.ndarray or PIL.Image.Image : the same kind of picture, `scale` times larger on each side

    Raises
    ------
    UserError : if the picture has no pixels, or is of another type or shape, or there is no LUT
    """
    if isinstance(lut, (str, Path)):
        lut = load_lut(lut)
    if not isinstance(lut, Lut):
        raise UserError(f"lut: expected a LUT from dfc.load, or its file, got {_name_type(lut)}")
    if threads is not None and threads < 1:
        raise UserError(f"threads: expected 1 or more, got {threads}")
    if isinstance(image, Image.Image):
        try:
            pixels = convert_to_array(image)
        except ValueError as error:
            raise UserError(f"image: {error}") from error
        restored = Image.fromarray(_restore_array(pixels, lut, threads))
        restored = restored.convert("LA") if image.mode in ("LA", "La") else restored
        restored.info = {key: value for key, value in image.info.items() if key != "transparency"}
        return restored
    if not isinstance(image, np.ndarray):
        raise UserError(
            f"image: expected an array of NumPy or an image of Pillow's, got {_name_type(image)}; "
            "the command dfc restore takes files"
        )
    if (
        image.dtype not in (np.uint8, np.uint16)
        or image.ndim < 2
        or image.shape[2:] not in ((), (1,), (3,), (4,))
    ):
        raise UserError(
            "image: expected uint8 or uint16 of shape (height, width) or (height, width, 1, 3 or "
            f"4), got {image.dtype} of shape {image.shape}"
        )
    if not image.size:
        raise UserError(f"image: expected at least one pixel, got the shape {image.shape}")
    return _restore_array(image, lut, threads)


def _name_type(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")


def _restore_array(image: np.ndarray, lut: Lut, threads: int | None) -> np.ndarray:
    if image.shape[2:] != (4,):
        return _restore_colours(image, lut, threads)
    colours, alpha = image[..., :3], image[..., 3]
    restored = _restore_colours(fill_hidden_colours(colours, alpha), lut, threads)
    height, width = restored.shape[:2]
    # Pillow resizes no image of 16 bits but in floating point.
    plane = Image.fromarray(alpha if alpha.dtype == np.uint8 else alpha.astype(np.float32))
    enlarged = np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC))
    highest = np.iinfo(alpha.dtype).max
    return np.dstack([restored, np.rint(enlarged).clip(0, highest).astype(alpha.dtype)])


def _restore_colours(image: np.ndarray, lut: Lut, threads: int | None) -> np.ndarray:
    if image.dtype == np.uint8:
        return strips.restore(image, lut, threads)
    # 65535 = 255 * 257: levels are 257 apart, and every shift rounds other pixels up.
    total: np.ndarray | int = 0
    for shift in range(SHIFTS):
        offset = (2 * shift + 1) * 257 // (2 * SHIFTS)
        levels = np.minimum((image.astype(np.uint32) + offset) // 257, 255).astype(np.uint8)
        total = total + strips.restore(levels, lut, threads).astype(np.uint32)
    return (total * 257 // SHIFTS).astype(np.uint16)
