"""Inside the LUT: where images read its tables, and what values they hold."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import altair as alt
import pandas as pd

from dfc.evaluation.evidence import Evidence, LayerAccesses
from dfc.report.charts import SERIES, Chart, assign_colours, draw_svg
from dfc.report.run import Run

ID, TITLE = "inside", "Inside the LUT"


def make_section(evidence: Evidence, run: Run) -> dict[str, Any]:
    """Draw access and value statistics."""
    return {
        "charts": [*draw_accesses(evidence), *draw_values(evidence)],
        "compressed": evidence.lut.diagonal_reach is not None,
        "neighbours": not all(layer.is_one_tap for layer in evidence.layers),
    }


def draw_accesses(evidence: Evidence) -> Iterator[Chart]:
    """Draw where every layer reads its tables."""
    lut = evidence.lut
    for index, layer in enumerate(evidence.layers):
        caption = ""
        if lut.diagonal_share is not None:
            caption = (
                f"{layer.diagonal_share:.1%} of the lookups are near the diagonal, where "
                f"{lut.diagonal_share:.1%} of the values are."
            )
        cells = evidence.accesses[evidence.accesses["layer"] == layer.name]
        alt_text = f"How often {layer.name} reads each cell of the lattice. {caption}"
        plot = plot_levels if layer.is_one_tap else partial(plot_accesses, reach=lut.diagonal_reach)
        chart = plot(layer, cells)
        yield Chart(draw_svg(chart, f"accesses-{index}"), alt_text, caption)


def draw_values(evidence: Evidence) -> Iterator[Chart]:
    """Draw how table values are distributed, a chart a group of layers."""
    names = list(evidence.values["lut"].unique())
    colours = assign_colours(list(evidence.luts))
    colours = {name: colours[name] for name in names}
    for index, (layers, rows) in enumerate(evidence.values.groupby("layers", sort=False)):
        alt_text = f"How the values of the {layers} are distributed, of {' and '.join(names)}."
        yield Chart(draw_svg(plot_values(rows, layers, colours), f"values-{index}"), alt_text)


def plot_accesses(
    layer: LayerAccesses, accesses: pd.DataFrame, reach: int | None
) -> alt.LayerChart:
    """Plot how often the cells of a lattice are read, by `a` and each of `b c d`.

    The accesses have the columns a, other (levels where a cell begins) and count; `reach` is how
    far from `a` the diagonal part of the tables goes, in levels; None without one.
    """
    step, share = layer.step, accesses["count"] / accesses["count"].sum()
    frame = accesses[["a", "other"]].assign(
        percent=share * 100,
        alt_text=[
            f"a {a} to {a + step - 1}, other pixel {other} to {other + step - 1}: "
            f"{part:.2%} of the reads"
            for a, other, part in zip(accesses["a"], accesses["other"], share, strict=True)
        ],
    )
    frame = frame.assign(a2=frame["a"] + step, other2=frame["other"] + step)
    levels, axis = _make_axis(layer)
    cells = (
        alt.Chart(frame, title=layer.name, width=230, height=230)
        .mark_rect()
        .encode(
            x=alt.X("a:Q", scale=levels, axis=axis, title="pixel a"),
            x2="a2",
            y=alt.Y("other:Q", scale=levels, axis=axis, title="pixels b, c, d"),
            y2="other2",
            color=alt.Color(
                "percent:Q",
                scale=alt.Scale(type="log", scheme="cividis"),
                legend=alt.Legend(
                    title="% of reads", orient="right", gradientLength=150, format=".1~r"
                ),
            ),
            description="alt_text:N",
        )
    )
    if reach is None:
        return alt.layer(cells)
    upper = pd.DataFrame({"edge": "upper", "a": [0, 256 - reach], "other": [reach, 256]})
    lower = pd.DataFrame({"edge": "lower", "a": [reach, 256], "other": [0, 256 - reach]})
    edges = pd.concat([upper, lower])
    band = alt.Chart(edges).mark_line(
        color="var(--c2)", strokeWidth=2.5, strokeDash=[6, 3], clip=True, aria=False
    )
    return cells + band.encode(x="a:Q", y="other:Q", detail="edge:N")


def plot_levels(layer: LayerAccesses, accesses: pd.DataFrame) -> alt.Chart:
    """Plot how often a layer of one tap reads each level: columns a and count."""
    share = accesses["count"] / accesses["count"].sum()
    frame = accesses[["a"]].assign(
        a2=accesses["a"] + layer.step,
        percent=share * 100,
        alt_text=[
            f"levels {a} to {a + layer.step - 1}: {part:.2%} of the reads"
            for a, part in zip(accesses["a"], share, strict=True)
        ],
    )
    levels, axis = _make_axis(layer)
    return (
        alt.Chart(frame, title=layer.name, width=230, height=110)
        .mark_bar(color="var(--c1)")
        .encode(
            x=alt.X("a:Q", scale=levels, axis=axis, title="level"),
            x2="a2",
            y=alt.Y("percent:Q", title="% of reads", axis=alt.Axis(tickCount=4)),
            y2=alt.datum(0),
            description="alt_text:N",
        )
    )


def _make_axis(layer: LayerAccesses) -> tuple[alt.Scale, alt.Axis]:
    quarters = [layer.lowest + layer.levels * k // 4 for k in range(5)]
    scale = alt.Scale(domain=[quarters[0], quarters[-1]], nice=False)
    return scale, alt.Axis(values=quarters, grid=False)


def plot_values(shares: pd.DataFrame, layers: str, colours: Mapping[str, str]) -> alt.LayerChart:
    """Plot how the values of LUTs are distributed in some layers: columns lut, value and share."""
    shown = shares.assign(
        percent=shares["share"] * 100,
        alt_text=[
            f"{lut}, values around {value:.0f}: {share:.2%} of the values"
            for lut, value, share in shares[["lut", "value", "share"]].values
        ],
    )
    base = alt.Chart(shown, title=layers, width=280, height=170).encode(
        x=alt.X("value:Q", title="value", scale=alt.Scale(domain=[-128, 128], nice=False)),
        y=alt.Y("percent:Q", title="% of the values", axis=alt.Axis(tickCount=5)),
        color=alt.Color(
            "lut:N", title=None, scale=alt.Scale(domain=list(colours), range=list(colours.values()))
        ),
    )
    dashes = [[1, 0] if index < len(SERIES) else [4, 2] for index in range(len(colours))]
    line = base.mark_line(interpolate="step", strokeWidth=2, aria=False).encode(
        strokeDash=alt.StrokeDash(
            "lut:N", title=None, scale=alt.Scale(domain=list(colours), range=dashes)
        )
    )
    # Seen by the pointer alone: a line has one text, its points have one each.
    return line + base.mark_point(size=80, opacity=0).encode(description="alt_text:N")
