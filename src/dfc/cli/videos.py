"""The part of `dfc restore` that works on a video: a file, or Y4M in a pipe."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from dfc.common.errors import UserError
from dfc.common.files import atomic_write, refuse_existing
from dfc.common.parallel import count_cores, prefetch, read_ahead
from dfc.video.formats import CODINGS, is_video
from dfc.video.pipes import StandardInput, starts_as_y4m

if TYPE_CHECKING:
    from dfc.models.lut import Lut
    from dfc.video.reading import Piece, VideoReader
    from dfc.video.writing import FileWriter
    from dfc.video.y4m import Y4mWriter

    Writer = FileWriter | Y4mWriter

STANDARD = Path("-")  # standard input or output
AHEAD = 4  # frames that are decoded before they are needed


class VideoOptions(NamedTuple):
    """How a video is restored and written."""

    threads: int | None
    force: bool
    skip_existing: bool
    quality: int | None
    chroma: str | None


def find_video(inputs: list[Path], output: Path, format: str | None) -> Path | StandardInput | None:
    """Find the video among the inputs, or None where they are pictures.

    A `UserError` says which of inputs, output and format do not go with a video.
    """
    videos = [path for path in inputs if is_video(path.name) and not path.is_dir()]
    is_stream = inputs == [STANDARD] and starts_as_y4m(sys.stdin.buffer)
    if not (videos or is_stream):
        if format == "y4m" or (is_video(output.name) and not output.is_dir()):
            expected = "Y4M (FFmpeg's yuv4mpegpipe)" if inputs == [STANDARD] else "a video"
            raise UserError(f"{inputs[0]}: expected {expected}, as the output is a video")
        return None
    source = StandardInput(sys.stdin.buffer) if is_stream else videos[0]
    if len(inputs) > 1:
        raise UserError(f"{source}: expected one video and nothing beside it")
    if format not in (None, "y4m"):
        raise UserError(f"--format {format}: expected y4m, or none, for the video {inputs[0]}")
    extension = output.suffix.lower()
    if output != STANDARD and (extension not in CODINGS or output.is_dir()):
        endings = " ".join(CODINGS)
        raise UserError(f"{output}: expected the name of a video ({endings}), or - for Y4M")
    if format == "y4m" and output != STANDARD and extension != ".y4m":
        raise UserError(f"{output}: expected a name that ends in .y4m, as --format says")
    return source


def restore_video(
    source: Path | StandardInput, output: Path, lut: "Lut", options: VideoOptions
) -> None:
    """Restore a video frame by frame, and say how fast that was, and what took the time."""
    if output != STANDARD:
        if options.skip_existing and output.is_file():
            return
        refuse_existing(output, options.force)
    if isinstance(source, Path) and not source.exists():
        raise UserError(f"{source}: no such file")
    from dfc.video.reading import VideoReader

    if lut.architecture.colours == 3 and options.chroma:
        raise UserError(f"--chroma {options.chroma}: this LUT restores all colours together")
    reader = VideoReader(source)
    to_file = nullcontext() if output == STANDARD else atomic_write(output)
    try:
        with to_file as partial, _open_writer(reader, output, partial, lut, options) as writer:
            for note in (*_describe_input(reader), *writer.notes):
                typer.echo(note, err=True)
            times = _restore_frames(reader, writer, lut, options)
    finally:
        reader.stop()
    if reader.damaged:
        typer.echo(f"{reader.name}: packets that could not be decoded: {reader.damaged}", err=True)
    typer.echo(times.describe(), err=True)


def _open_writer(
    reader: "VideoReader", output: Path, partial: Path | None, lut: "Lut", options: VideoOptions
) -> "Writer":
    """Open what becomes of a video: a file at `partial`, or standard output."""
    from dfc.video.frames import describe_restored
    from dfc.video.writing import FileWriter
    from dfc.video.y4m import Y4mWriter

    picture = describe_restored(reader.first, lut.architecture.scale)
    if partial is None or output.suffix.lower() == ".y4m":
        return Y4mWriter(partial or sys.stdout.buffer, reader, picture)
    coding = CODINGS[output.suffix.lower()]
    return FileWriter(partial, output.name, coding, reader, picture, options.quality)


def _describe_input(reader: "VideoReader") -> Iterator[str]:
    """Say what of a video is not restored as it is."""
    from dfc.video.frames import choose_planar

    first = reader.first
    planar = choose_planar(first.format)
    if planar != first.format.name.replace("yuvj", "yuv"):
        yield f"{reader.name}: its {first.format.name} pixels are read as {planar}, of 8 bits"
    if first.interlaced_frame:
        yield f"{reader.name}: its frames are interlaced; a deinterlaced video is restored better"


class Times(NamedTuple):
    """Where the time went: seconds that have passed, and seconds of processors."""

    frames: int
    passed: float
    decoding: float
    restoring: float
    all: float

    def describe(self) -> str:
        """Describe the speed, and the shares of all processor time; the rest is encoding."""
        decoding, restoring = (100 * part / self.all for part in (self.decoding, self.restoring))
        speed = f"{self.frames} frames, {self.frames / self.passed:.1f} a second"
        shares = f"decoding {decoding:.0f} %, restoring {restoring:.0f} %"
        rest = f"encoding {100 - decoding - restoring:.0f} %"
        return f"{speed}; of {self.all:.1f} s on all cores: {shares}, {rest}"


def _restore_frames(
    reader: "VideoReader",
    writer: "Writer",
    lut: "Lut",
    options: VideoOptions,
) -> Times:
    """Restore all frames: decoded ahead in a thread, several restored at a time, written in order.

    Threads that restore a frame each need not wait for one another, as those of its strips would,
    and the time of each is known.
    """
    from tqdm import tqdm

    import dfc
    from dfc.video.frames import restore_frame

    workers = options.threads or count_cores()
    scale, colours = lut.architecture.scale, lut.architecture.colours

    def run(job: tuple["Piece", float]) -> tuple["Piece", float, float]:
        piece, decoding = job
        start = time.thread_time()
        if piece.frame is not None:
            restored = restore_frame(
                piece.frame,
                scale,
                lambda plane: dfc.restore(plane, lut, threads=1),
                colours,
                options.chroma == "lut",
            )
            piece = piece._replace(frame=restored)
        return piece, decoding, time.thread_time() - start

    frames, decoded, restored = 0, 0.0, 0.0
    start, start_of_all = time.perf_counter(), time.process_time()
    with tqdm(total=reader.frames, unit="frame", disable=None) as progress:
        decoded_ahead = read_ahead(_time(reader), AHEAD, reader.stop)
        for piece, decoding, restoring in prefetch(run, decoded_ahead, workers):
            writer.write(piece.frame, piece.packets)
            decoded, restored = decoded + decoding, restored + restoring
            frames += piece.frame is not None
            progress.update(piece.frame is not None)
        writer.finish()
    passed, cpu = time.perf_counter() - start, time.process_time() - start_of_all
    return Times(frames, passed, decoded, restored, cpu)


def _time(pieces: Iterable["Piece"]) -> Iterator[tuple["Piece", float]]:
    """Time each piece: the seconds that this thread worked for it."""
    start = time.thread_time()
    for piece in pieces:
        yield piece, time.thread_time() - start
        start = time.thread_time()
