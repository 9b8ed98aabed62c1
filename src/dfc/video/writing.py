"""Video files out: frames are encoded, and the packets of other streams copied."""

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.codec.context import Flags
from av.error import FFmpegError
from av.sidedata.sidedata import Type
from av.stream import Stream
from av.video.frame import PictureType

from dfc.common.errors import UserError
from dfc.video.formats import Coding, choose_options, choose_pixels
from dfc.video.frames import Picture, reformat
from dfc.video.reading import VideoReader

OF_THE_FILE = ("major_brand", "minor_version", "compatible_brands", "encoder", "vendor_id")
"""Metadata of a file itself, and of how it was encoded, not of what it shows."""
STATISTICS = ("_STATISTICS", "BPS", "DURATION", "NUMBER_OF_")
"""Metadata of a stream that Matroska measured."""
GUESSED = {"1 channels": "mono", "2 channels": "stereo"}
"""Layouts of audio that AVI does not name, and MP4 asks for."""


class FileWriter:
    """A video file: frames are encoded; audio and subtitles copied, where the file takes them.

    Times, tags of colour, the aspect ratio, rotation, metadata and chapters are those of the video
    that was read. What cannot be written is a `UserError`.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        coding: Coding,
        reader: VideoReader,
        picture: Picture,
        quality: int | None = None,
    ) -> None:
        self.notes: list[str] = []
        self._name, self._coding, self._reader, self._picture = name, coding, reader, picture
        self._pixels = choose_pixels(coding, picture.pixels, picture.width, picture.height)
        if self._pixels != picture.pixels:
            size = f"{picture.width}x{picture.height}"
            misfit = f"{picture.pixels} does not fit in {coding.codec} at {size}"
            self.notes.append(f"{name}: {misfit}, and is written as {self._pixels}")
        # AVI has no times, but a number for every frame.
        self._time_base = 1 / reader.rate if coding.container == "avi" else reader.time_base
        self._last = -(2**62)  # before any time
        # As fine as the times that were read, where that is not a matter of the format.
        scale = {"video_track_timescale": str(self._time_base.denominator)}
        options = scale if coding.container in ("mp4", "mov") else {}
        self._container = av.open(
            f"file:{path}", "w", format=coding.container, container_options=options
        )
        self._container.metadata.update(_choose_metadata(reader.container.metadata))
        self._container.set_chapters(reader.container.chapters())
        self._video, self._copied = self._add_video(quality), {}
        for other in reader.others:
            self._add_copy(other)

    def _add_video(self, quality: int | None) -> av.VideoStream:
        source, picture = self._reader.stream, self._picture
        options = choose_options(self._coding.codec, quality)
        options["chroma_sample_location"] = self._reader.find_chroma_side()
        try:
            video = self._container.add_stream(
                self._coding.codec,
                self._reader.rate,
                options,
                width=picture.width,
                height=picture.height,
                time_base=self._time_base,
            )
        except ValueError as error:  # a PyAV that was built without the encoder
            raise UserError(f"{self._name}: cannot be written: {error}") from error
        video.metadata.update(_choose_metadata(source.metadata))
        video.disposition = source.disposition
        context = video.codec_context
        context.pix_fmt, context.thread_type = self._pixels, "AUTO"
        context.flags |= Flags.frame_duration
        if source.sample_aspect_ratio:
            context.sample_aspect_ratio = source.sample_aspect_ratio
        for name, value in picture.colour.items():
            setattr(context, name, value)
        if turn := self._reader.first.side_data.get(Type.DISPLAYMATRIX):
            matrix = np.frombuffer(turn, np.int32).astype(int)
            matrix[6:8] *= picture.scale  # a shift in pixels
            video.set_display_matrix(matrix.tolist())
        return video

    def _add_copy(self, source: Stream) -> None:
        """Add a stream whose packets are copied, or say that it has no place."""
        if not _fits(source, self._coding.container):
            what = f"its {self._reader.describe(source)} does not fit in {self._coding.container}"
            self.notes.append(f"{self._reader.name}: {what}, and is left out")
            return
        copy = self._container.add_stream_from_template(source, opaque=True)
        if source.type == "audio" and source.layout.name in GUESSED:
            copy.codec_context.layout = GUESSED[source.layout.name]
        copy.metadata.update(_choose_metadata(source.metadata))
        copy.disposition = source.disposition
        self._copied[source.index] = copy

    def write(self, frame: av.VideoFrame | None, packets: Sequence[av.Packet]) -> None:
        """Write the packets of other streams, and encode a frame, if there is one."""
        try:
            for packet in packets:
                if copy := self._copied.get(packet.stream.index):
                    packet.stream = copy
                    self._container.mux(packet)
            if frame is not None:
                self._container.mux(self._video.encode(self._prepare(frame)))
        except FFmpegError as error:
            raise UserError(f"{self._name}: cannot be written: {error.strerror}") from error

    def _prepare(self, frame: av.VideoFrame) -> av.VideoFrame:
        size = self._picture.width, self._picture.height
        frame = reformat("encode", frame, *size, format=self._pixels)
        time = frame.pts * self._reader.time_base / self._time_base
        frame.pts = self._last = max(round(time), self._last + 1)  # as encoders ask for
        frame.duration = round(frame.duration * self._reader.time_base / self._time_base)
        frame.time_base = self._time_base
        frame.pict_type = PictureType.NONE  # that of the source is not asked for again
        return frame

    def finish(self) -> None:
        """Write the frames that the encoder has kept back, and what ends the file."""
        try:
            self._container.mux(self._video.encode(None))
            self._container.close()
        except FFmpegError as error:
            raise UserError(f"{self._name}: cannot be written: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(FFmpegError):  # the first of them has been said
            self._container.close()


def _fits(stream: Stream, container: str) -> bool:
    """Whether a container takes a stream as it is: a file of it alone can be begun."""
    if stream.type == "attachment":  # fonts of subtitles, for which only one has a place
        return container == "matroska"
    if stream.type not in ("audio", "subtitle"):
        return False
    with suppress(ValueError, FFmpegError), av.open(BytesIO(), "w", format=container) as alone:
        alone.add_stream_from_template(stream, opaque=True)
        alone.start_encoding()
        return True
    return False


def _choose_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """Choose what says something of what is shown, not of how it was written."""
    return {
        key: value
        for key, value in metadata.items()
        if key.lower() not in OF_THE_FILE and not key.startswith(STATISTICS)
    }
