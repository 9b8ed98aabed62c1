import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfc.models.lattice import (
    Adaptive,
    DiagonalFirst,
    Lattice,
    Uniform,
    find_cells,
    parse_lattice,
)

uniform = st.builds(Uniform, st.integers(4, 8))
diagonal_first = st.builds(
    DiagonalFirst,
    st.just(Uniform(4)),
    st.sampled_from(["xy", "xyz", "xyzt"]),
    st.integers(0, 4),
    st.builds(Uniform, st.integers(5, 7)),
)


@given(uniform | diagonal_first)
def test_a_lattice_has_as_many_points_as_it_says_all_within_0_and_256(lattice: Lattice) -> None:
    assert lattice.points.shape == (lattice.size, 4)
    assert lattice.points.min() == 0
    assert lattice.points.max() == 256


@given(uniform)
def test_rows_of_a_uniform_lattice_count_its_points_the_first_axis_slowest(
    lattice: Uniform,
) -> None:
    np.testing.assert_array_equal(lattice.rows(lattice.points), np.arange(lattice.size))
    assert (lattice.points[1] == [0, 0, 0, lattice.step]).all()


@given(diagonal_first)
def test_the_index_map_finds_every_diagonal_row(lattice: DiagonalFirst) -> None:
    rows = lattice.diagonal.rows(lattice.points[: lattice.diagonal_size])
    np.testing.assert_array_equal(lattice.row_of[rows], np.arange(len(rows)))


@given(diagonal_first)
def test_the_size_of_a_lattice_is_known_before_its_points(lattice: DiagonalFirst) -> None:
    assert lattice.diagonal_size == (lattice.row_of >= 0).sum()
    assert lattice.size == len(lattice.points)


def test_diagonal_first_sizes_are_as_published() -> None:
    lattice = DiagonalFirst(Uniform(4), "xyzt", 2, Uniform(5))
    assert lattice.diagonal_size == 1807
    assert lattice.non_diagonal.size == 6561


@pytest.mark.parametrize(("dims", "compared"), [("xy", 1), ("xyz", 2), ("xyzt", 3)])
def test_only_the_named_dimensions_must_lie_near_the_diagonal(dims: str, compared: int) -> None:
    lattice = DiagonalFirst(Uniform(4), dims, 1, Uniform(5))
    kept = lattice.points[: lattice.diagonal_size]
    distances = np.abs(kept[:, 1:] - kept[:, :1])
    assert (distances[:, :compared] <= 16).all()
    assert compared == 3 or distances[:, compared:].max() == 256


@given(uniform | diagonal_first)
def test_a_lattice_survives_the_trip_through_json(lattice: Lattice) -> None:
    assert parse_lattice(lattice.to_json()) == lattice


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"kind": "uniform"},
        {"kind": "uniform", "interval": 9},
        {"kind": "uniform", "interval": 2},
        {"kind": "hexagonal", "interval": 4},
        DiagonalFirst(Uniform(4), "xyzt", 2, Uniform(5)).to_json() | {"dims": "yz"},
        DiagonalFirst(Uniform(4), "xyzt", 2, Uniform(5)).to_json() | {"dfc_interval": 4},
    ],
)
def test_json_that_describes_no_lattice_is_refused(values: dict) -> None:
    with pytest.raises(ValueError, match="no lattice"):
        parse_lattice(values)


def test_points_off_the_lattice_are_refused() -> None:
    with pytest.raises(ValueError, match="interval 5"):
        Uniform(5).rows(np.array([[0, 0, 0, 16]]))


@given(st.integers(1, 4), st.sampled_from([4, 16, 64, 256]), st.data())
def test_lattices_of_any_taps_and_levels_count_their_points(
    taps: int, levels: int, data: st.DataObject
) -> None:
    finest = 0 if taps == 1 else max(0, levels.bit_length() - 4)
    lattice = Uniform(data.draw(st.integers(finest, levels.bit_length() - 1)), taps, levels)
    assert lattice.points.shape == (lattice.size, taps)
    assert lattice.points.max() == levels - (lattice.step == 1)
    assert parse_lattice(lattice.to_json()) == lattice


@given(st.lists(st.integers(0, 6), min_size=1, max_size=9))
def test_cells_of_adaptive_columns_hold_every_level(intervals: list[int]) -> None:
    lattice = Adaptive(tuple(intervals), 64)
    assert parse_lattice(lattice.to_json()) == lattice
    cells = find_cells(lattice, len(intervals))
    starts = np.cumsum([0, *lattice.lengths])
    for column, interval in enumerate(intervals):
        lower = cells.lower[:, column] - starts[column]
        np.testing.assert_array_equal(
            lower * 2**interval + cells.fraction[:, column], np.arange(64)
        )
        assert cells.upper[:, column].max() < starts[column + 1]
