"""Video files and Y4M streams in: their frames, and the packets of audio and subtitles."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from dfc.common.errors import UserError
from dfc.video.pipes import StandardInput

STREAMED = {"probesize": "32", "analyzeduration": "0", "fpsprobesize": "0"}
"""Options of a demuxer that starts with the first frame, and looks at no later ones before."""
SIDES = {b"C420jpeg": "center", b"C420": "center", b"C420paldv": "topleft"}
"""Where chroma lies in the Y4M streams of a tag, as FFmpeg calls it; else at the left."""


class Piece(NamedTuple):
    """A frame, None at the end, and the packets of other streams that come before it."""

    frame: av.VideoFrame | None
    packets: list[av.Packet]


class VideoReader:
    """The first video stream of a file or of standard input, decoded, beside all other streams.

    It gives a `Piece` a frame, all in one thread. What cannot be read is a `UserError`.
    """

    def __init__(self, source: Path | StandardInput) -> None:
        self.name = str(source) if isinstance(source, Path) else "-"
        self._source = source
        self.container = self._open()
        self.stream = self.container.streams.best("video")
        if self.stream is None or self.stream.codec_context is None:
            raise UserError(f"{self.name}: expected a video, found no stream that can be decoded")
        # One thread is faster than all that follows, and its time can be told from theirs.
        self.stream.codec_context.thread_count = 1
        self.others = [other for other in self.container.streams if other != self.stream]
        self.damaged = 0
        """Packets of the video that could not be decoded, so far."""
        self._pieces = self._decode()
        self._start = next(self._pieces)
        if self._start.frame is None:
            raise UserError(f"{self.name}: expected a video, found no frame that can be decoded")

    @property
    def first(self) -> av.VideoFrame:
        """The first frame."""
        return self._start.frame

    @property
    def time_base(self) -> Fraction:
        """The unit of the times of frames, in seconds."""
        return self.stream.time_base

    @property
    def rate(self) -> Fraction:
        """Frames a second: of a constant rate the exact one, or the mean."""
        exact, mean = self.stream.guessed_rate, self.stream.average_rate
        if exact and mean and not 0.9 < exact / mean < 1.1:
            return mean  # the exact one is then that of the finest times
        return exact or mean or Fraction(25)

    @property
    def frames(self) -> int | None:
        """How many frames there are, about; None where a file does not say so."""
        length = (self.container.duration or 0) * self.rate / av.time_base
        return self.stream.frames or round(length) or None

    def __iter__(self) -> Iterator[Piece]:
        """Give all frames in order, once, and at the end a piece without one."""
        yield self._start
        yield from self._pieces

    def stop(self) -> None:
        """Let a thread that waits for standard input end."""
        if isinstance(self._source, StandardInput):
            self._source.stopped = True

    def describe(self, stream: Stream) -> str:
        """Describe a stream in a message, as `audio (aac)`."""
        codec = stream.codec_context and stream.codec_context.name
        return f"{stream.type} ({codec})" if codec else stream.type

    def find_chroma_side(self) -> str:
        """Find where the chroma of 4:2:0 lies beside luma, as FFmpeg calls it."""
        if self.container.format.name == "yuv4mpegpipe":
            tags = self._read_head().partition(b"\n")[0].split()
            return next((SIDES[tag] for tag in tags if tag in SIDES), "left")
        return "center" if self.stream.codec_context.name == "mjpeg" else "left"

    def _read_head(self) -> bytes:
        if isinstance(self._source, StandardInput):
            return self._source.head
        with self._source.open("rb") as file:
            return file.readline(1000)

    def _open(self) -> InputContainer:
        options = {"metadata_errors": "replace"}
        try:
            if isinstance(self._source, Path):
                return av.open(f"file:{self._source}", **options)
            return av.open(self._source, format="yuv4mpegpipe", options=STREAMED, **options)
        except FFmpegError as error:
            raise UserError(f"{self.name}: expected a readable video: {error.strerror}") from error

    def _decode(self) -> Iterator[Piece]:
        packets: list[av.Packet] = []
        step = max(round(1 / (self.rate * self.time_base)), 1)
        last = -step
        try:
            for packet in self.container.demux():
                if packet.stream.index != self.stream.index:
                    packets += [packet] if packet.size else []
                    continue
                for frame in self._decode_packet(packet):
                    last = frame.pts = last + step if frame.pts is None else frame.pts
                    yield Piece(frame, packets)
                    packets = []
        except FFmpegError as error:
            raise UserError(f"{self.name}: expected a whole video: {error.strerror}") from error
        yield Piece(None, packets)

    def _decode_packet(self, packet: av.Packet) -> list[av.VideoFrame]:
        try:
            return packet.decode()
        except av.error.InvalidDataError:
            self.damaged += 1
            return []
