"""Formats of image files: which are read, which are written, and what each has a place for."""

from typing import NamedTuple


class Format(NamedTuple):
    """What a format that is written takes, in Pillow's words."""

    modes: tuple[str, ...]  # of the images that it holds
    kept: tuple[str, ...] = ()  # of the `info` of an image
    largest: int | None = None  # pixels of a side
    animated: bool = False  # or of several pages


WRITTEN = {
    "PNG": Format(
        ("L", "LA", "RGB", "RGBA", "I;16"), ("icc_profile", "exif", "xmp", "dpi"), animated=True
    ),
    "JPEG": Format(("L", "RGB"), ("icc_profile", "exif", "xmp", "dpi", "comment"), 65500),
    "WEBP": Format(("RGB", "RGBA"), ("icc_profile", "exif", "xmp"), 16383, animated=True),
    "TIFF": Format(
        ("L", "LA", "RGB", "RGBA", "I;16"), ("icc_profile", "exif", "xmp", "dpi"), animated=True
    ),
    "BMP": Format(("L", "RGB"), ("dpi",)),
    "GIF": Format(("L", "RGB", "RGBA"), ("comment",), 65535, animated=True),
    "AVIF": Format(("L", "RGB", "RGBA"), ("icc_profile", "exif", "xmp"), 32768, animated=True),
    "JPEG2000": Format(("L", "LA", "RGB", "RGBA", "I;16")),
    "PPM": Format(("L", "RGB", "I;16")),
}
"""By Pillow's name."""
FORMATS = {
    **dict.fromkeys((".png", ".apng"), "PNG"),
    **dict.fromkeys((".jpg", ".jpeg", ".jfif", ".jpe"), "JPEG"),
    ".webp": "WEBP",
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    ".bmp": "BMP",
    ".gif": "GIF",
    ".avif": "AVIF",
    ".jp2": "JPEG2000",
    **dict.fromkeys((".ppm", ".pgm", ".pnm"), "PPM"),
}
"""Of the files that are written, by extension."""
EXTENSIONS = (
    *FORMATS,
    *(".avifs", ".blp", ".bw", ".cur", ".dcx", ".dds", ".dib", ".flc", ".fli", ".ftc", ".ftu"),
    *(".icb", ".icns", ".ico", ".im", ".j2c", ".j2k", ".jpc", ".jpf", ".jpx", ".mpo", ".msp"),
    *(".pbm", ".pcd", ".pcx", ".psd", ".pxr", ".qoi", ".ras", ".rgb", ".rgba", ".sgi", ".tga"),
    *(".vda", ".vst", ".xbm", ".xpm"),
)
"""Of the files that are read: those that Pillow decodes to 8 or 16 bits."""
