"""Commands that work on LUT files."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dfc.cli.options import AsJson, Force, LutFile, LutOutput, Task
from dfc.common.errors import UserError
from dfc.common.files import refuse_existing, refuse_no_folder
from dfc.models import Dims
from dfc.runtimes import TARGETS
from dfc.tasks import guess_task

# Libraries that are slow to load are imported by the commands that need them.


def info(lut: LutFile, as_json: AsJson = False) -> None:
    """Print what a file holds: a LUT, or a network."""
    import json

    from dfc.cli.describing import describe_file, format_lines

    facts = describe_file(lut)
    print(json.dumps(facts, indent=2) if as_json else "\n".join(format_lines(facts)))


def zoo(as_json: AsJson = False) -> None:
    """List the LUTs that come with the package, and what they reach."""
    import json

    from dfc.tasks import find_task
    from dfc.zoo import read_figures

    figures = read_figures()
    if as_json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{'LUT':16} {'KiB':>6} {'ms for 720p':>12}  {'measured on':24} {'PSNR':>6} {'SSIM':>7}")
    for row in figures:
        size, time = float(row["mib"]) * 1024, float(row["ms_720p"])
        level = row["level"] and find_task(row["task"]).level_text.format(float(row["level"]))
        quality = f"{float(row['psnr']):6.2f} {float(row['ssim']):7.4f}"
        print(f"{row['name']:16} {size:6.1f} {time:12.1f}  {row['set'] + level:24} {quality}")


def import_(
    source: Annotated[
        Path, typer.Argument(help="a published file, or a folder of tables (.npy, .npz)")
    ],
    output: LutOutput,
    task: Annotated[
        Task | None, typer.Option(help="of tables at scale 1", show_default=False)
    ] = None,
    interval: Annotated[
        int | None,
        typer.Option(min=3, max=8, help="sample a network on this lattice", show_default=False),
    ] = None,
    force: Force = False,
) -> None:
    """Turn published tables, or a network, into one file."""
    from dfc.interop.sources import read_source
    from dfc.models.artifact import save_model
    from dfc.models.export import export as sample
    from dfc.models.lut import Lut

    refuse_existing(output, force)
    found = read_source(source, task)
    for reading in found.readings:
        typer.echo(reading, err=True)
    model = found.model
    if interval is not None and isinstance(model, Lut):
        raise UserError(f"--interval: expected a network to sample, {source} holds tables")
    if interval is not None:
        model = sample(model, task or guess_task(model.architecture.scale), interval)
    save_model(model, output)
    if not isinstance(model, Lut):
        typer.echo(f"{output}: a network; --interval 4 would have made a LUT of it", err=True)
    print(f"{output}: {model.architecture.name} x{model.architecture.scale}")


def export(
    lut: LutFile,
    output: Annotated[Path, typer.Option("--output", "-o", help="folder to write to")],
    format: Annotated[
        Literal["npy", *TARGETS],
        typer.Option(help="npy: published tables; c: portable C; mpv: a shader; web: a page"),
    ] = "npy",
    force: Force = False,
) -> None:
    """Write the tables of a LUT as published files, or a LUT as a program for another machine."""
    import dfc
    from dfc import runtimes
    from dfc.interop.tables import write_tables

    refuse_no_folder(output)
    if format == "npy":
        written = write_tables(dfc.load(lut), output, force)
    else:
        written = runtimes.write_files(dfc.load(lut), lut.stem, format, output, force)
    for path in written:
        print(path)


def compress(
    lut: LutFile,
    output: LutOutput,
    dims: Annotated[Dims, typer.Option(help="dimensions to keep near the first")] = "xyzt",
    diagonal_width: Annotated[int, typer.Option(min=0, help="how near, in samples")] = 2,
    interval: Annotated[
        int, typer.Option(min=4, max=8, help="one sample every 2^interval levels elsewhere")
    ] = 5,
    error_bound: Annotated[
        float, typer.Option(min=0, help="mean error at which tables of one tap keep fewer values")
    ] = 0.5,
    force: Force = False,
) -> None:
    """Compress the tables of a LUT: of four taps diagonal-first, of one tap in adaptive steps."""
    import dfc
    from dfc.models.artifact import save_model

    refuse_existing(output, force)
    uniform = dfc.load(lut)
    try:
        compressed = uniform.compress(dims, diagonal_width, interval, error_bound)
    except ValueError as error:
        raise UserError(f"{lut}: {error}") from None
    save_model(compressed, output)
    print(f"{output}: {compressed.size_mib:.3f} MiB, was {uniform.size_mib:.3f} MiB")
