"""PSNR against storage: what is measured here, what is published, and other experiments."""

import itertools
from collections.abc import Hashable, Mapping, Sequence

import altair as alt
import numpy as np
import pandas as pd

from dfc.evaluation.evidence import Evidence
from dfc.report.charts import assign_colours
from dfc.report.placement import Frame, Labels, Line, arrow
from dfc.report.points import EXPERIMENT, OURS, PUBLISHED, find_pareto

DECORATION = {"aria": False}  # of what says nothing that a point does not say
SHAPES = {OURS: "circle", EXPERIMENT: "square", PUBLISHED: "diamond"}


def plot_rate_distortion(
    points: pd.DataFrame,
    colours: Mapping[str, str],
    size: tuple[int, int] = (760, 380),
    path: Sequence[str] = (),
    budget_mib: float | None = None,
    ringed: Sequence[Hashable] = (),
    title: str = "storage (MiB, logarithmic)",
) -> alt.LayerChart:
    """Draw PSNR against storage, on a logarithmic axis.

    Parameters
    ----------
    points : as `dfc.report.points` has them; one without a storage is drawn as a line
    colours : of the points that are measured here, by label
    size : width and height of the area, in pixels
    path : labels of those that are joined by arrows, in this order
    budget_mib : a storage to mark
    ringed : index of points that are marked
    title : of the axis, where the column storage_mib holds another cost
    """
    points = points.astype({"storage_mib": float, "psnr": float})  # also where there are none
    points = points[np.isfinite(points["psnr"])]  # a perfect image has no place on the axis
    sized, levels = points.dropna(subset="storage_mib"), points[points["storage_mib"].isna()]
    xs = [*sized["storage_mib"], *([] if budget_mib is None else [budget_mib])] or [1.0]
    frame = Frame.around(xs, list(points["psnr"]) or [0.0], *size, title)
    layers = [_plot_levels(levels, frame)] if len(levels) else []
    lines: list[Line] = []
    if EXPERIMENT in set(sized["group"]):
        layers.append(_plot_frontier(find_pareto(sized[sized["group"] != PUBLISHED]), frame, lines))
    if budget_mib is not None:
        layers.append(_plot_budget(budget_mib, frame))
    layers += _plot_arrows(sized[sized["group"] == OURS], path, frame, lines)
    ring = alt.Chart(sized[sized.index.isin(ringed)]).encode(**_make_axes(frame))
    layers.append(ring.mark_point(**DECORATION, color="var(--c2)", size=300))
    layers += [_plot_marks(sized, colours, frame), _plot_labels(sized, frame, lines)]
    return alt.layer(*layers).properties(width=size[0], height=size[1])


def plot_results(
    evidence: Evidence, points: pd.DataFrame, size: tuple[int, int] = (760, 380)
) -> alt.LayerChart:
    """Draw the points of results, with arrows where each LUT was made of the one before."""
    names = list(evidence.luts)
    path = names if evidence.chained else ()
    return plot_rate_distortion(points, assign_colours(names), size, path)


def _make_axes(frame: Frame) -> dict[str, alt.X | alt.Y]:
    x = alt.Scale(type="log", domain=list(frame.x), nice=False)
    ticks = [m * 10.0**e for e in range(-3, 5) for m in (1, 2, 5)]
    shown = [tick for tick in ticks if frame.x[0] <= tick <= frame.x[1]]
    return {
        "x": alt.X(
            "storage_mib:Q",
            scale=x,
            title=frame.title,
            axis=alt.Axis(values=shown, format="~g", grid=False),
        ),
        "y": alt.Y(
            "psnr:Q",
            scale=alt.Scale(domain=list(frame.y), nice=False, zero=False),
            title="PSNR (dB)",
            axis=alt.Axis(tickCount=6, format=".2~f"),
        ),
    }


def _place(frame: Frame, places: Sequence[tuple[float, float]], **columns: object) -> pd.DataFrame:
    """Columns storage_mib and psnr of places in pixels, and others."""
    values = [frame.values(place) for place in places]
    return pd.DataFrame(values, columns=["storage_mib", "psnr"]).assign(**columns)


def _plot_levels(levels: pd.DataFrame, frame: Frame) -> alt.LayerChart:
    """Methods without a storage, as lines across; what is published and measured, once."""
    named = levels.drop_duplicates("label").assign(storage_mib=frame.values((6, 0))[0])
    base = alt.Chart(named).encode(y=_make_axes(frame)["y"])
    rule = base.mark_rule(color="var(--muted)", strokeDash=[4, 4]).encode(description="alt_text:N")
    text = base.mark_text(**DECORATION, align="left", dy=-8, color="var(--muted)", fontSize=12)
    return rule + text.encode(x=_make_axes(frame)["x"], text="label:N")


def _plot_frontier(points: pd.DataFrame, frame: Frame, lines: list[Line]) -> alt.Chart:
    """The best that a storage allows; adds its `lines`."""
    style = {"interpolate": "step-after", "color": "var(--muted)", "strokeWidth": 1.5}
    points = pd.concat([points, points.tail(1).assign(storage_mib=frame.x[1])])
    for one, other in itertools.pairwise(points.itertuples(index=False)):
        start, end = (frame.pixels(point.storage_mib, point.psnr) for point in (one, other))
        corner = (end[0], start[1])
        lines += [(start, corner), (corner, end)]
    line = alt.Chart(points[["storage_mib", "psnr"]]).encode(**_make_axes(frame))
    return line.mark_line(**style, **DECORATION, opacity=0.7)


def _plot_budget(budget_mib: float, frame: Frame) -> alt.LayerChart:
    base = alt.Chart(pd.DataFrame({"storage_mib": [budget_mib]})).encode(x=_make_axes(frame)["x"])
    text = base.mark_text(**DECORATION, align="right", dx=-6, color="var(--c2)", fontSize=12)
    return base.mark_rule(**DECORATION, color="var(--c2)", strokeDash=[2, 3]) + text.encode(
        y=alt.value(frame.height - 10), text=alt.value(f"budget {budget_mib:g} MiB")
    )


def _plot_arrows(
    ours: pd.DataFrame, path: Sequence[str], frame: Frame, lines: list[Line]
) -> list[alt.Chart]:
    """From one method of a path to the next; adds their `lines`."""
    marks = ours.set_index("label")[["storage_mib", "psnr"]]
    places = [frame.pixels(*marks.loc[name]) for name in path if name in marks.index]
    style, layers = {**DECORATION, "color": "var(--ink)"}, []
    for start, tip, direction in filter(None, itertools.starmap(arrow, itertools.pairwise(places))):
        lines.append((start, tip))
        line = alt.Chart(_place(frame, [start, tip])).mark_line(**style, strokeWidth=1.5)
        head = alt.Chart(_place(frame, [tip])).mark_point(
            **style, shape="triangle-up", angle=direction, size=70, filled=True
        )
        layers += [line.encode(**_make_axes(frame)), head.encode(**_make_axes(frame))]
    return layers


def _plot_marks(points: pd.DataFrame, colours: Mapping[str, str], frame: Frame) -> alt.Chart:
    groups = [group for group in SHAPES if group in set(points["group"])]
    plain = {EXPERIMENT: "var(--c4)", PUBLISHED: "var(--muted)"}
    # One colour a mark: that of its LUT, or that of its group.
    colour = [
        colours.get(row.label, "var(--c1)") if row.group == OURS else plain[row.group]
        for row in points.itertuples(index=False)
    ]
    return (
        alt.Chart(points.assign(colour=colour)[::-1])  # ours on top
        .mark_point(filled=True, size=90, opacity=0.9)
        .encode(
            **_make_axes(frame),
            color=alt.Color("colour:N", scale=None),
            shape=alt.Shape(
                "group:N",
                title=None,
                scale=alt.Scale(domain=groups, range=[SHAPES[group] for group in groups]),
                legend=alt.Legend(symbolFillColor="var(--muted)", symbolStrokeColor="transparent"),
            ),
            description="alt_text:N",
        )
    )


def _plot_labels(points: pd.DataFrame, frame: Frame, lines: Sequence[Line]) -> alt.Chart:
    font = 12 if frame.width > 400 else 11
    labels = Labels(frame, font)
    rows = list(points.itertuples(index=False))
    places = [frame.pixels(row.storage_mib, row.psnr) for row in rows]
    for place in places:
        labels.keep_free(place)
    for line in lines:
        labels.keep_line_free(*line)
    named = [(place, row) for place, row in zip(places, rows, strict=True) if row.label]
    table = _place(
        frame,
        [labels.place(place, row.label) for place, row in named],
        label=[row.label for _, row in named],
        colour=["var(--muted)" if row.group == PUBLISHED else "var(--ink)" for _, row in named],
    )
    return (
        alt.Chart(table)
        .mark_text(**DECORATION, align="left", baseline="middle", fontSize=font)
        .encode(**_make_axes(frame), text="label:N", color=alt.Color("colour:N", scale=None))
    )
