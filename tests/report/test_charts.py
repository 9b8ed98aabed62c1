import re

import pandas as pd
import pytest

from dfc.report.charts import COLOURS, DARK, as_file, as_svg, colours_of, curve, durations
from dfc.report.points import COLUMNS, OURS, PUBLISHED
from dfc.report.rate_distortion import rate_distortion


def points(*rows: tuple[str, str, float | None, float]) -> pd.DataFrame:
    told = [(*row, f"{row[1]}: {row[3]} dB") for row in rows]
    return pd.DataFrame(told, columns=COLUMNS)


RUN = points(
    (OURS, "bicubic", None, 28.4),
    (OURS, "lut", 4.0, 30.2),
    (OURS, "dfc", 0.4, 30.0),
    (PUBLISHED, "MuLUT", 4.06, 30.6),
)


def test_a_chart_of_the_page_takes_its_colours_from_the_page() -> None:
    svg = as_svg(rate_distortion(RUN, colours_of(["lut", "dfc"]), path=("lut", "dfc")), "key")
    used = set(re.findall(r"var\(--(\w+)\)", svg))
    assert {"ink", "muted", "c1", "c2"} <= used <= set(COLOURS) == set(DARK)


def test_a_chart_of_its_own_has_its_own_colours() -> None:
    svg = as_file(as_svg(rate_distortion(RUN, {}), "key"))
    assert "var(" not in svg
    assert COLOURS["paper"] in svg


def test_marks_tell_what_they_are() -> None:
    svg = as_svg(rate_distortion(RUN, {}), "key")
    for told in RUN["told"]:
        assert f'aria-label="{told}"' in svg


def test_methods_are_joined_by_an_arrow_in_their_order() -> None:
    plain = as_svg(rate_distortion(RUN, {}), "key")
    joined = as_svg(rate_distortion(RUN, {}, path=("lut", "dfc")), "key")
    marks = [svg.count('aria-roledescription="point"') for svg in (plain, joined)]
    assert marks[1] == marks[0] + 1, "the head"


@pytest.mark.parametrize(
    "shown", [points((OURS, "bicubic", None, 28.4)), points((OURS, "lut", 1.0, 30.0))]
)
def test_a_single_method_is_drawn(shown: pd.DataFrame) -> None:
    assert shown["label"][0] in as_svg(rate_distortion(shown, {}), "key")


def test_curves_and_durations_are_drawn() -> None:
    svg = as_svg(curve(pd.DataFrame({"step": [1, 2], "value": [0.5, 0.25]}), "Loss", "dB"), "key")
    assert 'aria-label="iteration 2: 0.25"' in svg
    assert "38.0 s" in as_svg(durations({"train": 38.0, "export": 1.0}), "key")
