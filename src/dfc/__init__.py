"""Restoration look-up tables: train, export, compress, fine-tune and benchmark them.

>>> lut = dfc.load("sr-x4")  # doctest: +SKIP
>>> large = dfc.restore(small, lut)  # doctest: +SKIP
"""

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Union

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from dfc.models.lut import Lut

# What is imported in functions costs nothing until it is needed.

__all__ = ["load", "restore"]
__version__ = "0.1.0"
AnyImage = TypeVar("AnyImage", "np.ndarray", "Image.Image")


def load(path: Path | str) -> "Lut":
    """Load a LUT from its file, or by its name in the zoo, as `denoise-25`.

    A file or name that is none is a `dfc.common.errors.UserError`.
    """
    from dfc.models.artifact import load_lut
    from dfc.zoo import find_lut

    return load_lut(find_lut(path))


def restore(image: AnyImage, lut: Union["Lut", str, Path], threads: int | None = None) -> AnyImage:
    """Restore a picture, each colour as a grey image of its own.

    Transparency and 16 bits are kept (`dfc.images.pixels.restore_channels`).

    Parameters
    ----------
    image
        An array, uint8 or uint16, of shape (height, width) or (height, width, C), of 1 (grey),
        3 (RGB) or 4 (RGBA) channels; or an image of Pillow's in any mode, of which palettes and
        CMYK become RGB.
    lut : from `dfc.load`, or what that takes
    threads : how many threads share the work; all cores by default

    Returns
    -------
    numpy.ndarray or PIL.Image.Image : the same kind of picture, `scale` times larger on each side

    Raises
    ------
    UserError : if the picture has no pixels, or is of another type or shape, or there is no LUT
    """
    import numpy as np
    from PIL import Image

    from dfc import engine
    from dfc.common.errors import UserError
    from dfc.images.modes import convert_to_array
    from dfc.images.pixels import restore_channels
    from dfc.models.lut import Lut

    lut = load(lut) if isinstance(lut, (str, Path)) else lut
    if not isinstance(lut, Lut):
        raise UserError(f"lut: expected a LUT from dfc.load, or its file, got {_name_type(lut)}")
    if threads is not None and threads < 1:
        raise UserError(f"threads: expected 1 or more, got {threads}")
    if isinstance(image, Image.Image):
        try:
            pixels = convert_to_array(image)
        except ValueError as error:
            raise UserError(f"image: {error}") from error
        restored = Image.fromarray(restore(pixels, lut, threads))
        restored = restored.convert("LA") if image.mode in ("LA", "La") else restored
        restored.info = {key: value for key, value in image.info.items() if key != "transparency"}
        return restored
    if not isinstance(image, np.ndarray):
        raise UserError(
            f"image: expected an array of NumPy or an image of Pillow's, got {_name_type(image)}; "
            "the command dfc restore takes files"
        )
    shapes = ((), (1,), (3,), (4,))
    if (
        image.dtype.name not in ("uint8", "uint16")
        or image.ndim < 2
        or image.shape[2:] not in shapes
    ):
        raise UserError(
            "image: expected uint8 or uint16 of shape (height, width) or (height, width, 1, 3 or "
            f"4), got {image.dtype} of shape {image.shape}"
        )
    if not image.size:
        raise UserError(f"image: expected at least one pixel, got the shape {image.shape}")
    return restore_channels(image, lambda part: engine.restore(part, lut, threads))


def _name_type(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__name__}".removeprefix("builtins.")
