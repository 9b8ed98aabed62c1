"""Image files in and out, as 8-bit grey or RGB arrays; luma, rounding and resizing."""

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from dfc.common.errors import UserError
from dfc.common.files import atomic_write

EXTENSIONS = (".png", ".bmp", ".tif", ".tiff", ".jpg", ".jpeg", ".webp")


def read_image(path: Path) -> np.ndarray:
    """Read an image file.

    Colour in any form (palette, CMYK, with transparency) becomes RGB, 16-bit grey becomes 8-bit
    grey, and a photograph is turned upright as its EXIF orientation says.

    Returns uint8, 0..255, of shape (height, width) if grey and (height, width, 3) if RGB. Raises
    `UserError` if the file is missing, damaged, or holds 32-bit pixels, whose range is not known.
    """
    image = open_image(path)
    try:
        return convert_to_8_bit(image)
    except ValueError as error:
        raise UserError(f"{path}: expected a readable image: {error}") from error


def open_image(path: Path) -> Image.Image:
    """Open and decode an image file, turned upright; a file that cannot be is a `UserError`."""
    try:
        with Image.open(path) as image:
            image.load()
            return ImageOps.exif_transpose(image)
    except Exception as error:  # decoders answer damage with a dozen different exceptions
        raise UserError(f"{path}: expected a readable image: {error}") from error


def convert_to_8_bit(image: Image.Image) -> np.ndarray:
    """Turn an image of any mode into uint8, [H, W] or [H, W, 3]; a `ValueError` at 32 bits."""
    if image.mode.startswith("I;16"):
        # 65535 / 257 = 255, so that black and white stay exactly black and white.
        return np.rint(np.asarray(image) / 257).astype(np.uint8)
    if image.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits; convert it to 8 or 16 bits")
    return np.array(image.convert("L" if image.mode in ("1", "L", "LA", "La") else "RGB"))


def list_images(folder: Path) -> list[Path]:
    """List the image files in a folder, if it exists, and its sub-folders, sorted by path.

    They have an extension of `EXTENSIONS`, in any case. Links are followed; hidden files and
    folders (as macOS leaves them in archives) are skipped.
    """
    found = []
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in files if is_image(name)]
    return sorted(found)


def is_image(name: str) -> bool:
    """Whether a file of this name counts as an image: visible, with a known extension."""
    return not name.startswith(".") and name.lower().endswith(EXTENSIONS)


def write_image(path: Path, image: np.ndarray | Image.Image) -> None:
    """Write an image file atomically, in the format that its extension names.

    An array is uint8, of shape (height, width) or (height, width, 3).
    """
    format = Image.registered_extensions()[path.suffix.lower()]
    with atomic_write(path) as partial:
        (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(partial, format)


def split_planes(image: np.ndarray) -> np.ndarray:
    """Turn a (height, width) or (height, width, C) image into (C, height, width) planes."""
    planes = image[np.newaxis] if image.ndim == 2 else image.transpose(2, 0, 1)
    return np.ascontiguousarray(planes)


def compute_luma(image: np.ndarray) -> np.ndarray:
    """Compute the BT.601 luma Y, as the field measures super-resolution.

    Of uint8, (height, width, 3) if RGB or (height, width) if grey, where a level g counts as the
    colour (g, g, g), it is float64, 16..235, of shape (height, width), not rounded.

    Examples
    --------
    >>> compute_luma(np.array([[0, 255]], np.uint8))
    array([[ 16., 235.]])
    """
    from skimage.color import rgb2ycbcr  # not needed to restore pictures

    colour = image if image.ndim == 3 else np.stack([image] * 3, axis=-1)
    return rgb2ycbcr(colour)[..., 0]


def round_to_8_bit(image: np.ndarray) -> np.ndarray:
    """Round and clip grey levels to uint8."""
    return np.rint(image).clip(0, 255).astype(np.uint8)


def cut_margin(image: np.ndarray, margin: int) -> np.ndarray:
    """Cut off `margin` pixels, 0 or more, on all sides."""
    height, width = image.shape[:2]
    return image[margin : height - margin, margin : width - margin]


def downscale(target: np.ndarray, scale: int) -> np.ndarray:
    """Make an image, uint8, of shape (height, width) or (height, width, 3), bicubically smaller.

    Raises `ValueError` if a side is not a multiple of `scale`, so that the pixels of the two images
    would not line up.
    """
    height, width = target.shape[:2]
    if height % scale or width % scale:
        raise ValueError(f"{width}x{height} pixels are not a multiple of scale {scale}")
    return resize_bicubic(target, height // scale, width // scale)


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
    """Enlarge an image `scale` times by bicubic interpolation: what every method has to beat."""
    height, width = image.shape[:2]
    return resize_bicubic(image, height * scale, width * scale)


def resize_bicubic(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize an image, uint8, of shape (h, w) or (h, w, 3), bicubically."""
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))
