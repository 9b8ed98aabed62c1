from collections.abc import Callable

import numpy as np
import pytest
import torch

from dfc.models.interpolation import interpolate
from dfc.models.lattice import DiagonalFirst, Lattice, Uniform
from dfc.models.lut import Lut, Table
from dfc.models.table_model import TableParameters

MakeLut = Callable[..., Lut]
LATTICES = [Uniform(5), DiagonalFirst(Uniform(4), "xyzt", 1, Uniform(6))]


def noise(lattice: Lattice) -> Table:
    values = np.random.default_rng(0).integers(-127, 128, (lattice.size, 3), dtype=np.int8)
    return Table(lattice, values)


@pytest.mark.parametrize("lattice", LATTICES)
@pytest.mark.parametrize("gain", [1.0, 0.25])
def test_training_starts_from_the_table(lattice: Lattice, gain: float) -> None:
    table = noise(lattice)
    entries = TableParameters(table, [7, 6], gain)
    np.testing.assert_allclose(entries().detach() * 127, table.values, atol=1e-4)


@pytest.mark.parametrize("lattice", LATTICES)
def test_coarse_entries_are_interpolated_at_the_points_of_the_table(lattice: Lattice) -> None:
    table = noise(lattice)
    entries = TableParameters(table, [7], gain=1)
    (coarse,) = entries.coarse
    with torch.no_grad():
        start = entries()
        coarse.values.copy_(torch.randn(coarse.values.shape))
        added = entries() - start
    below = lattice.points.max(1) <= 255  # as pixels are
    points = torch.from_numpy(lattice.points[below]).float()
    expected = interpolate(coarse.values.detach(), Uniform(7), points)
    torch.testing.assert_close(added[below], 2 * expected, rtol=0, atol=1e-5)


def test_the_last_point_of_an_axis_is_that_of_the_coarse_lattice() -> None:
    entries = TableParameters(noise(Uniform(5)), [7])
    (coarse,) = entries.coarse
    with torch.no_grad():
        start = entries()
        coarse.values[-1] = 1
        assert (entries() - start)[-1].tolist() == pytest.approx([2, 2, 2])


def test_a_step_of_every_coarser_lattice_is_twice_as_large() -> None:
    """Seen at the corner, which is a point of all lattices."""
    entries = TableParameters(noise(Uniform(5)), [7, 6], gain=0.25)
    entries()[0, 0].backward()
    assert entries.own.grad[0, 0] == 0.25
    assert [coarse.values.grad[0, 0].item() for coarse in entries.coarse] == [0.5, 1.0]


def test_lattices_that_are_not_coarser_are_left_out(make_lut: MakeLut) -> None:
    assert len(TableParameters(noise(Uniform(5)), [7, 6, 5, 4]).coarse) == 2
    assert len(TableParameters(noise(LATTICES[1]), [5, 4]).coarse) == 1


def test_coarse_entries_of_one_tap_are_interpolated_and_keep_their_precision() -> None:
    table = noise(Uniform(2, taps=1))
    entries = TableParameters(table, [7, 6, 3])
    (coarse,) = entries.coarse
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        start = entries()
        coarse.values.copy_(torch.randn(coarse.values.shape))
        added = entries() - start
    points = torch.from_numpy(table.lattice.points[:-1]).float()
    lattices = [Uniform(interval, 1) for interval in (3, 6, 7)]
    parts = coarse.values.detach().split([lattice.size for lattice in lattices])
    expected = sum(map(interpolate, parts, lattices, [points] * 3))
    torch.testing.assert_close(added[:-1], expected, rtol=0, atol=1e-5)
