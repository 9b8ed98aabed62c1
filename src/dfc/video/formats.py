"""Video files by their names: which are read, and how each kind is encoded."""

from typing import NamedTuple

QUALITY = 69
"""Of `--quality`, by default; the scale of each codec is laid along it, and 100 loses least."""
PLANAR = ("yuv420p", "yuv422p", "yuv444p", "gray")
"""The pixel formats that are restored, as FFmpeg calls them: planes of 8 bits, luma first."""


class Coding(NamedTuple):
    """How a kind of file is written, in FFmpeg's words."""

    container: str
    codec: str
    pixels: tuple[str, ...]
    """Those of `PLANAR` that the codec takes."""


H264 = ("libx264", PLANAR)
CODINGS = {
    ".mp4": Coding("mp4", *H264),
    ".m4v": Coding("mp4", *H264),
    ".mkv": Coding("matroska", *H264),
    ".mov": Coding("mov", *H264),
    ".webm": Coding("webm", "libvpx-vp9", PLANAR[:3]),
    ".avi": Coding("avi", "mpeg4", PLANAR[:1]),
    ".y4m": Coding("yuv4mpegpipe", "rawvideo", PLANAR),
}
"""Of the files that are written, by extension."""
EXTENSIONS = (*CODINGS, ".3gp", ".flv", ".m2ts", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".wmv")
"""Of the files that are read."""


def is_video(name: str) -> bool:
    """Whether a file of this name counts as a video: visible, with a known extension."""
    return not name.startswith(".") and name.lower().endswith(EXTENSIONS)


def choose_options(codec: str, quality: int | None) -> dict[str, str]:
    """Choose the options of an encoder: CRF of H.264 and VP9, the quantiser of MPEG-4.

    Examples
    --------
    >>> choose_options("libx264", None)
    {'crf': '16', 'preset': 'veryfast'}
    """
    loss = 100 - (QUALITY if quality is None else quality)
    match codec:
        case "libx264":  # CRF 0..51, of which 0 is lossless
            return {"crf": str(round(loss * 0.51)), "preset": "veryfast"}
        case "libvpx-vp9":  # CRF 0..63
            options = {"crf": str(round(loss * 0.63)), "cpu-used": "5", "row-mt": "1"}
            return options if loss else options | {"lossless": "1"}
        case _:  # a quantiser of 1..31, of which more than 7 is of no use here
            level = str(1 + loss // 15)
            return {"qmin": level, "qmax": level}


def choose_pixels(coding: Coding, pixels: str, width: int, height: int) -> str:
    """Choose the pixel format that a codec is given for restored frames of one of `PLANAR`.

    H.264 halves even sides only: where one is odd, colour is written at full size.

    Examples
    --------
    >>> choose_pixels(CODINGS[".mp4"], "yuv420p", 99, 50)
    'yuv444p'
    """
    if pixels not in coding.pixels:
        return "yuv420p"
    halved = {"yuv420p": (width, height), "yuv422p": (width,)}.get(pixels, ())
    odd = any(side % 2 for side in halved)
    return "yuv444p" if odd and coding.codec == "libx264" else pixels
