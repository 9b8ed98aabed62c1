"""The charts of a page, each with what it tells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from dfc.evaluation.accesses import (
    compute_diagonal_share,
    count_accesses,
    count_values,
    find_diagonal_lattice,
)
from dfc.evaluation.examples import View
from dfc.evaluation.results import Results
from dfc.report import charts
from dfc.report.points import EXPERIMENT, collect_points
from dfc.report.rate_distortion import draw_results
from dfc.report.run import Run

WIDE, NARROW = (940, 400), (270, 330)
"""Sizes of the rate-distortion plot, in pixels: on a screen and on a phone."""
CURVES = {
    "val_psnr": ("PSNR of the validation images", "dB"),
    "loss": ("loss", "log of the squared error"),
}


@dataclass(frozen=True)
class Drawing:
    """A chart as the template takes it."""

    svg: str
    told: str
    """For those who do not see it."""
    caption: str = ""
    narrow: str = ""
    """The same for a phone."""


def plots(results: Results, run: Run | None) -> Iterator[tuple[str, Drawing]]:
    """A rate-distortion plot for each set, by its name."""
    for index, name in enumerate(results.comparison.sets):
        points = collect_points(results, name, run.experiments if run else None)
        wide, narrow = (
            charts.draw_svg(draw_results(results, points, size), f"rate-{index}-{size[0]}")
            for size in (WIDE, NARROW)
        )
        named, others = points[points["label"] != ""], points[points["group"] == EXPERIMENT]
        told, caption = f"PSNR against storage. {'; '.join(named['told'])}.", ""
        if len(others):
            told += (
                f" {len(others)} experiments reach {others['psnr'].min():.2f} to "
                f"{others['psnr'].max():.2f} dB."
            )
            caption = "The line is the best that a storage allows, experiments included."
        yield name, Drawing(wide, told, caption, narrow)


def inside(results: Results, views: Sequence[View]) -> Iterator[Drawing]:
    """Where images read the tables, and what values they hold."""
    lut, lattice = results.lut, find_diagonal_lattice(results.lut)
    entries_near = f"{compute_diagonal_share(lut):.1%} of the entries are"
    for index, counted in enumerate(count_accesses(lut, (view.degraded for view in views))):
        lookups_near = (
            f"{counted.diagonal_share_of_lookups:.1%} of the lookups are near the diagonal"
        )
        caption = f"{lookups_near}, where {entries_near}." if lattice else ""
        chart = charts.visited(counted, lattice.reach if lattice else None)
        told = f"How often {counted.name} reads each cell of the lattice. {caption}"
        yield Drawing(charts.draw_svg(chart, f"visits-{index}"), told, caption)
    luts = results.comparison.luts
    # Compressing keeps entries as they are: of a chain, the last two tell what changed.
    names = list(luts)[-2:] if results.chained else list(luts)
    colours = charts.assign_colours(list(luts))
    colours = {name: colours[name] for name in names}
    shares = pd.concat(count_values(luts[name]).assign(lut=name) for name in names)
    for index, (layers, rows) in enumerate(shares.groupby("layers", sort=False)):
        chart = charts.entries(rows, layers, colours)
        told = f"How the entries of the {layers} are distributed, of {' and '.join(names)}."
        yield Drawing(charts.draw_svg(chart, f"entries-{index}"), told)


def curves(run: Run) -> Iterator[Drawing]:
    """What was measured while training and fine-tuning."""
    stages = {"train": "Training", "finetune": "Fine-tuning"}
    for name, points in run.curves.items():
        stage, measure = name.split("/")
        what, unit = CURVES[measure]
        title = f"{stages[stage]}: {what}"
        last = points.iloc[-1]
        told = f"{title}, {unit}: {last['value']:.4g} at iteration {last['step']:.0f}."
        chart = charts.curve(points, title, unit)
        yield Drawing(charts.draw_svg(chart, name.replace("/", "-")), told)


def times(run: Run) -> Drawing:
    """How long every stage took."""
    told = "; ".join(f"{stage} {seconds:.1f} s" for stage, seconds in run.seconds.items())
    chart = charts.durations(run.seconds)
    return Drawing(charts.draw_svg(chart, "times"), f"Time of every stage: {told}.")
