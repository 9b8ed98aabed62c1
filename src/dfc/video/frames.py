"""Frames of videos: their planes as arrays, and what is restored of them."""

import threading
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from av import VideoFormat, VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from dfc.video.formats import PLANAR

Restore = Callable[[np.ndarray], np.ndarray]
BICUBIC = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
SUBSAMPLED = {
    (8, 8): "yuv420p",
    (4, 4): "yuv420p",
    (8, 16): "yuv422p",
    (4, 16): "yuv422p",
}
"""The format of `PLANAR` by the size that colour has in a frame of 16x16 pixels."""
COLOUR = ("color_range", "colorspace", "color_primaries", "color_trc")
"""The range, matrix, primaries and transfer of a frame."""

_reformatters = threading.local()


class Picture(NamedTuple):
    """What restored frames are like."""

    width: int
    height: int
    pixels: str
    """Their format, of `PLANAR`."""
    scale: int
    """How many times larger each side is than it was."""
    colour: dict[str, int]
    """The tags of `COLOUR`, as FFmpeg numbers them."""


def describe_restored(frame: VideoFrame, scale: int) -> Picture:
    """Describe what becomes of frames like this one."""
    frame = convert_to_planar(frame)
    colour = {name: getattr(frame, name) for name in COLOUR}
    return Picture(frame.width * scale, frame.height * scale, frame.format.name, scale, colour)


def choose_planar(format: VideoFormat) -> str:
    """Choose the nearest 8-bit format of `PLANAR` for frames of any pixel format."""
    name = format.name.replace("yuvj", "yuv")  # an old name of the full range
    if name in PLANAR:
        return name
    if format.is_rgb or format.has_palette:
        return "yuv444p"
    if len(format.components) < 3:
        return "gray"
    return SUBSAMPLED.get((format.chroma_width(16), format.chroma_height(16)), "yuv444p")


def restore_frame(
    frame: VideoFrame, scale: int, restore: Restore, colours: int, with_chroma: bool
) -> VideoFrame:
    """Restore a frame of video: its luma, and its chroma (Cb, Cr) too or bicubically.

    Bicubic enlarging (FFmpeg's swscale) keeps the place of colour beside luma, as the frame says
    it: at the left of two pixels or between them. The frame keeps its time, range and colour space.

    Parameters
    ----------
    frame : of any pixel format, of which `choose_planar` says what it becomes
    scale : how many times larger each side becomes
    restore : enlarges a plane, uint8 [H, W], and [H, W, 3] where it restores three colours at once
    colours : 3 there, for which the frame is converted to RGB and back, and 1 else
    with_chroma : whether chroma is restored as luma is, instead of bicubically
    """
    frame = convert_to_planar(frame)
    width, height = frame.width * scale, frame.height * scale
    if colours == 3 and frame.format.name != "gray":
        return _restore_rgb(frame, width, height, restore)
    planes = frame.planes if with_chroma else frame.planes[:1]
    restored = [restore(view_plane(plane)) for plane in planes]
    enlarged = reformat("enlarge", frame, width, height)
    enlarged.make_writable()  # the decoder may still look at a frame that kept its size
    for plane, pixels in zip(enlarged.planes, restored, strict=False):
        view_plane(plane)[:] = pixels[: plane.height, : plane.width]  # odd sides: half of it less
    return enlarged


def _restore_rgb(frame: VideoFrame, width: int, height: int, restore: Restore) -> VideoFrame:
    small = reformat("to RGB", frame, format="rgb24")
    restored = restore(view_plane(small.planes[0], 3))
    large = reformat("enlarge RGB", small, width, height)
    view_plane(large.planes[0], 3)[:] = restored
    return reformat("from RGB", large, format=frame.format.name)


def convert_to_planar(frame: VideoFrame) -> VideoFrame:
    """Convert a frame of any pixel format to the nearest of `PLANAR`."""
    name = choose_planar(frame.format)
    if frame.format.is_rgb or frame.format.has_palette:
        how = {"dst_colorspace": "ITU709", "dst_color_range": "MPEG"}
        return reformat("to YUV", frame, format=name, **how)
    return reformat("to planar", frame, format=name)


def reformat(purpose: str, frame: VideoFrame, *size: int, **how: str) -> VideoFrame:
    """Convert a frame to another size or pixel format, bicubically, in this thread.

    What is found out once for a purpose, such as weights, is kept for the next frame.
    """
    kept = _reformatters.__dict__.setdefault(purpose, VideoReformatter())
    return kept.reformat(frame, *size, interpolation=BICUBIC, threads=1, **how)


def view_plane(plane: object, channels: int = 1) -> np.ndarray:
    """View a plane of a frame as an array, uint8 [H, W] or [H, W, channels], without a copy."""
    line = abs(plane.line_size)
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, line)
    rows = rows[:: 1 if plane.line_size > 0 else -1, : plane.width * channels]
    return rows if channels == 1 else rows.reshape(plane.height, plane.width, channels)
