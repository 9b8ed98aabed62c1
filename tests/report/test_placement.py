from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfc.report.placement import MARK, Frame, Labels, arrow

FRAME = Frame(600, 300, (0.1, 100.0), (25.0, 35.0))
SPOTS = st.tuples(st.floats(0, 600), st.floats(0, 300))


@given(SPOTS)
def test_a_place_is_found_again_by_its_values(spot: tuple[float, float]) -> None:
    assert FRAME.pixels(*FRAME.values(spot)) == pytest.approx(spot, abs=1e-6)


@given(
    st.lists(st.floats(0.01, 100), min_size=1, max_size=9),
    st.lists(st.floats(10, 50), min_size=1, max_size=9),
)
def test_a_frame_shows_all_points(xs: list[float], ys: list[float]) -> None:
    frame = Frame.around(xs, ys, 200, 100)
    for x, y in zip(xs, ys, strict=False):
        across, down = frame.pixels(x, y)
        assert 0 < across < 200
        assert 0 < down < 100


def test_labels_of_points_close_to_each_other_do_not_cover_each_other() -> None:
    labels = Labels(FRAME, font=12)
    points = [(300.0, 150.0), (304.0, 152.0), (300.0, 160.0)]
    for point in points:
        labels.keep_free(point)
    for number, point in enumerate(points):
        labels.place(point, f"label {number}")
    for one, other in combinations(labels.taken[len(points) :], 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


def test_a_label_makes_way_for_a_line() -> None:
    labels = Labels(FRAME, font=12)
    labels.keep_free((100.0, 150.0))
    labels.keep_line_free((100.0, 150.0), (600.0, 150.0))
    _, y = labels.place((100.0, 150.0), "name")
    assert abs(y - 150) > 6, "above or below"


@given(SPOTS)
def test_a_label_stays_inside(spot: tuple[float, float]) -> None:
    labels = Labels(FRAME, font=12)
    labels.place(spot, "name")
    left, top, right, bottom = labels.taken[0]
    assert left >= 0 and right <= 600
    assert top >= -12 and bottom <= 312


def test_an_arrow_ends_before_the_marks_and_points_from_one_to_the_other() -> None:
    start, tip, direction = arrow((100.0, 50.0), (200.0, 50.0))
    assert start[0] > 100 + MARK and tip[0] < 200 - MARK
    assert direction == pytest.approx(90), "to the right"
    assert arrow((0.0, 100.0), (0.0, 0.0))[2] == pytest.approx(0), "upwards"
    assert arrow((100.0, 0.0), (0.0, 0.0))[2] == pytest.approx(270), "to the left"


def test_marks_that_touch_get_no_arrow() -> None:
    assert arrow((0.0, 0.0), (MARK, 0.0)) is None
