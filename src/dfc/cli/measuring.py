"""Commands that measure: how good, how fast."""

from itertools import islice
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from dfc.cli.options import AsJson, LutFile, LutFiles, Quality, Sets, Sigma, TaskOfLuts, Threads
from dfc.common.errors import UserError
from dfc.common.files import refuse_no_folder

# Libraries that are slow to load are imported by the commands that need them.


def benchmark(
    luts: LutFiles,
    data: Annotated[Path, typer.Option(help="a benchmark set, or a folder of sets")],
    task: TaskOfLuts = None,
    sets: Sets = [],  # noqa: B006 (Typer never changes it)
    sigma: Sigma = 25,
    quality: Quality = 10,
    unrounded: Annotated[
        bool, typer.Option("--unrounded", help="do not round noise to 8 bits, as published")
    ] = False,
    images: Annotated[
        Path | None, typer.Option(help="folder for the restored images", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare any number of LUTs on benchmark sets, beside bicubic or the input."""
    import json

    from dfc.cli.comparing import load_comparison
    from dfc.data.pairs import describe_pairs
    from dfc.evaluation.scores import format_markdown, nest_metrics, summarise

    if images:
        refuse_no_folder(images)
    comparison = load_comparison(luts, data, task, sets, sigma, quality, not unrounded)
    for name, pairs in comparison.sets.items():
        typer.echo(describe_pairs(name, pairs, comparison.task), err=True)
    table = summarise(comparison.score(images), comparison.storage_mib)
    if as_json:
        print(json.dumps(nest_metrics(table, comparison.storage_mib), indent=2))
    else:
        print(format_markdown(table, comparison.task.caption))


def bench(
    lut: LutFile,
    size: Annotated[str, typer.Option(help="of the input image, width x height")] = "320x180",
    threads: Threads = None,
    seconds: Annotated[float, typer.Option(min=0, help="to spend on each figure, about")] = 2.0,
    runtimes: Annotated[
        bool, typer.Option("--runtimes", help="measure programs for other machines instead")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how fast a LUT restores and learns, beside other ways to enlarge an image."""
    import json

    import dfc
    from dfc.evaluation.speed import format_speed, measure_speed

    try:
        width, height = (int(side) for side in size.split("x"))
        if min(width, height) < 1:
            raise ValueError
    except ValueError:
        raise UserError(f"--size: expected WIDTHxHEIGHT in pixels, got {size}") from None
    if runtimes:
        from dfc.evaluation.runtimes import measure_runtimes

        table = measure_runtimes(dfc.load(lut), width, height, seconds)
        layout = {"index": False, "floatfmt": ".2f"}
        print(table.to_json(orient="records") if as_json else table.to_markdown(**layout))
        return
    results = measure_speed(dfc.load(lut), width, height, threads, seconds)
    print(json.dumps(results, indent=2) if as_json else format_speed(results))


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

    from dfc.evaluation.speed import time_training_steps
    from dfc.models.architectures import build
    from dfc.models.network import Network

    try:
        architecture = build(model, scale, patterns=patterns, stages=stages)
    except ValueError as error:
        raise UserError(str(error)) from None
    torch.set_num_threads(threads)
    degraded, target = (
        torch.randint(256, (batch_size, 1, side, side)).float()
        for side in (patch_size, patch_size * scale)
    )
    seconds = time_training_steps(Network(architecture, nf), degraded, target)
    next(seconds)  # warms up
    measured = sorted(islice(seconds, steps))
    print(
        f"{model} x{scale} {patterns}, nf {nf}, {batch_size} crops of {patch_size}x{patch_size}, "
        f"{threads} threads: median {median(measured):.3f} s a step "
        f"({measured[0]:.3f} to {measured[-1]:.3f}, {steps} steps)"
    )
