import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dfc.models.interpolation import (
    find_vertices,
    interpolate,
    interpolate_columns,
    put_cells,
)
from dfc.models.lattice import Adaptive, DiagonalFirst, Lattice, Uniform

UNIFORM = Uniform(5)
DIAGONAL_FIRST = DiagonalFirst(Uniform(4), "xyzt", 1, Uniform(6))
LATTICES = [
    UNIFORM,
    Uniform(7),
    DIAGONAL_FIRST,
    DiagonalFirst(Uniform(4), "xyz", 2, Uniform(5)),
    DiagonalFirst(Uniform(5), "xy", 0, Uniform(7)),
]
lattices = st.sampled_from(LATTICES)
pixels = st.lists(st.integers(0, 255), min_size=4, max_size=4)
# Near the diagonal, where the equal and the nearly equal fractions are.
near_pixels = st.integers(0, 255).flatmap(
    lambda a: st.lists(st.integers(max(0, a - 33), min(255, a + 33)), min_size=4, max_size=4)
)


def random_values(lattice: Lattice, width: int = 3) -> torch.Tensor:
    values = np.random.default_rng(0).integers(-127, 128, (lattice.size, width))
    return torch.from_numpy(values.astype(np.float64))


def by_the_book(lattice: Uniform, value_at: dict, pixel: list[int]) -> np.ndarray:
    """4-simplex interpolation in whole numbers, one pixel at a time; the sum is value * q."""
    q = lattice.step
    vertex = [p // q * q for p in pixel]
    fractions = [p % q for p in pixel]
    order = sorted(range(4), key=lambda axis: -fractions[axis])
    total = (q - fractions[order[0]]) * value_at[tuple(vertex)]
    for axis, following in zip(order, [*order[1:], None], strict=True):
        vertex[axis] += q
        weight = fractions[axis] - (fractions[following] if following is not None else 0)
        if weight:
            total = total + weight * value_at[tuple(vertex)]
    return total


@given(lattices, pixels | near_pixels)
def test_interpolation_is_that_of_the_definition(lattice: Lattice, pixel: list[int]) -> None:
    values = random_values(lattice)
    found = interpolate(values, lattice, torch.tensor([pixel], dtype=torch.float64))[0]
    part, rows = lattice, slice(None)
    if isinstance(lattice, DiagonalFirst):
        near = all(abs(p - pixel[0]) <= lattice.reach for p in pixel[lattice.named])
        diagonal = slice(0, lattice.diagonal_size)
        part = lattice.diagonal if near else lattice.non_diagonal
        rows = diagonal if near else slice(diagonal.stop, None)
    points = map(tuple, lattice.points[rows].tolist())
    value_at = dict(zip(points, values[rows].numpy(), strict=True))
    np.testing.assert_array_equal(found.numpy() * part.step, by_the_book(part, value_at, pixel))


@given(lattices, pixels | near_pixels)
def test_a_table_of_a_linear_function_gives_that_function(
    lattice: Lattice, pixel: list[int]
) -> None:
    slopes = torch.tensor([3.0, -5.0, 7.0, 11.0], dtype=torch.float64)
    values = torch.from_numpy(lattice.points).double() @ slopes[:, None]
    taps = torch.tensor([pixel], dtype=torch.float64)
    assert interpolate(values, lattice, taps).item() == pytest.approx((taps @ slopes).item())


@given(lattices, pixels | near_pixels)
def test_the_five_weights_are_shares_of_one(lattice: Lattice, pixel: list[int]) -> None:
    rows, weights = find_vertices(lattice, torch.tensor([pixel], dtype=torch.float64))
    assert rows.shape == weights.shape == (1, 5)
    assert weights.min() >= 0
    assert weights.sum() == 1
    assert rows.min() >= 0 and rows.max() < lattice.size


@given(near_pixels)
def test_equal_fractions_never_lead_out_of_the_diagonal_band(pixel: list[int]) -> None:
    lattice = DiagonalFirst(Uniform(4), "xyzt", 2, Uniform(5))
    rows, _ = find_vertices(lattice, torch.tensor([pixel], dtype=torch.float32))
    if max(abs(p - pixel[0]) for p in pixel) <= lattice.reach:
        vertices = lattice.points[rows[0]]
        steps = np.diff(vertices, axis=0)
        assert (steps.sum(1) == 16).all(), "each vertex raises one coordinate of the one before"


@pytest.mark.parametrize("lattice", [Uniform(7), DIAGONAL_FIRST])
def test_gradients_reach_the_table_and_the_pixels(lattice: Lattice) -> None:
    rng = np.random.default_rng(1)
    values = random_values(lattice, width=2).requires_grad_()
    # Inside a simplex of the lattice, away from ties: there the function is linear.
    corner = rng.integers(0, 3, (6, 1)) * 64 + rng.permuted(
        np.tile([5.0, 11.0, 3.0, 8.0], (6, 1)), axis=1
    )
    taps = torch.tensor(corner, dtype=torch.float64, requires_grad=True)

    def lookup(values: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
        return interpolate(values, lattice, taps)

    assert torch.autograd.gradcheck(lookup, (values, taps), eps=1e-4)


@given(
    taps=st.integers(1, 3),
    interval=st.integers(0, 4),
    levels=st.sampled_from([16, 64]),
    seed=st.integers(0, 99),
)
def test_fewer_taps_are_interpolated_as_four_of_which_some_are_0(
    taps: int, interval: int, levels: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    fewer = Uniform(max(interval, (levels // 32).bit_length() - 1), taps, levels)
    values = random_values(fewer)
    pixels = rng.integers(levels, size=(20, taps))
    four = Uniform(fewer.interval, 4, levels)
    if four.size > 10**6:
        return
    repeated = values.reshape(*[fewer.length] * taps, *[1] * (4 - taps), 3)
    repeated = repeated.expand(*[four.length] * 4, 3).reshape(-1, 3)
    padded = np.pad(pixels, ((0, 0), (0, 4 - taps)))
    found = interpolate(values, fewer, torch.from_numpy(pixels).double())
    assert torch.allclose(found, interpolate(repeated, four, torch.from_numpy(padded).double()))


@pytest.mark.parametrize("lattice", [Uniform(2, 1, 256), Adaptive((0, 3, 6), 64)])
def test_gradients_reach_columns_and_levels(lattice: Uniform | Adaptive) -> None:
    cells = put_cells(lattice, 3, torch.device("cpu"))
    size = lattice.size * (3 if isinstance(lattice, Uniform) else 1)
    values = torch.randn(size, dtype=torch.float64, requires_grad=True)
    levels = torch.randint(1, lattice.levels - 1, (7, 3)).double()
    assert torch.autograd.gradcheck(lambda v: interpolate_columns(v, cells, levels), (values,))
    levels.requires_grad_()
    interpolate_columns(values, cells, levels).sum().backward()
    with torch.no_grad():  # the slope of a cell is that from a level to the next
        rise = interpolate_columns(values, cells, levels + 1)
        rise -= interpolate_columns(values, cells, levels)
    torch.testing.assert_close(levels.grad, rise)
