"""Encoding images as files, with what the format has a place for."""

import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, PngImagePlugin

from dfc.images.formats import WRITTEN
from dfc.images.modes import GREY, fit_mode

XMP_TAG = 700  # of EXIF
METADATA = {"icc_profile": "colour profile", "exif": "EXIF", "xmp": "XMP"}
"""What keys of the `info` of an image are called."""
LOSSLESS = ("packbits", "tiff_adobe_deflate", "tiff_deflate", "tiff_lzw", "zstd", "lzma")
"""Compressions of TIFF that are kept; the others are of two colours, or lossy."""


def list_losses(frames: Sequence[Image.Image], format: str) -> Iterator[str]:
    """List in sentences what of images does not fit in a format."""
    first, written = frames[0], WRITTEN[format]
    if len(frames) > 1 and not written.animated:
        yield f"only the first of its {len(frames)} frames fits in a {format} file"
    lost = {
        "transparency": first.has_transparency_data and not {"LA", "RGBA"} & {*written.modes},
        "depth of 16 bits": first.mode.startswith("I;16") and "I;16" not in written.modes,
        "number of colours": format == "GIF" and first.mode not in (*GREY, "I;16"),
    }
    lost |= {
        title: bool(first.info.get(key)) and key not in written.kept
        for key, title in METADATA.items()
    }
    yield from (f"its {what} does not fit in a {format} file" for what in lost if lost[what])


def encode_frames(
    frames: Sequence[Image.Image],
    target: Path | BinaryIO,
    format: str,
    quality: int | None = None,
    png_level: int | None = None,
) -> list[str]:
    """Encode an image, or an animation or pages, with the metadata of its `info` and times.

    Formats that are not `animated` take the first frame. Quality, 1..100, is 95 by default in JPEG
    and 90 in AVIF, and WebP is lossless then; the level of PNG is 0..9. Metadata that are damaged,
    or too large for the format, are left out, and what they are called is returned. Raises
    `ValueError` if the format cannot hold the image.
    """
    pictures = [fit_mode(frame, WRITTEN[format].modes) for frame in frames]
    info = frames[0].info
    options = _choose_options(format, quality, png_level)
    if format == "TIFF" and info.get("compression") in LOSSLESS:
        options["compression"] = info["compression"]
    if len(frames) > 1 and WRITTEN[format].animated:
        options |= {"save_all": True, "append_images": pictures[1:]}
        if format != "TIFF":
            options["duration"] = [frame.info.get("duration", 0) for frame in frames]
            options["loop"] = info.get("loop", 1)
    metadata = {key: info[key] for key in WRITTEN[format].kept if info.get(key)}
    try:
        _save(pictures[0], target, format, metadata, options)
        return []
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk
        one = Image.new(pictures[0].mode, (1, 1))
        left_out = [key for key in metadata if not _can_save(one, format, {key: metadata[key]})]
        if not left_out:
            raise ValueError(f"cannot be written as {format}: {error}") from error
    if not isinstance(target, Path):
        target.seek(0)
        target.truncate()
    kept = {key: value for key, value in metadata.items() if key not in left_out}
    _save(pictures[0], target, format, kept, options)
    return [METADATA.get(key, key) for key in left_out]


def _choose_options(format: str, quality: int | None, png_level: int | None) -> dict[str, Any]:
    match format:
        case "PNG" if png_level is None:
            return {"compress_type": zlib.Z_RLE}  # of photographs: as small as 6, 5 times faster
        case "PNG":
            return {"compress_level": png_level}
        case "JPEG":
            return {"quality": quality or 95}
        case "WEBP":
            return {"lossless": quality is None, "quality": quality or 50}
        case "AVIF":
            return {"quality": quality or 90}
    return {}


def _save(
    image: Image.Image,
    target: Path | BinaryIO,
    format: str,
    metadata: dict[str, Any],
    options: dict[str, Any],
) -> None:
    """Save an image with these metadata and no others."""
    xmp = metadata.get("xmp")
    if xmp and format == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
        options = options | {"pnginfo": text}
    elif xmp and format == "TIFF":  # one of the tags that EXIF is made of
        exif = Image.Exif()
        exif.load(metadata.get("exif"))
        exif[XMP_TAG] = xmp
        metadata = metadata | {"exif": exif}
    kept, image.info = image.info, {}  # of which Pillow would take what it likes
    try:
        image.save(target, format, **options, **metadata)
    finally:
        image.info = kept


def _can_save(image: Image.Image, format: str, metadata: dict[str, Any]) -> bool:
    try:
        _save(image, BytesIO(), format, metadata, {})
    except Exception:
        return False
    return True
