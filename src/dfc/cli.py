"""The `dfc` command: what it is given is checked here, what it does is done elsewhere."""

from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from dfc.errors import UserError, one_line_errors

# Libraries that are slow to load are imported by the commands that need them.

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Threads = Annotated[
    int | None, typer.Option(min=1, help="CPU threads; all cores by default", show_default=False)
]


@app.callback()
def _dfc() -> None:
    """Restoration look-up tables."""


@app.command()
def restore(
    lut: Annotated[Path, typer.Argument(help="a LUT file")],
    inputs: Annotated[list[Path], typer.Argument(help="image files, or folders of them")],
    output: Annotated[Path, typer.Option("--output", "-o", help="folder, or file for one image")],
    threads: Threads = None,
    force: Annotated[bool, typer.Option("--force", help="replace files that exist")] = False,
) -> None:
    """Restore images; each keeps its name, and its folder below an input folder."""
    from PIL import Image
    from tqdm import tqdm

    import dfc
    from dfc.data.images import open_image, write_image
    from dfc.outputs import planned

    Image.MAX_IMAGE_PIXELS = None  # the user named the files: large ones are no attack
    loaded = dfc.load(lut)
    for source, target in tqdm(planned(inputs, output, force), unit="image", mininterval=1):
        image = open_image(source)
        try:
            restored = dfc.restore(image, loaded, threads)
        except UserError as error:
            raise UserError(f"{source}: {error}") from None
        write_image(target, restored)


@app.command()
def bench(
    lut: Annotated[Path, typer.Argument(help="a LUT file")],
    size: Annotated[str, typer.Option(help="of the input image, width x height")] = "320x180",
    threads: Threads = None,
    seconds: Annotated[float, typer.Option(min=0, help="to spend on each figure, about")] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Measure how fast a LUT restores and learns, beside other ways to enlarge an image."""
    import json

    import dfc
    from dfc.bench import as_text, measure

    try:
        width, height = (int(side) for side in size.split("x"))
        if min(width, height) < 1:
            raise ValueError
    except ValueError:
        raise UserError(f"--size: expected WIDTHxHEIGHT in pixels, got {size}") from None
    results = measure(dfc.load(lut), width, height, threads, seconds)
    print(json.dumps(results, indent=2) if as_json else as_text(results))


@app.command()
def step_time(
    model: Annotated[str, typer.Option(help="sr_lut, mulut or spf_lut")] = "mulut",
    patterns: Annotated[str, typer.Option(help="letters of sdyeho")] = "sdy",
    stages: Annotated[int, typer.Option(help="layers of mulut")] = 2,
    scale: Annotated[int, typer.Option(help="1 to 4")] = 4,
    nf: Annotated[int, typer.Option(min=1, help="features of a cell")] = 64,
    batch_size: Annotated[int, typer.Option(min=1, help="crops of a step")] = 4,
    patch_size: Annotated[int, typer.Option(min=1, help="side of a degraded crop")] = 48,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads")] = 2,
    steps: Annotated[int, typer.Option(min=1, help="steps to take")] = 10,
) -> None:
    """Print how long one training step of the network takes on the CPU."""
    import torch

    from dfc.architectures import build
    from dfc.network import Network
    from dfc.timing import training_steps

    try:
        architecture = build(model, scale, patterns, stages)
    except ValueError as error:
        raise UserError(str(error)) from None
    torch.set_num_threads(threads)
    degraded, sharp = (
        torch.randint(256, (batch_size, 1, side, side)).float()
        for side in (patch_size, patch_size * scale)
    )
    seconds = training_steps(Network(architecture, nf), degraded, sharp)
    next(seconds)  # warms up
    measured = sorted(islice(seconds, steps))
    print(
        f"{model} x{scale} {patterns}, nf {nf}, {batch_size} crops of {patch_size}x{patch_size}, "
        f"{threads} threads: median {median(measured):.3f} s a step "
        f"({measured[0]:.3f} to {measured[-1]:.3f}, {steps} steps)"
    )


def main() -> None:
    """Run the command that the arguments name."""
    with one_line_errors():
        app()
