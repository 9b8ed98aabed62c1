from collections.abc import Callable

import numpy as np
import pytest

from dfc.evaluation.accesses import count_accesses, count_values
from dfc.evaluation.collect import compute_diagonal_share, compute_uniform_mib
from dfc.models.lut import Lut


def test_a_flat_image_is_read_on_the_diagonal_alone(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("mulut", 2, "s", interval=4).compress("xyzt", 2, 5)
    (first, _), cells = count_accesses(lut, [np.full((8, 8), 100, np.uint8)])
    assert (first.name, first.step, first.diagonal_share) == ("layer 1", 16, 1)
    (only,) = cells[cells["layer"] == "layer 1"].to_dict("records")
    assert (only["a"], only["other"]) == (96, 96)
    assert only["count"] == 3 * 4 * 64, "three neighbours a lookup, four rotations"


def test_noise_is_read_everywhere(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("sr_lut", 2, "s", interval=4).compress("xyzt", 1, 5)
    image = np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8)
    (only,), cells = count_accesses(lut, [image])
    assert len(cells) == 16 * 16
    assert 0 < only.diagonal_share < 0.05


def test_the_channel_table_has_no_neighbours_to_count(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("spf_lut", 2, "s", interval=6)
    image = np.random.default_rng(0).integers(256, size=(8, 8), dtype=np.uint8)
    layers, cells = count_accesses(lut, [image])
    assert [layer.name for layer in layers] == [f"layer {number}" for number in (1, 2, 3, 4, 6)]
    last = cells[cells["layer"] == "layer 6"]
    assert last["count"].sum() == 3 * 4 * 4 * 64, "a table for each of four channels"


def test_noise_that_was_not_rounded_is_counted_in_whole_levels(
    make_lut: Callable[..., Lut],
) -> None:
    lut = make_lut("sr_lut", 2, "s", interval=4)
    _, cells = count_accesses(lut, [np.full((4, 4), 15.6)])
    assert cells[["a", "other"]].to_numpy().tolist() == [[16, 16]], "as 16"


def test_large_images_are_counted_in_their_middle(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("sr_lut", 2, "s", interval=6)
    _, cells = count_accesses(lut, [np.zeros((300, 40), np.uint8)])
    assert cells["count"].sum() == 3 * 4 * 128 * 40


def test_sizes_are_those_published(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("mulut", 4, "sdy", interval=4)
    compressed = lut.compress("xyzt", 2, 5)
    assert compute_uniform_mib(compressed) == pytest.approx(lut.size_mib)
    assert compute_diagonal_share(compressed) == pytest.approx(1807 / (1807 + 6561))
    assert compute_diagonal_share(lut) == 0


def test_shares_of_values_add_up_in_every_group_of_layers(make_lut: Callable[..., Lut]) -> None:
    shares = count_values(make_lut("mulut", 2, "s"))
    assert shares.groupby("layers")["share"].sum().to_dict() == pytest.approx(
        {"hidden layers": 1, "last layer": 1}
    )
    assert set(count_values(make_lut("sr_lut", 2, "s"))["layers"]) == {"last layer"}
