"""Figures as files of their own, for a README and for `dvc plots`."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from dfc.evaluation.examples import ORIGINAL, View
from dfc.evaluation.results import Results
from dfc.images import write_image
from dfc.report.charts import draw_svg, fill_colours
from dfc.report.pictures import strip
from dfc.report.points import collect_points
from dfc.report.rate_distortion import draw_results


def write_figures(
    folder: Path, results: Results, views: Iterable[View], experiments: pd.DataFrame
) -> None:
    """Write rate-distortion plots, and what every method makes of a part of the images.

    Parameters
    ----------
    folder
        Where they go, as rate_distortion_SET.svg and SET_IMAGE.png.
    results
        What was measured.
    views
        Of the images to show.
    experiments
        From `dfc.evaluation.experiments.finished`.
    """
    folder.mkdir(parents=True)
    for name in results.comparison.sets:
        chart = draw_results(results, collect_points(results, name, experiments))
        (folder / f"rate_distortion_{name}.svg").write_text(
            fill_colours(draw_svg(chart, "rate")), encoding="utf-8"
        )
    for view in views:
        pictures = {caption(view, method): crop for method, crop in view.crops.items()}
        write_image(folder / f"{view.set}_{view.image}.png", strip(pictures))


def caption(view: View, method: str) -> str:
    """A method, and the PSNR that it reaches."""
    return method if method == ORIGINAL else f"{method} {view.psnr[method]:.2f} dB"
