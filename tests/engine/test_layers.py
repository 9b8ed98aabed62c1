"""The engine beside PyTorch, on random layers: the same bytes, and the same gradients."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.random_luts import assert_same_gradients, draw_lut, make_noise

from dfc.common.errors import UserError
from dfc.engine import restore
from dfc.engine.isa import choose_isa, list_isas
from dfc.evaluation.benchmark import restore_with_model
from dfc.models.architectures import parse_architecture
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
sizes = st.tuples(st.integers(1, 9), st.integers(1, 40))


@pytest.mark.parametrize("isa", list_isas())
@given(lut=draw_lut(), size=sizes, seed=st.integers(0, 99))
@settings(max_examples=60, suppress_health_check=SLOW)
def test_random_layers_are_restored_alike(
    monkeypatch: pytest.MonkeyPatch, isa: str, lut: Lut, size: tuple[int, int], seed: int
) -> None:
    monkeypatch.setenv("DFC_ISA", isa)
    image = make_noise((*size, 3), seed)
    np.testing.assert_array_equal(
        restore(image, lut, 1), restore_with_model(TableModel(lut), image)
    )


@given(lut=draw_lut(), size=sizes, crops=st.integers(1, 3), single=st.booleans())
@settings(max_examples=60, suppress_health_check=SLOW)
def test_random_layers_learn_alike(
    lut: Lut, size: tuple[int, int], crops: int, single: bool
) -> None:
    shape = (crops, lut.architecture.colours, *size)
    image = torch.from_numpy(make_noise(shape, 1)).float()
    assert_same_gradients(lut, image, (), single, least=1e-3, share=5e-5, every=False)


@given(lut=draw_lut())
@settings(max_examples=30, suppress_health_check=SLOW)
def test_random_layers_travel_as_plain_values(lut: Lut) -> None:
    assert parse_architecture(lut.architecture.to_json()) == lut.architecture


def test_an_instruction_set_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DFC_ISA", "abacus")
    with pytest.raises(UserError, match=r"DFC_ISA: expected one of .*portable here, got 'abacus'"):
        choose_isa()


@pytest.mark.parametrize("colours", [1, 3])
def test_the_mean_of_four_turns_is_that_of_turned_pictures(
    make_lut: Callable[..., Lut], colours: int
) -> None:
    knobs = {"channels": 6, "colours": colours, "stages": 2}
    once, mean = (make_lut("shift_lut", 2, "", rotations=count, **knobs) for count in (1, 4))
    image = make_noise((17, 22, 3), 0)
    turns = [np.rot90(restore(np.rot90(image, k).copy(), once), -k) for k in range(4)]
    restored = restore(image, mean)
    np.testing.assert_array_equal(restored, np.rint(np.mean(turns, 0)))
    np.testing.assert_array_equal(restored, restore_with_model(TableModel(mean), image))


@pytest.mark.parametrize("scale", [1, 2])
def test_three_colours_and_dilated_windows_restore_as_the_table_model_does(
    make_lut: Callable[..., Lut], scale: int
) -> None:
    knobs = {"channels": 12, "colours": 3, "dilations": (1, 4, 2)}
    lut = make_lut("shift_lut", scale, "", stages=3, **knobs)
    image = make_noise((21, 34, 3), 0)
    np.testing.assert_array_equal(restore(image, lut), restore_with_model(TableModel(lut), image))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(("stages", "bits"), [(1, 6), (3, 6), (3, 8)])
def test_threads_and_strips_change_nothing(
    make_lut: Callable[..., Lut],
    monkeypatch: pytest.MonkeyPatch,
    threads: int,
    stages: int,
    bits: int,
) -> None:
    lut = make_lut("shift_lut", 4, "", stages=stages, bits=bits)
    image = make_noise((50, 40, 3), 0)
    expected = restore_with_model(TableModel(lut), image)
    for rows in (1, 7, 60):
        monkeypatch.setattr("dfc.engine.strips.STRIP_ROWS", rows)
        monkeypatch.setattr("dfc.engine.strips.FEWEST_ROWS", rows)
        np.testing.assert_array_equal(restore(image, lut, threads), expected)
