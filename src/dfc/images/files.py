"""Image files in and out, as 8-bit grey or RGB arrays."""

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

from dfc.common.errors import UserError
from dfc.common.files import atomic_write
from dfc.images.degradation import estimate_jpeg_quality
from dfc.images.encoding import encode_frames
from dfc.images.formats import EXTENSIONS, FORMATS
from dfc.images.modes import GREY, convert_cmyk, convert_to_8_bit

ORIENTATION = 274  # of EXIF; from 5 on, a photograph lies on its side
PngImagePlugin.MAX_TEXT_CHUNK = 2**26  # bytes of a text or a profile; 1 MB by default
PngImagePlugin.MAX_TEXT_MEMORY = 2**28  # of all texts of a file
PNG = b"\x89PNG\r\n\x1a\n"
PIXEL_CHUNKS = (b"tRNS", b"acTL", b"fcTL", b"fdAT")
"""Chunks of PNG that are not critical, but change what is seen."""


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


def read_shape(path: Path) -> tuple[int, ...]:
    """Read the shape of what `read_image` gives from the header of a file, which is quick.

    Raises `UserError` if the file is missing or has no header of an image.
    """
    try:
        with Image.open(path) as image:
            # Looking for an EXIF after the pixels of a PNG file would decode them.
            exif = image.getexif() if image.format != "PNG" or "exif" in image.info else {}
            turned = exif.get(ORIENTATION, 1) > 4
            sides = image.size if turned else image.size[::-1]
            grey = image.mode in GREY or image.mode.startswith("I;16")
            return sides if grey else (*sides, 3)
    except Exception as error:  # as in `open_frames`
        raise UserError(f"{path}: expected a readable image: {error}") from error


def open_image(source: Path | BinaryIO) -> Image.Image:
    """Open and decode the first frame of an image file, as `open_frames` does."""
    return open_frames(source, most=1)[0]


def open_frames(source: Path | BinaryIO, most: int | None = None) -> list[Image.Image]:
    """Open and decode an image file: all its frames or pages, or the first ones, turned upright.

    CMYK becomes RGB through its colour profile, if it has one. The `info` of a frame has
    `reduced_bits` where Pillow gave 8 bits of 16, `damaged` where metadata could not be read (what
    they are called), and of a JPEG file, the `jpeg_quality`, about. A file that cannot be read is a
    `UserError`.
    """
    file = source if isinstance(source, Path) else io.BytesIO(source.read())
    try:
        return _decode(file, most)
    except Exception as error:  # decoders answer damage with a dozen different exceptions
        with suppress(Exception):
            frames = _decode(io.BytesIO(_strip_png(file)), most)
            frames[0].info["damaged"] = "metadata"
            return frames
        raise UserError(f"{name_source(source)}: expected a readable image: {error}") from error


def name_source(source: Path | BinaryIO) -> str:
    """Name a file, or standard input, in a message."""
    return str(source) if isinstance(source, Path) else "-"


def _decode(file: Path | BinaryIO, most: int | None) -> list[Image.Image]:
    with Image.open(file) as image:
        # The frames of MPO are views of one photograph.
        count = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        return [_decode_frame(image, index) for index in range(min(count, most or count))]


def _strip_png(file: Path | io.BytesIO) -> bytes:
    """Leave out what a PNG file holds beside its pixels; a `ValueError` if it is none."""
    data = file.read_bytes() if isinstance(file, Path) else file.getvalue()
    if not data.startswith(PNG):
        raise ValueError
    kept, start = [PNG], len(PNG)
    while start < len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4])
        name = data[start + 4 : start + 8]
        if name[:1].isupper() or name in PIXEL_CHUNKS:
            kept.append(data[start:end])
        start = end
    return b"".join(kept)


def _decode_frame(image: Image.Image, index: int) -> Image.Image:
    if index:
        image.seek(index)
    quality = estimate_jpeg_quality(image)
    reduced = image.mode in ("RGB", "RGBA", "LA") and ";16" in str(image.tile)
    image.load()
    try:
        frame = ImageOps.exif_transpose(image)
    except Exception:
        frame = image.copy()
        frame.info = {key: value for key, value in image.info.items() if key != "exif"}
        frame.info["damaged"] = "EXIF"
    if frame.mode == "CMYK":
        frame = convert_cmyk(frame)
    elif frame.mode == "I" and image.format == "PPM":  # of 16 bits, which Pillow does not say
        frame = frame.convert("I;16")
    if reduced:
        frame.info["reduced_bits"] = True
    if quality is not None:
        frame.info["jpeg_quality"] = quality
    return frame


def list_images(folder: Path) -> list[Path]:
    """List the image files in a folder, if it exists, and its sub-folders, sorted by path.

    They have an extension of `EXTENSIONS`, in any case.
    """
    return sorted(path for path in list_files(folder) if is_image(path.name))


def list_files(folder: Path) -> Iterator[Path]:
    """List the files in a folder, if it exists, and its sub-folders, in no certain order.

    Links are followed, but for those to a folder that they lie in; hidden files and folders (as
    macOS leaves them in archives) are skipped.
    """
    waiting = [(folder, frozenset[str]())]
    while waiting:
        folder, above = waiting.pop()
        real = os.path.realpath(folder)
        if real in above:
            continue
        with suppress(OSError):
            for name in os.listdir(folder):
                path = folder / name
                if name.startswith("."):
                    continue
                if os.path.isdir(path):
                    waiting.append((path, above | {real}))
                else:
                    yield path


def is_image(name: str) -> bool:
    """Whether a file of this name counts as an image: visible, with a known extension."""
    return not name.startswith(".") and name.lower().endswith(EXTENSIONS)


def write_image(path: Path, image: np.ndarray | Image.Image) -> None:
    """Write an image file atomically, in the format that its extension names.

    An array is uint8, of shape (height, width) or (height, width, 3).
    """
    frame = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    try:
        with atomic_write(path) as partial:
            encode_frames([frame], partial, FORMATS[path.suffix.lower()])
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error
