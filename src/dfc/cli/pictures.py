"""Commands that work on pictures."""

import sys
import threading
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal, NamedTuple

import typer

from dfc.cli.choosing import Choose, load_luts
from dfc.cli.notes import collect_warnings, start_notes
from dfc.cli.options import Force, Threads
from dfc.common.errors import UserError
from dfc.common.files import atomic_write, refuse_existing
from dfc.zoo import find_lut

if TYPE_CHECKING:
    from PIL.Image import Image

# Libraries that are slow to load are imported by the commands that need them.

STANDARD = Path("-")  # standard input or output
LARGE = 2**26  # pixels of a restored picture that takes half a gigabyte: one such at a time
_large = threading.Lock()


def restore(
    lut: Annotated[
        Path,
        typer.Argument(
            help="a LUT: a file, or a name of the zoo; for deblock, the quality of a JPEG counts",
            metavar="LUT",
            parser=find_lut,
        ),
    ],
    inputs: Annotated[
        list[Path],
        typer.Argument(help="image files, and folders of them, or a video; - for standard input"),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="folder, or file for one image or video; - for standard output"
        ),
    ],
    threads: Threads = None,
    force: Force = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="leave out images whose files exist")
    ] = False,
    format: Annotated[
        Literal["png", "jpg", "webp", "tiff", "avif", "jp2", "y4m"] | None,
        typer.Option(
            help="of the files; by default that of the image, or png; y4m for a video to a pipe",
            show_default=False,
        ),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="of jpg (95 by default), avif (90), videos (69), and webp (lossless by default)",
        ),
    ] = None,
    png_level: Annotated[
        int | None,
        typer.Option(
            min=0, max=9, help="0 (none) to 9 (slow); by default fast, and as 6 for photographs"
        ),
    ] = None,
    suffix: Annotated[str, typer.Option(help="to add to names, as _x4")] = "",
    chroma: Annotated[
        Literal["lut", "bicubic"] | None,
        typer.Option(help="what enlarges the colour of a video; bicubic by default"),
    ] = None,
) -> None:
    """Restore images, or a video; each image keeps its name, and its folder below an input folder.

    What cannot be restored is named, and all else restored; the exit status is 1 then.
    """
    from PIL import Image

    sys.modules.setdefault("scipy.linalg", None)  # of no use here, but Numba takes 0.3 s to load it
    import dfc
    from dfc.cli.outputs import is_output_file, plan_outputs
    from dfc.cli.videos import VideoOptions, find_video, restore_video

    Image.MAX_IMAGE_PIXELS = None  # the user named the files: large ones are no attack
    video = find_video(inputs, output, format)
    if video is not None:
        options = VideoOptions(threads, force, skip_existing, quality, chroma)
        restore_video(video, output, dfc.load(lut), options)
        return
    choose = load_luts(lut)
    encoding = Encoding(format and f".{format}", quality, png_level)
    if STANDARD in (*inputs, output):
        if len(inputs) > 1 or (inputs != [STANDARD] and inputs[0].is_dir()):
            raise UserError("-: expected one image where standard input or output is used")
        if output != STANDARD:
            if not is_output_file(output, encoding.extension):
                raise UserError(f"{output}: expected the name of a picture for standard input")
            if skip_existing and output.is_file():
                return
            refuse_existing(output, force)
        with collect_warnings():
            _restore_stream(inputs[0], output, choose, threads, encoding)
        return
    plan = plan_outputs(inputs, output, force, skip_existing, encoding.extension, suffix)
    for note in plan.notes:
        typer.echo(note, err=True)
    with collect_warnings():
        failed = _restore_files(plan.jobs, choose, threads, encoding)
    if failed:
        typer.echo(f"restored {len(plan.jobs) - failed} of {len(plan.jobs)} images", err=True)
        raise typer.Exit(1)


class Encoding(NamedTuple):
    """How restored pictures are written; what is None is chosen for each of them."""

    extension: str | None
    quality: int | None
    png_level: int | None


def _restore_stream(
    source: Path, output: Path, choose: Choose, threads: int | None, encoding: Encoding
) -> None:
    given = sys.stdin.buffer if source == STANDARD else source
    target = sys.stdout.buffer if output == STANDARD else output
    for note in restore_file(given, target, choose, threads, encoding):
        typer.echo(note, err=True)


def _restore_files(
    plan: list[tuple[Path, Path]], choose: Choose, threads: int | None, encoding: Encoding
) -> int:
    """Restore files side by side, say what is wrong with which, and count those that failed."""
    from tqdm import tqdm

    from dfc.common.parallel import count_cores, count_image_workers, prefetch

    workers = min(threads or count_image_workers(), max(len(plan), 1))
    threads = max((threads or count_cores()) // workers, 1)

    def run(job: tuple[Path, Path]) -> tuple[list[str], str | None]:
        try:
            return restore_file(*job, choose, threads, encoding), None
        except UserError as error:
            return [], f"error: {error}"
        except OSError as error:
            return [], f"error: {job[1]}: cannot be written: {error.strerror or error}"

    failed = 0
    with tqdm(total=len(plan), unit="image", disable=None) as progress:
        for notes, error in prefetch(run, plan, workers):
            for line in filter(None, (*notes, error)):
                progress.write(line, file=sys.stderr)
            failed += error is not None
            progress.update()
    return failed


def restore_file(
    source: Path | BinaryIO,
    target: Path | BinaryIO,
    choose: Choose,
    threads: int | None,
    encoding: Encoding,
) -> list[str]:
    """Restore all frames of an image file into another, and list what was left out."""
    import dfc
    from dfc.cli.misuse import find_misuse
    from dfc.images.encoding import list_losses
    from dfc.images.files import name_source, open_frames
    from dfc.images.formats import FORMATS, WRITTEN

    extension = encoding.extension or (target.suffix if isinstance(target, Path) else ".png")
    format = FORMATS[extension.lower()]
    name, notes = name_source(source), start_notes()
    frames = open_frames(source)
    first, written = frames[0], WRITTEN[format]
    if damaged := first.info.get("damaged"):
        notes.append(f"its {damaged} cannot be read and is left out")
    if first.info.get("reduced_bits"):
        notes.append("its 16 bits a colour were read as 8")
    notes += list_losses(frames, format)
    if not written.animated:
        del frames[1:]
    try:
        lut = choose(first)
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
    notes += filter(None, [find_misuse(first, lut)])
    width, height = (side * lut.architecture.scale for side in first.size)
    if written.largest and max(width, height) > written.largest:
        raise UserError(
            f"{name}: would become {width}x{height}; expected sides of at most {written.largest} "
            f"pixels for a {format} file"
        )
    with _large if width * height * len(frames) > LARGE else nullcontext():
        try:
            restored = [dfc.restore(frame, lut, threads) for frame in frames]
        except UserError as error:
            raise UserError(f"{name}: {error}") from None
        try:
            left_out = _write(restored, target, format, encoding)
        except ValueError as error:
            raise UserError(f"{name}: {error}") from None
    notes += (
        f"its {what} is damaged, or too large for a {format} file: left out" for what in left_out
    )
    return [f"{name}: {note}" for note in dict.fromkeys(notes)]


def _write(
    restored: list["Image"], target: Path | BinaryIO, format: str, encoding: Encoding
) -> list[str]:
    """Write what was restored; returns what of its metadata was left out."""
    from dfc.images.encoding import encode_frames

    options = format, encoding.quality, encoding.png_level
    if isinstance(target, Path):
        with atomic_write(target) as partial:
            return encode_frames(restored, partial, *options)
    file = BytesIO()  # standard output may be a pipe, in which formats cannot go back
    left_out = encode_frames(restored, file, *options)
    target.write(file.getbuffer())
    return left_out
