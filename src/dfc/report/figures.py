"""Figures as files of their own, for a README and for `dvc plots`."""

from pathlib import Path

import pandas as pd

from dfc.common.files import atomic_write
from dfc.evaluation.evidence import TARGET, Evidence, Example
from dfc.images import write_image
from dfc.report.charts import draw_svg, fill_colours
from dfc.report.pictures import join_pictures
from dfc.report.points import collect_points
from dfc.report.rate_distortion import plot_results


def write_figures(folder: Path, evidence: Evidence, experiments: pd.DataFrame | None) -> None:
    """Write rate-distortion plots, and what every method makes of a part of the examples.

    Parameters
    ----------
    folder : where they go, as rate_distortion_SET.svg and SET_IMAGE.png; it is replaced
    evidence : what was measured
    experiments : from `dfc.evaluation.experiments.read_experiments`
    """
    with atomic_write(folder) as partial:
        partial.mkdir()
        for name in evidence.sets:
            chart = plot_results(evidence, collect_points(evidence, name, experiments))
            svg = fill_colours(draw_svg(chart, "rate"))
            (partial / f"rate_distortion_{name}.svg").write_text(svg, encoding="utf-8")
        for example in evidence.examples:
            pictures = {
                write_caption(example, method): crop for method, crop in example.crops.items()
            }
            path = partial / f"{example.set}_{example.image}.png"
            write_image(path, join_pictures(pictures))


def write_caption(example: Example, method: str) -> str:
    """Write a caption: the method, and the PSNR that it reaches."""
    return method if method == TARGET else f"{method} {example.psnr[method]:.2f} dB"
