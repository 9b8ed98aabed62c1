"""Commands that work on pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

import typer

from dfc.cli.options import Force, LutFile, Threads
from dfc.common.errors import UserError

if TYPE_CHECKING:
    from dfc.models.lut import Lut

# Libraries that are slow to load are imported by the commands that need them.

STANDARD = Path("-")  # standard input or output
PNG_LEVEL = 1  # of zlib-ng: some percent larger than at level 6, in a fifth of the time


def restore(
    lut: LutFile,
    inputs: Annotated[
        list[Path], typer.Argument(help="image files, and folders of them; - for standard input")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="folder, or file for one image; - for standard output"),
    ],
    threads: Threads = None,
    force: Force = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="leave out images whose files exist")
    ] = False,
    format: Annotated[
        Literal["png", "jpg", "webp", "tiff"] | None,
        typer.Option(help="of the files; by default that of the image, or png", show_default=False),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="of jpg (95 by default) and webp (lossless by default)"),
    ] = None,
    png_level: Annotated[
        int, typer.Option(min=0, max=9, help="0 (fast, large) to 9 (slow, small)")
    ] = PNG_LEVEL,
    suffix: Annotated[str, typer.Option(help="to add to names, as _x4")] = "",
) -> None:
    """Restore images; each keeps its name, and its folder below an input folder.

    What cannot be restored is named, and all else restored; the exit status is 1 then.
    """
    import sys

    from PIL import Image
    from tqdm import tqdm

    import dfc
    from dfc.cli.outputs import plan_outputs
    from dfc.common.parallel import count_cores, count_image_workers, prefetch

    Image.MAX_IMAGE_PIXELS = None  # the user named the files: large ones are no attack
    loaded = dfc.load(lut)
    encoding = {"quality": quality, "png_level": png_level}
    if STANDARD in (*inputs, output):
        if (inputs != [STANDARD] and output != STANDARD) or len(inputs) > 1:
            raise UserError("-: expected one image where standard input or output is used")
        source = sys.stdin.buffer if inputs == [STANDARD] else inputs[0]
        target = sys.stdout.buffer if output == STANDARD else output
        notes = restore_file(source, target, loaded, threads, format, encoding)
        for note in notes:
            typer.echo(note, err=True)
        return
    extension = format and f".{format}"
    plan = plan_outputs(inputs, output, force, skip_existing, extension, suffix)
    workers = min(threads or count_image_workers(), max(len(plan), 1))
    each = max((threads or count_cores()) // workers, 1)

    def run(job: tuple[Path, Path]) -> tuple[list[str], str | None]:
        try:
            return restore_file(*job, loaded, each, None, encoding), None
        except UserError as error:
            return [], f"error: {error}"
        except OSError as error:
            return [], f"error: {job[1]}: cannot be written: {error.strerror or error}"

    failed = 0
    with tqdm(total=len(plan), unit="image", mininterval=1) as progress:
        for notes, error in prefetch(run, plan, workers):
            for line in filter(None, (*notes, error)):
                progress.write(line, file=sys.stderr)
            failed += error is not None
            progress.update()
    if failed:
        typer.echo(f"restored {len(plan) - failed} of {len(plan)} images", err=True)
        raise typer.Exit(1)


def restore_file(
    source: Path | BinaryIO,
    target: Path | BinaryIO,
    lut: "Lut",
    threads: int | None,
    format: str | None,
    encoding: dict[str, Any],
) -> list[str]:
    """Restore all frames of an image file into another, and list what was left out."""
    import io

    import dfc
    from dfc.common.files import atomic_write
    from dfc.images import ANIMATED, encode_frames, find_format, name_source, open_frames

    extension = Path(f"x.{format}") if format else target
    kind = find_format(extension) if isinstance(extension, Path) else "PNG"
    frames, name, notes = open_frames(source), name_source(source), []
    if frames[0].info.get("reduced_bits"):
        notes.append(f"{name}: its 16 bits a colour were read as 8")
    if len(frames) > 1 and kind not in ANIMATED:
        notes.append(f"{name}: only the first of its {len(frames)} frames fits in a {kind} file")
        del frames[1:]
    try:
        restored = [dfc.restore(frame, lut, threads) for frame in frames]
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
    options = {
        "PNG": {"compress_level": encoding["png_level"]},
        "JPEG": {"quality": encoding["quality"] or 95},
        "WEBP": {"lossless": encoding["quality"] is None, "quality": encoding["quality"] or 50},
    }
    file = io.BytesIO()
    encode_frames(restored, file, kind, **options.get(kind, {}))
    if not isinstance(target, Path):
        target.write(file.getbuffer())
        return notes
    with atomic_write(target) as partial:
        partial.write_bytes(file.getbuffer())
    return notes
