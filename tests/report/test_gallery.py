import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfc.evaluation.comparison import Comparison
from dfc.evaluation.examples import CROP, ORIGINAL, View, around, chosen, find_most_changed
from dfc.evaluation.protocol import Protocol
from dfc.evaluation.results import Results
from dfc.tasks import build_task


def with_gains(*gains: float) -> Results:
    rows = [
        {"set": "Set", "method": method, "image": f"{number}", "psnr": 20 + gain}
        for number, by_method in enumerate(gains)
        for method, gain in (("input", 0), ("lut", by_method))
    ]
    protocol = Protocol(build_task("deblur", 1))
    comparison = Comparison(protocol, {}, protocol.baseline(), {})
    return Results(comparison, pd.DataFrame(rows), "lut")


@pytest.mark.parametrize(
    ("gains", "images"),
    [
        ([1.0], ["0"]),
        ([1.0, 2.0], ["1", "0"]),
        ([1.0, 3.0, 2.0], ["1", "2", "0"]),
        ([0.5, -1.0, 4.0, 2.0, 3.0], ["2", "3", "1"]),
    ],
)
def test_the_best_the_median_and_the_worst_are_chosen_once_each(
    gains: list[float], images: list[str]
) -> None:
    results = with_gains(*gains)
    picked = chosen(results)
    assert [results.gains.loc[row, "image"] for _, row in picked] == images
    titles = [title for title, _ in picked]
    assert titles[0] == "Largest gain"
    assert titles[-1] == ("Smallest gain" if len(gains) > 1 else "Largest gain")
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("place", [(10, 12), (60, 70), (0, 79)])
def test_the_part_that_changes_most_is_found(place: tuple[int, int]) -> None:
    before = np.zeros((70, 80), np.uint8)
    after = before.copy()
    after[place] = 255
    row, column = find_most_changed(before, after, (16, 16))
    rows, columns = around((row, column), (16, 16), before.shape)
    assert after[rows, columns].any()


@given(
    st.tuples(st.integers(0, 49), st.integers(0, 39)),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_a_part_lies_inside_and_holds_its_centre(
    centre: tuple[int, int], size: tuple[int, int]
) -> None:
    parts = around(centre, size, (50, 40, 3))
    for part, middle, side, whole in zip(parts, centre, size, (50, 40), strict=True):
        assert 0 <= part.start <= middle < part.stop <= whole
        assert part.stop - part.start == min(side, whole)


def test_a_view_holds_what_every_method_made(pictures: list[View], results: Results) -> None:
    assert [view.image for view in pictures] == results.gains["image"].tolist()
    for view in pictures:
        assert list(view.windows) == [*results.comparison.methods, ORIGINAL]
        assert {picture.shape for picture in view.crops.values()} == {(*CROP, 3)}
        assert list(view.errors) == ["bicubic", "finetuned"]
        scores = results.scores.set_index(["image", "method"])["psnr"]
        assert view.psnr["dfc"] == scores[view.image, "dfc"]


def test_an_image_smaller_than_a_crop_is_shown_whole() -> None:
    small = np.zeros((20, 30), np.uint8)
    centre = find_most_changed(small, small + 1, CROP)
    assert around(centre, CROP, small.shape) == (slice(0, 20), slice(0, 30))
