import re

import pandas as pd
import pytest

from dfc.report.charts import COLOURS, DARK, assign_colours, draw_svg, fill_colours
from dfc.report.points import COLUMNS, OURS, PUBLISHED
from dfc.report.rate_distortion import plot_rate_distortion
from dfc.report.sections.inside import plot_values
from dfc.report.sections.training import plot_curve, plot_times


def points(*rows: tuple[str, str, float | None, float]) -> pd.DataFrame:
    alt_text = [(*row, f"{row[1]}: {row[3]} dB") for row in rows]
    return pd.DataFrame(alt_text, columns=COLUMNS)


RUN = points(
    (OURS, "bicubic", None, 28.4),
    (OURS, "lut", 4.0, 30.2),
    (OURS, "dfc", 0.4, 30.0),
    (PUBLISHED, "MuLUT", 4.06, 30.6),
)


def test_a_chart_of_the_page_takes_its_colours_from_the_page() -> None:
    svg = draw_svg(
        plot_rate_distortion(RUN, assign_colours(["lut", "dfc"]), path=("lut", "dfc")), "key"
    )
    used = set(re.findall(r"var\(--(\w+)\)", svg))
    assert {"ink", "muted", "c1", "c2"} <= used <= set(COLOURS) == set(DARK)


def test_a_chart_of_its_own_has_its_own_colours() -> None:
    svg = fill_colours(draw_svg(plot_rate_distortion(RUN, {}), "key"))
    assert "var(" not in svg
    assert COLOURS["paper"] in svg


def test_marks_tell_what_they_are() -> None:
    svg = draw_svg(plot_rate_distortion(RUN, {}), "key")
    for alt_text in RUN["alt_text"]:
        assert f'aria-label="{alt_text}"' in svg


def test_methods_are_joined_by_an_arrow_in_their_order() -> None:
    plain = draw_svg(plot_rate_distortion(RUN, {}), "key")
    joined = draw_svg(plot_rate_distortion(RUN, {}, path=("lut", "dfc")), "key")
    heads = [svg.count("rotate(") for svg in (plain, joined)]
    assert heads[1] == heads[0] + 1


@pytest.mark.parametrize(
    "shown", [points((OURS, "bicubic", None, 28.4)), points((OURS, "lut", 1.0, 30.0))]
)
def test_a_single_method_is_drawn(shown: pd.DataFrame) -> None:
    assert shown["label"][0] in draw_svg(plot_rate_distortion(shown, {}), "key")


def test_a_perfect_method_is_left_out() -> None:
    perfect = points((OURS, "lut", 1.0, 30.0), (OURS, "copy", 2.0, float("inf")))
    svg = draw_svg(plot_rate_distortion(perfect, {}, ringed=[1]), "key")
    assert "lut" in svg and "copy" not in svg


def test_a_point_is_ringed_and_a_budget_marked() -> None:
    plain = draw_svg(plot_rate_distortion(RUN, {}), "key")
    marked = draw_svg(plot_rate_distortion(RUN, {}, budget_mib=0.5, ringed=[2]), "key")
    assert "budget 0.5 MiB" in marked and "budget" not in plain
    assert marked.count('stroke="var(--c2)"') == plain.count('stroke="var(--c2)"') + 2


def test_more_luts_than_colours_are_told_apart_by_dashes() -> None:
    names = [f"lut {number}" for number in range(8)]
    shares = pd.DataFrame({"lut": names * 2, "value": [0.0] * 8 + [8.0] * 8, "share": [0.5] * 16})
    svg = draw_svg(plot_values(shares, "last layer", assign_colours(names)), "key")
    assert svg.count('stroke-dasharray="4,2"') >= 2


def test_curves_and_durations_are_drawn() -> None:
    svg = draw_svg(
        plot_curve(pd.DataFrame({"step": [1, 2], "value": [0.5, 0.25]}), "Loss", "dB"), "key"
    )
    assert 'aria-label="iteration 2: 0.25"' in svg
    assert "38.0 s" in draw_svg(plot_times({"train": 38.0, "export": 1.0}), "key")
