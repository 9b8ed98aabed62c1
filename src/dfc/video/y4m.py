"""Y4M out: the uncompressed video of pipes, a line of text and then frames."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Self

import av
import numpy as np

from dfc.video.frames import Picture, reformat, view_plane
from dfc.video.reading import VideoReader

SIDES = {"left": "420mpeg2", "center": "420jpeg", "topleft": "420paldv"}
"""What 4:2:0 is called, by where its chroma lies."""
TAGS = {"yuv422p": "422", "yuv444p": "444", "gray": "mono"}
"""What the other pixel formats are called."""
RANGES = {1: "LIMITED", 2: "FULL"}


class Y4mWriter:
    """Y4M (yuv4mpegpipe): every frame is written at once. Audio has no place in it."""

    def __init__(self, target: Path | BinaryIO, reader: VideoReader, picture: Picture) -> None:
        self.notes = [
            f"{reader.name}: its {reader.describe(other)} does not fit in Y4M, and is left out"
            for other in reader.others
        ]
        self._target, self._picture = target, picture
        self._file = target.open("wb") if isinstance(target, Path) else target
        self._head = self._make_head(reader)

    def _make_head(self, reader: VideoReader) -> bytes:
        aspect = reader.stream.sample_aspect_ratio
        tags = [
            f"W{self._picture.width} H{self._picture.height}",
            f"F{_write_ratio(reader.rate)}",
            "Ip",
            f"A{_write_ratio(aspect) if aspect else '0:0'}",
            f"C{TAGS.get(self._picture.pixels) or SIDES[reader.find_chroma_side()]}",
        ]
        limits = RANGES.get(self._picture.colour["color_range"])
        tags += [f"XCOLORRANGE={limits}"] if limits else []
        return f"YUV4MPEG2 {' '.join(tags)}\n".encode()

    def write(self, frame: av.VideoFrame | None, packets: Sequence[av.Packet]) -> None:
        """Write a frame, if there is one; packets are left out."""
        if frame is None:
            return
        size = self._picture.width, self._picture.height
        frame = reformat("write", frame, *size, format=self._picture.pixels)
        self._file.write(self._head + b"FRAME\n")
        self._head = b""
        for plane in frame.planes:
            self._file.write(np.ascontiguousarray(view_plane(plane)).data)
        self._file.flush()  # what reads a pipe waits for it

    def finish(self) -> None:
        """End the stream, which has no end of its own."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not self._target:
            self._file.close()


def _write_ratio(ratio: Fraction) -> str:
    return f"{ratio.numerator}:{ratio.denominator}"
