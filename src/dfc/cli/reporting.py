"""Commands that draw what was measured."""

from pathlib import Path
from typing import Annotated

import typer

from dfc.cli.options import Force, LutFiles, Quality, Sets, Sigma, TaskOfLuts
from dfc.common.errors import UserError
from dfc.common.files import atomic_write, refuse_existing

# Libraries that are slow to load are imported by the commands that need them.


def compare(
    luts: LutFiles,
    output: Annotated[Path, typer.Option("--output", "-o", help="the page to write, as page.html")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="a benchmark set, or a folder of sets; the sample photographs by default",
            show_default=False,
        ),
    ] = None,
    task: TaskOfLuts = None,
    sets: Sets = [],  # noqa: B006 (Typer never changes it)
    sigma: Sigma = 25,
    quality: Quality = 10,
    force: Force = False,
) -> None:
    """Make a page that shows how well LUTs restore, in figures and pictures."""
    from dfc.cli.comparing import load_comparison
    from dfc.common.environment import describe_machine
    from dfc.evaluation.collect import collect_evidence
    from dfc.evaluation.speed import measure_720p_milliseconds
    from dfc.report.page import render_page
    from dfc.report.run import Run

    refuse_existing(output, force)
    comparison = load_comparison(luts, data, task, sets, sigma, quality)
    evidence = collect_evidence(comparison, comparison.score())
    (milliseconds,) = measure_720p_milliseconds(comparison.luts[evidence.subject])
    run = Run(provenance={"Machine": describe_machine()}, milliseconds=milliseconds)
    page = render_page("Restoration LUTs compared", evidence, run)
    with atomic_write(output) as partial:
        partial.write_text(page, encoding="utf-8")
    print(f"{output}: {len(page.encode()) / 2**20:.1f} MiB")


def frontier(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="the drawing to write, .svg or .png")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(min=0, max=1e6, help="MiB that the best LUT may take", show_default=False),
    ] = None,
    set_name: Annotated[
        str | None,
        typer.Option("--set", help="benchmark set; the first by default", show_default=False),
    ] = None,
    commits: Annotated[
        int, typer.Option(help="commits whose experiments count, latest first; -1 for all")
    ] = 1,
    force: Force = False,
) -> None:
    """Find the best LUTs of all DVC experiments, for every storage."""
    from dfc.report import sweep

    if output and output.suffix not in sweep.FORMATS:
        raise UserError(f"{output}: expected a file that ends on {' or '.join(sweep.FORMATS)}")
    if output:
        refuse_existing(output, force)
    found = sweep.read_sweep(commits, set_name)
    print(found.format_text(budget))
    if output:
        with atomic_write(output) as partial:
            partial.write_bytes(found.draw(budget, output.suffix))
