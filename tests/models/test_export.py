from collections.abc import Callable

import numpy as np
import pytest
import torch

from dfc.engine.strips import restore
from dfc.models.architectures import build
from dfc.models.export import export
from dfc.models.lut import Lut
from dfc.models.network import Network
from dfc.training.start import make_nearest_neighbour

MakeLut = Callable[..., Lut]


def test_the_last_point_of_an_axis_holds_the_answer_at_white() -> None:
    network = Network(build("sr_lut", 2), features=4)
    lut = export(network, "sr", 6)
    white = network.cells["s1_s"](torch.full((1, 4), 255.0))
    assert lut.tables["s1_s"].values[-1].tolist() == white[0].tolist()


def test_compressing_the_table_equals_sampling_the_network_there() -> None:
    network = Network(build("mulut", 2, patterns="sd"), features=8)
    compressed = export(network, "sr", 4).compress("xyzt", 1, 6)
    with torch.no_grad():
        for name, table in compressed.tables.items():
            points = torch.from_numpy(table.lattice.points).clamp(max=255).float()
            assert torch.equal(network.cells[name](points), torch.from_numpy(table.values).float())


def test_tables_keep_their_values_on_a_finer_lattice(make_lut: MakeLut) -> None:
    lut = make_lut("spf_lut", 2, "s", interval=6)
    finer = export(lut, "sr", 4)
    assert finer.history == (*lut.history, {"step": "export", "interval": 4})
    back = export(finer, "sr", 6)
    for name, table in lut.tables.items():
        np.testing.assert_array_equal(back.tables[name].values, table.values)


@pytest.mark.parametrize("name", ["sr_lut", "mulut", "spf_lut"])
@pytest.mark.parametrize("scale", [1, 4])
def test_the_nearest_neighbour_lut_repeats_every_pixel(name: str, scale: int) -> None:
    """All but the whitest, as 127 is the largest entry of a hidden layer."""
    lut = make_nearest_neighbour(build(name, scale), "sr", 4)
    image = np.random.default_rng(0).integers(0, 240, (9, 12), dtype=np.uint8)
    nearest = image.repeat(scale, 0).repeat(scale, 1)
    np.testing.assert_allclose(restore(image, lut).astype(int), nearest, atol=1)


@pytest.mark.parametrize("scale", [1, 2])
def test_pairs_of_colours_begin_as_nearest_neighbours(scale: int) -> None:
    lut = make_nearest_neighbour(build("pair_lut", scale), "denoise", 4)
    image = np.random.default_rng(0).integers(0, 240, (9, 12, 3), dtype=np.uint8)
    nearest = image.repeat(scale, 0).repeat(scale, 1)
    np.testing.assert_allclose(restore(image, lut).astype(int), nearest, atol=1)


def test_channels_begin_near_nearest_neighbours_and_differ() -> None:
    lut = make_nearest_neighbour(build("shift_lut", 4, stages=2), "sr", 4)
    image = np.random.default_rng(0).integers(40, 200, (9, 12), dtype=np.uint8)
    nearest = image.repeat(4, 0).repeat(4, 1).astype(int)
    assert np.abs(restore(image, lut) - nearest).mean() < 20
    columns = lut.tables["DW0_MSB"].values[:, :16].T
    assert len(np.unique(columns, axis=0)) == 16


def test_tables_of_one_tap_have_an_interval_of_their_own() -> None:
    lut = make_nearest_neighbour(build("shift_lut", 1, stages=1), "denoise", 4)
    coarse = export(lut, "denoise", 4, one_tap_interval=4)
    assert {len(table.values) for table in lut.tables.values()} == {65}
    assert {len(table.values) for table in coarse.tables.values()} == {17}
    for name, table in coarse.tables.items():
        np.testing.assert_array_equal(table.values[:-1], lut.tables[name].values[:-1:4])
