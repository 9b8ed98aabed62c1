from collections.abc import Callable

import numpy as np
import pytest

from dfc.evaluation.accesses import (
    compute_diagonal_share,
    compute_uniform_mib,
    count_accesses,
    count_values,
)
from dfc.models.lut import Lut


def test_a_flat_image_is_read_on_the_diagonal_alone(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("mulut", 2, "s", interval=4).compress("xyzt", 2, 5)
    first, _ = count_accesses(lut, [np.full((8, 8), 100, np.uint8)])
    assert first.name == "layer 1"
    assert first.lookups == 4 * 64, "four rotations"
    assert first.diagonal_share == 1
    assert first.cells[6, 6] == 3 * first.lookups, "three neighbours a lookup"
    assert first.cells.sum() == first.cells[6, 6]


def test_noise_is_read_everywhere(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("sr_lut", 2, "s", interval=4).compress("xyzt", 1, 5)
    image = np.random.default_rng(0).integers(256, size=(64, 64, 3), dtype=np.uint8)
    (only,) = count_accesses(lut, [image])
    assert (only.cells > 0).all()
    assert 0 < only.diagonal_share < 0.05


def test_the_channel_table_has_no_neighbours_to_count(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("spf_lut", 2, "s", interval=6)
    image = np.random.default_rng(0).integers(256, size=(8, 8), dtype=np.uint8)
    counted = count_accesses(lut, [image])
    assert [each.name for each in counted] == [f"layer {number}" for number in (1, 2, 3, 4, 6)]
    assert counted[-1].lookups == 4 * 4 * 64, "a table for each of four channels"


def test_noise_that_was_not_rounded_is_counted_in_whole_levels(
    make_lut: Callable[..., Lut],
) -> None:
    lut = make_lut("sr_lut", 2, "s", interval=4)
    (only,) = count_accesses(lut, [np.full((4, 4), 15.6)])
    assert only.cells[1, 1] == only.cells.sum(), "as 16"


def test_large_images_are_counted_in_their_middle(make_lut: Callable[..., Lut]) -> None:
    lut = make_lut("sr_lut", 2, "s", interval=6)
    (only,) = count_accesses(lut, [np.zeros((300, 40), np.uint8)])
    assert only.lookups == 4 * 256 * 40


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
