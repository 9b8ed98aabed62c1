"""Commands that measure: how good, how fast."""

from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from dfc.cli.options import AsJson, LutFile, Threads
from dfc.errors import UserError
from dfc.tasks import Task

# Libraries that are slow to load are imported by the commands that need them.


def benchmark(
    luts: Annotated[list[Path], typer.Argument(help="LUT files", metavar="LUT..")],
    data: Annotated[Path, typer.Option(help="a benchmark set, or a folder of sets")],
    task: Annotated[
        Task | None, typer.Option(help="that of the LUTs by default", show_default=False)
    ] = None,
    sets: Annotated[
        list[str], typer.Option("--set", help="a set to take; all by default", show_default=False)
    ] = [],  # noqa: B006 (Typer never changes it)
    sigma: Annotated[float, typer.Option(min=0, help="of the noise (denoise)")] = 25,
    quality: Annotated[int, typer.Option(min=1, max=100, help="of JPEG (deblock)")] = 10,
    images: Annotated[
        Path | None, typer.Option(help="folder for the restored images", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare any number of LUTs on benchmark sets, beside bicubic or the input."""
    import json

    import dfc
    from dfc.benchmark import as_markdown, as_metrics, summarise
    from dfc.data.degradations import Degradation
    from dfc.data.layouts import benchmark_sets
    from dfc.protocol import Protocol

    loaded = dict(zip(_titles(luts), map(dfc.load, luts), strict=True))
    one, *others = {lut.architecture.scale for lut in loaded.values()}
    tasks = {task} if task else {lut.task for lut in loaded.values()}
    if others or len(tasks) > 1:
        raise UserError("expected LUTs of one task and scale; found several")
    if (tasks == {"sr"}) != (one > 1):
        raise UserError(f"--task: {tasks.pop()} is not for LUTs of scale {one}")
    found = benchmark_sets(data, sets, one)
    if not found:
        raise UserError(f"{data}: expected benchmark sets, a folder of images each; found none")
    protocol = Protocol(Degradation(tasks.pop(), one, sigma, quality))
    methods = protocol.baseline() | {name: protocol.method(lut) for name, lut in loaded.items()}
    storage = {name: lut.size_mib for name, lut in loaded.items()}
    table = summarise(protocol.score(found, methods, images), storage)
    if as_json:
        print(json.dumps(as_metrics(table, storage), indent=2))
    else:
        print(as_markdown(table, protocol.caption))


def _titles(paths: list[Path]) -> list[str]:
    """The names of files, or their whole paths where two have one name."""
    names = [path.stem for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def bench(
    lut: LutFile,
    size: Annotated[str, typer.Option(help="of the input image, width x height")] = "320x180",
    threads: Threads = None,
    seconds: Annotated[float, typer.Option(min=0, help="to spend on each figure, about")] = 2.0,
    as_json: AsJson = False,
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
