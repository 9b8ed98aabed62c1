"""Charts as SVG, drawn by Vega-Lite when the page is made, so that it needs no script.

Colours are variables of the page's style sheet, which has them for light and dark; a chart that is
a file of its own has those for light.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import vl_convert

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


@dataclass(frozen=True)
class Chart:
    """A chart as templates take it."""

    svg: str
    alt_text: str  # for those who do not see it
    caption: str = ""
    narrow: str = ""  # the same as SVG for a phone


def draw_svg(chart: alt.TopLevelMixin, key: str) -> str:
    """Draw a chart as SVG for a page; `key` tells its elements from those of its other charts."""
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
