"""Charts as SVG, drawn by Vega-Lite when the page is made, so that it needs no script.

Colours are variables of the page's style sheet, which has them for light and dark; a chart that is
a file of its own has those for light.
"""

import re
from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd
import vl_convert

from dfc.evaluation.accesses import Accesses

COLOURS = {
    "ink": "#1d2430",
    "muted": "#5b6472",
    "grid": "#dfe3e8",
    "paper": "#ffffff",
    "c1": "#0072b2",
    "c2": "#d55e00",
    "c3": "#008060",
    "c4": "#b0467f",
    "c5": "#8a6d00",
    "c6": "#4a90c2",
}
"""On light; colour-blind readers tell them apart (after Okabe and Ito)."""
DARK = {
    "ink": "#e8ebf0",
    "muted": "#a3adbb",
    "grid": "#39424f",
    "paper": "#161b22",
    "c1": "#56b4e9",
    "c2": "#ff9248",
    "c3": "#2ec4a0",
    "c4": "#e29ac4",
    "c5": "#e0c04c",
    "c6": "#9cc9ee",
}
SERIES = [f"var(--c{number})" for number in range(1, 7)]
# Vega-Lite measures text in Liberation Sans, which is as wide as these two.
FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"


def draw_svg(chart: alt.TopLevelMixin, key: str) -> str:
    """Draw a chart for a page.

    Parameters
    ----------
    chart
        Any chart of Altair's.
    key
        Tells its elements from those of the other charts of the page.
    """
    text = {"labelColor": "var(--muted)", "titleColor": "var(--muted)", "titleFontWeight": "normal"}
    sizes = {"labelFontSize": 12, "titleFontSize": 12}
    lines = {"gridColor": "var(--grid)", "domainColor": "var(--muted)", "tickColor": "var(--muted)"}
    fonts = {"labelFont": FONT, "titleFont": FONT}
    styled = (
        chart.configure(background="transparent", padding=6, font=FONT)
        .configure_view(stroke=None)
        .configure_axis(**text, **sizes, **lines, **fonts)
        .configure_legend(**text, **sizes, **fonts, orient="top", symbolStrokeWidth=2)
        .configure_title(color="var(--ink)", fontSize=13, font=FONT, anchor="start")
    )
    svg = vl_convert.vegalite_to_svg(styled.to_dict())
    return re.sub(r'(\bid="|url\(#)', rf"\g<1>{key}-", svg)


def fill_colours(svg: str) -> str:
    """Turn the chart of a page into one that is looked at alone, on white."""
    for name, colour in COLOURS.items():
        svg = svg.replace(f"var(--{name})", colour)
    paper = f'<rect width="100%" height="100%" fill="{COLOURS["paper"]}"/>'
    return svg.replace(">", f">{paper}", 1)


def assign_colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name, always the same for the same place in the list."""
    return {name: SERIES[index % len(SERIES)] for index, name in enumerate(names)}


def curve(points: pd.DataFrame, title: str, label: str) -> alt.LayerChart:
    """Draw what was measured during training.

    Parameters
    ----------
    points
        Columns step and value.
    title
        What the curve tells.
    label
        Of the values, with their unit.
    """
    shown = points.assign(
        told=[
            f"iteration {step:.0f}: {value:.4g}" for step, value in points[["step", "value"]].values
        ]
    )
    base = alt.Chart(shown, title=title, width=280, height=150).encode(
        x=alt.X("step:Q", title="iteration", axis=alt.Axis(grid=False, tickCount=5)),
        y=alt.Y("value:Q", title=label, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5)),
        description="told:N",
    )
    line = base.mark_line(color=SERIES[0], strokeWidth=2, aria=False)
    return line + base.mark_point(color=SERIES[0], filled=True, size=36, opacity=1)


def durations(seconds: Mapping[str, float]) -> alt.LayerChart:
    """Draw how long every stage took, in their order."""
    frame = pd.DataFrame({"stage": list(seconds), "seconds": list(seconds.values())})
    frame["told"] = [f"{value:.1f} s" for value in frame["seconds"]]
    plain = alt.Axis(ticks=False, domain=False)
    base = alt.Chart(frame, width=280, height=26 * len(frame)).encode(
        y=alt.Y("stage:N", sort=list(seconds), title=None, axis=plain),
        x=alt.X("seconds:Q", title="seconds", axis=alt.Axis(tickCount=5)),
    )
    bars = base.mark_bar(color=SERIES[0], height=16).encode(description="told:N")
    return bars + base.mark_text(
        align="left", dx=4, color="var(--ink)", fontSize=12, aria=False
    ).encode(text="told:N")


def visited(counted: Accesses, reach: int | None) -> alt.LayerChart:
    """Draw how often the cells of a lattice are read, by `a` and each of `b c d`.

    Parameters
    ----------
    counted
        What a layer read.
    reach
        How far from `a` the diagonal part of its tables goes, in levels; None without one.
    """
    step, side = counted.step, len(counted.cells)
    share = counted.cells / counted.cells.sum()
    frame = pd.DataFrame(
        {
            "a": first * step,
            "other": other * step,
            "percent": share[first, other] * 100,
            "told": f"a {first * step} to {(first + 1) * step - 1}, other pixel {other * step} to "
            f"{(other + 1) * step - 1}: {share[first, other]:.2%} of the reads",
        }
        for first in range(side)
        for other in range(side)
        if share[first, other] > 0
    )
    frame = frame.assign(a2=frame["a"] + step, other2=frame["other"] + step)
    levels = alt.Scale(domain=[0, 256], nice=False)
    axis = alt.Axis(values=[0, 64, 128, 192, 256], grid=False)
    cells = (
        alt.Chart(frame, title=counted.name, width=230, height=230)
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
            description="told:N",
        )
    )
    if reach is None:
        return alt.layer(cells)
    edges = pd.DataFrame(
        [
            {"edge": "upper", "a": 0, "other": reach},
            {"edge": "upper", "a": 256 - reach, "other": 256},
            {"edge": "lower", "a": reach, "other": 0},
            {"edge": "lower", "a": 256, "other": 256 - reach},
        ]
    )
    band = alt.Chart(edges).mark_line(
        color="var(--c2)", strokeWidth=2.5, strokeDash=[6, 3], clip=True, aria=False
    )
    return cells + band.encode(x="a:Q", y="other:Q", detail="edge:N")


def entries(shares: pd.DataFrame, layers: str, colours: Mapping[str, str]) -> alt.LayerChart:
    """Draw how the entries of several LUTs are distributed.

    Parameters
    ----------
    shares
        Columns lut, value and share.
    layers
        Which layers these are.
    colours
        Of the LUTs, by name.
    """
    shown = shares.assign(
        percent=shares["share"] * 100,
        told=[
            f"{lut}, values around {value:.0f}: {share:.2%} of the entries"
            for lut, value, share in shares[["lut", "value", "share"]].values
        ],
    )
    base = alt.Chart(shown, title=layers, width=280, height=170).encode(
        x=alt.X("value:Q", title="entry", scale=alt.Scale(domain=[-128, 128], nice=False)),
        y=alt.Y("percent:Q", title="% of the entries", axis=alt.Axis(tickCount=5)),
        color=alt.Color(
            "lut:N",
            title=None,
            scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        ),
    )
    dashes = [[1, 0] if index < len(SERIES) else [4, 2] for index in range(len(colours))]
    line = base.mark_line(interpolate="step", strokeWidth=2, aria=False).encode(
        strokeDash=alt.StrokeDash(
            "lut:N", title=None, scale=alt.Scale(domain=list(colours), range=dashes)
        )
    )
    # Seen by the pointer alone: a line has one text, its points have one each.
    return line + base.mark_point(size=80, opacity=0).encode(description="told:N")
