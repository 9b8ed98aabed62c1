"""Image files in and out: 8-bit grey or RGB arrays, whatever the file holds."""

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

    Parameters
    ----------
    path
        A file in any format that Pillow reads.

    Returns
    -------
    numpy.ndarray
        uint8, 0..255, of shape (height, width) if grey and (height, width, 3) if RGB.

    Raises
    ------
    UserError
        If the file is missing, damaged, or holds 32-bit pixels, whose range is not known.
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
    """Turn an image of any mode into uint8, (height, width) or (height, width, 3).

    Raises
    ------
    ValueError
        If it has 32-bit pixels, whose range is not known.
    """
    if image.mode.startswith("I;16"):
        # 65535 / 257 = 255, so that black and white stay exactly black and white.
        return np.rint(np.asarray(image) / 257).astype(np.uint8)
    if image.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits; convert it to 8 or 16 bits")
    return np.array(image.convert("L" if image.mode in ("1", "L", "LA", "La") else "RGB"))


def list_images(folder: Path) -> list[Path]:
    """List the image files in a folder and its sub-folders, following links.

    Parameters
    ----------
    folder
        Where to look; a folder that does not exist holds no images.

    Returns
    -------
    list of pathlib.Path
        The files with an extension of `EXTENSIONS`, in any case, sorted by path. Hidden files and
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
    """Write an image file, whole or not at all, in the format that its extension names.

    Parameters
    ----------
    path
        The file to create or replace; its parent is created.
    image
        uint8, of shape (height, width) or (height, width, 3), or an image of Pillow's.
    """
    format = Image.registered_extensions()[path.suffix.lower()]
    with atomic_write(path) as partial:
        (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(partial, format)


def split_planes(image: np.ndarray) -> np.ndarray:
    """Turn a (height, width) or (height, width, C) image into (C, height, width) planes."""
    planes = image[np.newaxis] if image.ndim == 2 else image.transpose(2, 0, 1)
    return np.ascontiguousarray(planes)
