"""The page: one file that needs nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from dfc.report import charts
from dfc.report.gallery import ORIGINAL, View
from dfc.report.inside import (
    diagonal_first,
    diagonal_share,
    entry_shares,
    uniform_mib,
    visits,
)
from dfc.report.pictures import MOST_ERROR, data_uri, error_map
from dfc.report.points import experiment_points, points_of
from dfc.report.rate_distortion import rate_distortion
from dfc.report.results import Results
from dfc.report.run import Run, facts_of, history_of, task_of

MEASURES = {"psnr": ("PSNR (dB)", "{:.2f}"), "ssim": ("SSIM", "{:.4f}")}
MORE_MEASURES = {"psnr_b": ("PSNR-B (dB)", "{:.2f}")}
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


def render(
    title: str,
    results: Results,
    views: Sequence[View],
    milliseconds: float,
    facts: Mapping[str, str],
    run: Run | None = None,
) -> str:
    """Make the page.

    Parameters
    ----------
    title
        Of the page.
    results
        What was measured.
    views
        Of the pictures to show.
    milliseconds
        That the subject takes for an image of 1280x720 pixels, in colour.
    facts
        Of where it was made.
    run
        What is known of the run, if the LUTs are those of a pipeline.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    degradation, lut = results.comparison.protocol.degradation, results.lut
    told = {"Task": task_of(degradation.task, degradation.level), **facts_of(lut)}
    told |= {**run.facts, "Time": _minutes(run.seconds)} if run else history_of(lut)
    environment = Environment(
        loader=PackageLoader("dfc.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        title=title,
        subject=results.subject,
        baseline=results.comparison.baseline,
        light=charts.COLOURS,
        dark=charts.DARK,
        headline=list(_headline(results, milliseconds)),
        facts=told | facts,
        caption=results.comparison.protocol.caption,
        plots=list(_plots(results, run)),
        steps=run is not None and len(run.experiments) > 1,
        columns=_columns(results.table),
        rows=list(_rows(results.table)),
        views=[_shown(view, results) for view in views],
        most_error=MOST_ERROR,
        inside=list(_inside(results, views)),
        curves=list(_curves(run)) if run else [],
        times=_times(run) if run else None,
    )


def _headline(results: Results, milliseconds: float) -> Iterator[tuple[str, str]]:
    """The figures that count, each with what it is."""
    table, lut = results.table, results.lut
    first = table[table["method"] == results.subject].iloc[0]
    beaten = "doing nothing" if results.comparison.baseline == "input" else "bicubic interpolation"
    yield f"{first['gain']:+.2f} dB", f"above {beaten} on {first['set']}"
    yield f"{lut.size_mib:.3f} MiB", "all entries of all tables"
    yield f"{uniform_mib(lut) / lut.size_mib:.1f} times", "smaller than uniform tables"
    yield f"{milliseconds:.1f} ms", "for 1280x720 pixels in colour"


def _plots(results: Results, run: Run | None) -> Iterator[tuple[str, Drawing]]:
    """A rate-distortion plot for each set, by its name."""
    names = list(results.comparison.luts)
    for index, name in enumerate(results.comparison.sets):
        points = points_of(results, name)
        if run:
            others = experiment_points(run.experiments, name)
            points = pd.concat([points, others], ignore_index=True)
        wide, narrow = (
            charts.as_svg(
                rate_distortion(
                    points, charts.colours_of(names), size, names if results.chained else ()
                ),
                f"rate-{index}-{size[0]}",
            )
            for size in (WIDE, NARROW)
        )
        told = "PSNR against storage. " + "; ".join(points.loc[points["label"] != "", "told"]) + "."
        yield name, Drawing(wide, told, narrow=narrow)


def _columns(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Headings and formats of the measures in a table."""
    measured = MEASURES | {key: MORE_MEASURES[key] for key in MORE_MEASURES if key in table}
    return {
        "psnr": measured.pop("psnr"),
        "gain": ("difference (dB)", "{:+.2f}"),
        **measured,
        "storage_mib": ("MiB", "{:.3f}"),
    }


def _rows(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows of the table: set, method, and for every column its value, its text, whether best."""
    for _, rows in table.groupby("set", sort=False):
        best = {key: _best(rows[key], text) for key, (_, text) in _columns(table).items()}
        for _, row in rows.iterrows():
            cells = []
            for key, (_, text) in _columns(table).items():
                told = text.format(row[key]) if pd.notna(row[key]) else ""
                value = row[key] if told else ""
                cells.append({"value": value, "text": told, "best": told == best[key]})
            yield {"set": row["set"], "method": row["method"], "cells": cells}


def _best(values: pd.Series, text: str) -> str:
    """The best of the values of a column, as it is shown: all that look alike are best."""
    return text.format(values.min() if values.name == "storage_mib" else values.max())


def _shown(view: View, results: Results) -> dict[str, Any]:
    """A view as the template takes it."""

    def score(method: str) -> str:
        return f"{view.psnr[method]:.2f} dB" if method in view.psnr else ""

    def told(method: str) -> str:
        if method == ORIGINAL:
            return f"{view.image}, the original"
        return f"{view.image}, {method}, {score(method)}"

    height, width = view.windows[ORIGINAL].shape[:2]
    return {
        "title": view.title,
        "set": view.set,
        "image": view.image,
        "gain": f"{view.gain:+.2f} dB",
        "width": width,
        "height": height,
        "windows": [
            {"method": method, "uri": data_uri(picture), "told": told(method)}
            for method, picture in view.windows.items()
        ],
        "crops": [
            {
                "method": method,
                "uri": data_uri(picture),
                "told": f"{told(method)}, magnified",
                "score": score(method),
            }
            for method, picture in view.crops.items()
        ],
        "left": results.comparison.baseline,
        "right": results.subject,
        "errors": [
            {
                "method": method,
                "uri": data_uri(error_map(error)),
                "told": f"{view.image}, {method}: error of the luma, "
                f"{error.mean():.1f} levels in the mean",
                "mean": f"{error.mean():.1f}",
            }
            for method, error in view.errors.items()
        ],
    }


def _inside(results: Results, views: Sequence[View]) -> Iterator[Drawing]:
    """Where images read the tables, and what values they hold."""
    lut, lattice = results.lut, diagonal_first(results.lut)
    for index, counted in enumerate(visits(lut, (view.degraded for view in views))):
        caption = ""
        if lattice:
            caption = (
                f"{counted.share_near:.1%} of the lookups are near the diagonal, where "
                f"{diagonal_share(lut):.1%} of the entries are."
            )
        chart = charts.visited(counted, lattice.reach if lattice else None)
        told = f"How often {counted.name} reads each cell of the lattice. {caption}"
        yield Drawing(charts.as_svg(chart, f"visits-{index}"), told, caption)
    luts = results.comparison.luts
    # Compressing keeps entries as they are: of a chain, the last two tell what changed.
    names = list(luts)[-2:] if results.chained else list(luts)
    colours = {name: charts.colours_of(list(luts))[name] for name in names}
    shares = pd.concat(entry_shares(luts[name]).assign(lut=name) for name in names)
    for index, (layers, rows) in enumerate(shares.groupby("layers", sort=False)):
        chart = charts.entries(rows, layers, colours)
        told = f"How the entries of the {layers} are distributed, of {' and '.join(names)}."
        yield Drawing(charts.as_svg(chart, f"entries-{index}"), told)


def _curves(run: Run) -> Iterator[Drawing]:
    stages = {"train": "Training", "finetune": "Fine-tuning"}
    for name, points in run.curves.items():
        stage, measure = name.split("/")
        what, unit = CURVES[measure]
        title = f"{stages[stage]}: {what}"
        last = points.iloc[-1]
        told = f"{title}, {unit}: {last['value']:.4g} at iteration {last['step']:.0f}."
        chart = charts.curve(points, title, unit)
        yield Drawing(charts.as_svg(chart, name.replace("/", "-")), told)


def _times(run: Run) -> Drawing | None:
    if not run.seconds:
        return None
    told = "; ".join(f"{stage} {seconds:.1f} s" for stage, seconds in run.seconds.items())
    chart = charts.durations(run.seconds)
    return Drawing(charts.as_svg(chart, "times"), f"Time of every stage: {told}.")


def _minutes(seconds: Mapping[str, float]) -> str:
    return f"{sum(seconds.values()) / 60:.1f} minutes" if seconds else "not known"
