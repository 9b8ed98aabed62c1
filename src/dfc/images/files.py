"""Image files in and out, as 8-bit grey or RGB arrays."""

import io
import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from dfc.common.errors import UserError
from dfc.common.files import atomic_write
from dfc.images.degradation import estimate_jpeg_quality

KEPT = {
    "PNG": ("icc_profile", "exif", "dpi"),
    "JPEG": ("icc_profile", "exif", "dpi", "xmp"),
    "WEBP": ("icc_profile", "exif", "xmp"),
    "TIFF": ("icc_profile", "exif", "dpi"),
    "BMP": ("dpi",),
}
"""What each format keeps of the `info` of an image; PNG and TIFF keep XMP in a way of their own."""
XMP_TAG = 700
ORIENTATION = 274  # of EXIF; 5 to 8 are turned by a quarter
ANIMATED = ("PNG", "WEBP", "TIFF")
FORMATS = {
    ".png": "PNG",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
}
"""Pillow's names of the formats, by extension."""
EXTENSIONS = tuple(FORMATS)


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


def read_size(path: Path) -> tuple[int, int]:
    """Read width and height of an image file, upright, without decoding it."""
    try:
        with Image.open(path) as image:
            turned = image.getexif().get(ORIENTATION, 1) > 4
            return image.size[::-1] if turned else image.size
    except Exception as error:
        raise UserError(f"{path}: expected a readable image: {error}") from error


def open_image(source: Path | BinaryIO) -> Image.Image:
    """Open and decode the first frame of an image file, as `open_frames` does."""
    return open_frames(source, most=1)[0]


def open_frames(source: Path | BinaryIO, most: int | None = None) -> list[Image.Image]:
    """Open and decode an image file: all its frames or pages, or the first ones, turned upright.

    CMYK becomes RGB through its colour profile, if it has one. The `info` of a frame has
    `reduced_bits` where Pillow gave 8 bits of 16, and of a JPEG file, the `jpeg_quality`, about. A
    file that cannot be read is a `UserError`.
    """
    try:
        with Image.open(source) as image:
            # The frames of MPO are views of one photograph.
            count = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
            return [_decode_frame(image, index) for index in range(min(count, most or count))]
    except Exception as error:  # decoders answer damage with a dozen different exceptions
        raise UserError(f"{name_source(source)}: expected a readable image: {error}") from error


def name_source(source: Path | BinaryIO) -> str:
    """Name a file, or standard input, in a message."""
    return str(source) if isinstance(source, Path) else "-"


def _decode_frame(image: Image.Image, index: int) -> Image.Image:
    if index:
        image.seek(index)
    quality = estimate_jpeg_quality(image)
    reduced = image.mode in ("RGB", "RGBA", "LA") and ";16" in str(image.tile)
    image.load()
    frame = ImageOps.exif_transpose(image)
    if frame.mode == "CMYK":
        frame = _convert_cmyk(frame)
    if reduced:
        frame.info["reduced_bits"] = True
    if quality is not None:
        frame.info["jpeg_quality"] = quality
    return frame


def _convert_cmyk(image: Image.Image) -> Image.Image:
    """Turn CMYK into RGB, through the profile of the image if it has one that is whole."""
    profile = image.info.pop("icc_profile", None)
    if profile:
        rgb = ImageCms.createProfile("sRGB")
        with suppress(ImageCms.PyCMSError):
            image = ImageCms.profileToProfile(image, io.BytesIO(profile), rgb, outputMode="RGB")
            image.info["icc_profile"] = ImageCms.ImageCmsProfile(rgb).tobytes()
    return image.convert("RGB")


def convert_to_8_bit(image: Image.Image) -> np.ndarray:
    """Turn an image of any mode into uint8, [H, W] or [H, W, 3]; a `ValueError` at 32 bits."""
    if image.mode.startswith("I;16"):
        # 65535 / 257 = 255, so that black and white stay exactly black and white.
        return np.rint(np.asarray(image) / 257).astype(np.uint8)
    if image.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits; convert it to 8 or 16 bits")
    return np.array(image.convert("L" if image.mode in ("1", "L", "LA", "La") else "RGB"))


def convert_to_array(image: Image.Image) -> np.ndarray:
    """Turn an image of any mode into an array of all that it holds; a `ValueError` at 32 bits.

    That is uint16 [H, W] of 16 bits, and uint8 [H, W], [H, W, 3], or [H, W, 4] with transparency.
    """
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.has_transparency_data:
        return np.array(image.convert("RGBA"))
    return convert_to_8_bit(image)


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
    frame = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    with atomic_write(path) as partial:
        encode_frames([frame], partial, FORMATS[path.suffix.lower()])


def encode_frames(
    frames: Sequence[Image.Image],
    target: Path | BinaryIO,
    format: str,
    quality: int | None = None,
    png_level: int | None = None,
) -> None:
    """Encode an image, or an animation or pages, with what `info` holds of `KEPT` and times.

    The formats of `ANIMATED` take several frames, others the first. Quality, 1..100, is 95 by
    default in JPEG, and WebP is lossless then; the level of PNG is 0..9.
    """
    first = frames[0]
    options: dict[str, Any] = {}
    if format == "PNG":
        fast = {"compress_type": zlib.Z_RLE}  # of photographs: as small as level 6, 5 times faster
        options = fast if png_level is None else {"compress_level": png_level}
    elif format == "JPEG":
        options = {"quality": quality or 95}
    elif format == "WEBP":
        options = {"lossless": quality is None, "quality": quality or 50}
    if format == "JPEG" and first.mode not in ("L", "RGB"):
        first = first.convert("RGB")
    options |= {key: first.info[key] for key in KEPT[format] if first.info.get(key)}
    if xmp := first.info.get("xmp"):
        if format == "PNG":
            options["pnginfo"] = PngImagePlugin.PngInfo()
            options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
        elif format == "TIFF":  # one of the tags that EXIF is made of
            exif = first.getexif()
            exif[XMP_TAG] = xmp
            options["exif"] = exif
    if len(frames) > 1 and format in ANIMATED:
        options |= {"save_all": True, "append_images": frames[1:]}
        if format != "TIFF":
            options["duration"] = [frame.info.get("duration", 0) for frame in frames]
            options["loop"] = first.info.get("loop", 1)
    first.save(target, format, **options)
