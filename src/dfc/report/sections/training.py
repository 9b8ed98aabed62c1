"""Training: the curves of training and fine-tuning, and the time of every stage."""

from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import pandas as pd

from dfc.evaluation.evidence import Evidence
from dfc.report.charts import SERIES, Chart, draw_svg
from dfc.report.run import Run

ID, TITLE = "training", "Training"
STAGES = {"train": "Training", "finetune": "Fine-tuning"}
METRICS = {
    "val_psnr": ("PSNR of the validation images", "dB"),
    "loss": ("loss", "log of the squared error"),
}


def make_section(evidence: Evidence, run: Run) -> dict[str, Any] | None:
    """Draw how training went; nothing where it is not known."""
    charts = [*draw_curves(run.curves), *draw_times(run.seconds)]
    return {"charts": charts} if charts else None


def draw_curves(curves: Mapping[str, pd.DataFrame]) -> Iterator[Chart]:
    """Draw what was measured while training and fine-tuning, from `Run.curves`."""
    for name, points in curves.items():
        stage, metric = name.split("/")
        what, unit = METRICS[metric]
        title = f"{STAGES[stage]}: {what}"
        last = points.iloc[-1]
        alt_text = f"{title}, {unit}: {last['value']:.4g} at iteration {last['step']:.0f}."
        yield Chart(draw_svg(plot_curve(points, title, unit), name.replace("/", "-")), alt_text)


def draw_times(seconds: Mapping[str, float]) -> Iterator[Chart]:
    """Draw how long every stage took, by name, if that is known."""
    if seconds:
        times = "; ".join(f"{stage} {value:.1f} s" for stage, value in seconds.items())
        yield Chart(draw_svg(plot_times(seconds), "times"), f"Time of every stage: {times}.")


def plot_curve(points: pd.DataFrame, title: str, label: str) -> alt.LayerChart:
    """Draw what was measured during training, columns step and value; the label says the unit."""
    values = points[["step", "value"]].values
    alt_text = [f"iteration {step:.0f}: {value:.4g}" for step, value in values]
    base = alt.Chart(points.assign(alt_text=alt_text), title=title, width=280, height=150).encode(
        x=alt.X("step:Q", title="iteration", axis=alt.Axis(grid=False, tickCount=5)),
        y=alt.Y("value:Q", title=label, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5)),
        description="alt_text:N",
    )
    line = base.mark_line(color=SERIES[0], strokeWidth=2, aria=False)
    return line + base.mark_point(color=SERIES[0], filled=True, size=36, opacity=1)


def plot_times(seconds: Mapping[str, float]) -> alt.LayerChart:
    """Draw how long every stage took, in their order."""
    frame = pd.DataFrame({"stage": list(seconds), "seconds": list(seconds.values())})
    frame["alt_text"] = [f"{value:.1f} s" for value in frame["seconds"]]
    plain = alt.Axis(ticks=False, domain=False)
    base = alt.Chart(frame, width=280, height=26 * len(frame)).encode(
        y=alt.Y("stage:N", sort=list(seconds), title=None, axis=plain),
        x=alt.X("seconds:Q", title="seconds", axis=alt.Axis(tickCount=5)),
    )
    bars = base.mark_bar(color=SERIES[0], height=16).encode(description="alt_text:N")
    text = base.mark_text(align="left", dx=4, color="var(--ink)", fontSize=12, aria=False)
    return bars + text.encode(text="alt_text:N")
