import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfc.evaluation.evidence import TARGET, Evidence
from dfc.evaluation.examples import (
    CROP,
    choose_rows,
    find_most_changed,
    place_window,
    rank_gains,
)


def make_scores(*gains: float) -> pd.DataFrame:
    rows = [
        {"set": "Set", "method": method, "image": f"{number}", "psnr": 20 + gain}
        for number, by_method in enumerate(gains)
        for method, gain in (("input", 0), ("lut", by_method))
    ]
    return pd.DataFrame(rows)


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
    ranked = rank_gains(make_scores(*gains), "lut", "input")
    picked = choose_rows(len(ranked))
    assert [ranked.loc[row, "image"] for _, row in picked] == images
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
    rows, columns = place_window((row, column), (16, 16), before.shape)
    assert after[rows, columns].any()


@given(
    st.tuples(st.integers(0, 49), st.integers(0, 39)),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_a_part_lies_inside_and_holds_its_centre(
    centre: tuple[int, int], size: tuple[int, int]
) -> None:
    parts = place_window(centre, size, (50, 40, 3))
    for part, middle, side, whole in zip(parts, centre, size, (50, 40), strict=True):
        assert 0 <= part.start <= middle < part.stop <= whole
        assert part.stop - part.start == min(side, whole)


def test_an_example_holds_what_every_method_made(evidence: Evidence) -> None:
    ranked = rank_gains(evidence.scores, "finetuned", "bicubic")
    assert [example.image for example in evidence.examples] == ranked["image"].tolist()
    for example in evidence.examples:
        assert list(example.windows) == ["bicubic", "lut", "dfc", "finetuned", TARGET]
        assert {picture.shape for picture in example.crops.values()} == {(*CROP, 3)}
        assert list(example.errors) == ["bicubic", "finetuned"]
        scores = evidence.scores.set_index(["image", "method"])["psnr"]
        assert example.psnr["dfc"] == scores[example.image, "dfc"]


def test_an_image_smaller_than_a_crop_is_shown_whole() -> None:
    small = np.zeros((20, 30), np.uint8)
    centre = find_most_changed(small, small + 1, CROP)
    assert place_window(centre, CROP, small.shape) == (slice(0, 20), slice(0, 30))
