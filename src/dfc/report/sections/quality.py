"""Quality and storage: a rate-distortion plot for each benchmark set."""

from typing import Any

from dfc.evaluation.evidence import Evidence
from dfc.report.charts import Chart, draw_svg
from dfc.report.points import EXPERIMENT, collect_points
from dfc.report.rate_distortion import plot_results
from dfc.report.run import Run

ID, TITLE = "plots", "Quality and storage"
WIDE, NARROW = (940, 400), (270, 330)  # sizes of the plot, in pixels: on a screen and on a phone


def make_section(evidence: Evidence, run: Run) -> dict[str, Any]:
    """Draw the plot of every set."""
    return {
        "charts": {
            name: draw_set(evidence, run, name, f"rate-{index}")
            for index, name in enumerate(evidence.sets)
        }
    }


def draw_set(evidence: Evidence, run: Run, name: str, key: str) -> Chart:
    """Draw the plot of one set, twice: for a screen and for a phone."""
    points = collect_points(evidence, name, run.experiments)
    named, others = points[points["label"] != ""], points[points["group"] == EXPERIMENT]
    alt_text, caption = f"PSNR against storage. {'; '.join(named['alt_text'])}.", ""
    if len(others):
        alt_text += (
            f" {len(others)} experiments reach {others['psnr'].min():.2f} to "
            f"{others['psnr'].max():.2f} dB."
        )
        caption = "The line is the best that a storage allows, experiments included."
    narrow = draw_svg(plot_results(evidence, points, NARROW), f"{key}-{NARROW[0]}")
    wide = plot_results(evidence, points, WIDE)
    return Chart(draw_svg(wide, f"{key}-{WIDE[0]}"), alt_text, caption, narrow)
