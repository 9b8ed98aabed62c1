"""The page: one file that needs nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from dfc.evaluation.accesses import compute_uniform_mib, find_diagonal_lattice
from dfc.evaluation.benchmark import SHOWN
from dfc.evaluation.examples import ORIGINAL, View
from dfc.evaluation.results import Results
from dfc.report import charts, drawings
from dfc.report.pictures import MOST_ERROR, data_uri, error_map
from dfc.report.run import Run, describe_history, describe_lut, describe_task


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
    told = {"Task": describe_task(degradation.task, degradation.level), **describe_lut(lut)}
    if run:
        told |= {**run.facts, "Time": f"{sum(run.seconds.values()) / 60:.1f} minutes"}
    else:
        told |= describe_history(lut)
    columns = {key: SHOWN[key] for key in SHOWN if key in results.table}
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
        plots=list(drawings.plots(results, run)),
        compressed=find_diagonal_lattice(results.lut) is not None,
        columns=columns,
        rows=list(_rows(results.table, columns)),
        views=[_shown(view, results) for view in views],
        most_error=MOST_ERROR,
        inside=list(drawings.inside(results, views)),
        curves=list(drawings.curves(run)) if run else [],
        times=drawings.times(run) if run else None,
    )


def _headline(results: Results, milliseconds: float) -> Iterator[tuple[str, str]]:
    """The figures that count, each with what it is."""
    table, lut = results.table, results.lut
    first = table[table["method"] == results.subject].iloc[0]
    beaten = "doing nothing" if results.comparison.baseline == "input" else "bicubic interpolation"
    yield f"{first['gain']:+.2f} dB", f"above {beaten} on {first['set']}"
    yield f"{lut.size_mib:.3f} MiB", "all entries of all tables"
    if (times := compute_uniform_mib(lut) / lut.size_mib) > 1:
        yield f"{times:.1f} times", "smaller than uniform tables"
    yield f"{milliseconds:.1f} ms", "to make 1280x720 pixels in colour"


def _rows(table: pd.DataFrame, columns: Mapping[str, tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Rows of the table: set, method, and for every column its value, its text, whether best."""
    for _, rows in table.groupby("set", sort=False):
        best = {key: _best(rows[key], text) for key, (_, text) in columns.items()}
        for _, row in rows.iterrows():
            cells = []
            for key, (_, text) in columns.items():
                told = text.format(row[key]) if pd.notna(row[key]) else ""
                value = str(row[key]).replace("inf", "Infinity") if told else ""
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
