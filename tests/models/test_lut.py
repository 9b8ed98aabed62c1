from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dfc.engine import restore
from dfc.models.architectures import build
from dfc.models.lattice import Adaptive, DiagonalFirst, Uniform
from dfc.models.lut import Lut, Table

MakeLut = Callable[..., Lut]


@pytest.mark.parametrize(
    ("name", "uniform", "compressed"), [("mulut", 4.062, 0.407), ("spf_lut", 17.284, 2.018)]
)
def test_sizes_are_as_published(
    make_lut: MakeLut, name: str, uniform: float, compressed: float
) -> None:
    lut = make_lut(name, 4, "sdy", interval=4)
    assert round(lut.size_mib, 3) == uniform
    assert round(lut.compress("xyzt", 2, 5).size_mib, 3) == compressed


@pytest.mark.parametrize("dims", ["xy", "xyz", "xyzt"])
@pytest.mark.parametrize("interval", [5, 6, 7])
def test_compressing_keeps_the_value_of_every_point(
    make_lut: MakeLut, dims: str, interval: int
) -> None:
    table = make_lut("sr_lut", 1, "s", interval=4).tables["s1_s"]
    lattice = DiagonalFirst(Uniform(4), dims, 2, Uniform(interval))
    expected = table.values[np.ravel_multi_index((lattice.points // 16).T, (17,) * 4)]
    np.testing.assert_array_equal(table.resample(lattice).values, expected)


def test_the_channel_table_is_never_compressed(make_lut: MakeLut) -> None:
    lut = make_lut("spf_lut", 2, "s")
    assert lut.compress("xyzt", 1, 7).tables["s5_channel"] is lut.tables["s5_channel"]


def test_compressing_is_written_into_the_history(make_lut: MakeLut) -> None:
    history = make_lut("mulut", 2, "s").compress("xyz", 1, 7).history
    assert history[-1] == {"step": "compress", "dims": "xyz", "diagonal_width": 1, "interval": 7}


def test_a_compressed_table_cannot_be_compressed_in_another_way(make_lut: MakeLut) -> None:
    lut = make_lut("mulut", 2, "s").compress("xyz", 1, 7)
    assert lut.compress("xyz", 1, 7) is lut
    with pytest.raises(ValueError, match="compressed already"):
        lut.compress("xyz", 2, 7)


def test_a_table_is_compressed_to_coarser_samples_alone(make_lut: MakeLut) -> None:
    with pytest.raises(ValueError, match="interval 6 is not below"):
        make_lut("mulut", 2, "s").compress("xyz", 1, 6)


def test_tables_must_fit_their_lattice_and_architecture() -> None:
    values = np.zeros((81, 4), np.int8)
    table = Table(Uniform(7), values)
    with pytest.raises(ValueError, match="expected 625 rows"):
        Table(Uniform(6), values)
    with pytest.raises(ValueError, match="int8"):
        Table(Uniform(7), values.astype(np.int16))
    with pytest.raises(ValueError, match="expected the tables"):
        Lut(build("sr_lut", 2), "sr", {"s2_s": table})
    with pytest.raises(ValueError, match="expected 9 values a row, found 4"):
        Lut(build("sr_lut", 3), "sr", {"s1_s": table})


@pytest.mark.parametrize("error_bound", [0.0, 0.5, 3.0, 200.0])
def test_tables_of_one_tap_keep_as_few_values_as_the_bound_allows(
    make_lut: MakeLut, error_bound: float
) -> None:
    rng = np.random.default_rng(0)
    levels = np.arange(65)[:, None]
    smooth = 100 * np.sin(levels / rng.uniform(5, 50, 12) + rng.uniform(0, 6, 12))
    table = Table(Uniform(2, 1, 256), np.rint(smooth).astype(np.int8))
    found = table.resample_columns(error_bound)
    assert isinstance(found.lattice, Adaptive) and found.columns == 12
    error = np.abs(found.expand() - table.expand()).mean(0)
    assert (error <= error_bound).all()
    assert min(found.lattice.lengths) >= 5
    coarser = [min(interval + 1, 6) for interval in found.lattice.intervals]
    for column, interval in enumerate(coarser):
        step = 2 ** (interval - 2)
        kept = Table(Uniform(interval, 1, 256), table.values[::step, column : column + 1])
        error = np.abs(kept.expand()[:, 0] - table.expand()[:, column]).mean()
        assert error > error_bound or interval == found.lattice.intervals[column]


def test_a_bound_makes_a_lut_smaller_that_restores_alike(make_lut: MakeLut) -> None:
    lut = make_lut("shift_lut", 2, "", stages=2)
    small = lut.compress("xyzt", 2, 5, error_bound=40)
    assert small.size_mib < lut.size_mib
    assert small.history[-1] == {"step": "compress", "error_bound": 40}
    assert small.compress("xyzt", 2, 5, error_bound=40) is small
    image = np.random.default_rng(0).integers(256, size=(8, 9), dtype=np.uint8)
    same = lut.compress("xyzt", 2, 5, error_bound=0)
    np.testing.assert_array_equal(restore(image, same), restore(image, lut))


def test_a_table_needs_the_lattice_of_its_lookup(make_lut: MakeLut) -> None:
    lut = make_lut("shift_lut", 2, "", stages=1)
    wrong = Table(Uniform(4, 1, 64), np.zeros((5, 9 * 16), np.int8))
    with pytest.raises(ValueError, match=r"DW0_MSB: expected .* 1 tap\(s\) and 256 levels, found"):
        replace(lut, tables=lut.tables | {"DW0_MSB": wrong})
