from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.random_luts import draw_lut

from dfc.engine import restore
from dfc.engine.unrounded import UnroundedModel, make_unrounded_model
from dfc.evaluation.benchmark import restore_with_model
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel

MakeLut = Callable[..., Lut]


@given(lut=draw_lut(), seed=st.integers(0, 99), height=st.integers(1, 9), width=st.integers(1, 9))
@settings(max_examples=60)
def test_levels_between_whole_ones_are_restored_as_by_the_table_model(
    lut: Lut, seed: int, height: int, width: int
) -> None:
    shape = 2, lut.architecture.colours, height, width
    eighths = np.random.default_rng(seed).integers(255 * 8, size=shape, endpoint=True)
    image = torch.from_numpy(eighths).float() / 8
    with torch.no_grad():
        found, expected = make_unrounded_model(lut)(image), TableModel(lut)(image)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize(("scale", "colours"), [(1, 3), (3, 1)])
def test_many_channels_are_restored_in_four_turns_as_by_the_table_model(
    make_lut: MakeLut, scale: int, colours: int
) -> None:
    knobs = {"channels": 12, "colours": colours, "dilations": (1, 2), "rotations": 4}
    lut = make_lut("shift_lut", scale, "", stages=3, **knobs)
    model = make_unrounded_model(lut)
    assert isinstance(model, UnroundedModel), "the kernel"
    noise = np.random.default_rng(0).uniform(0, 255, (21, 34, 3))
    eighths = np.rint(noise * 8) / 8
    expected = restore_with_model(TableModel(lut), eighths)
    np.testing.assert_array_equal(restore_with_model(model, eighths), expected)
    whole = noise.astype(np.uint8)
    np.testing.assert_array_equal(restore_with_model(model, whole), restore(whole, lut))


def test_a_level_between_two_has_a_value_between_theirs(make_lut: MakeLut) -> None:
    table = TableModel(make_lut("shift_lut", 1, "", stages=1, channels=1))
    (lookup,) = table.architecture.layers[0].lookups
    levels = torch.tensor([[20.0], [21.0], [20.25]])
    below, above, between = table.look_up(lookup, 0, levels)
    assert below != above
    torch.testing.assert_close(between, below + (above - below) / 4)
