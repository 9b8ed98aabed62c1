from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.random_luts import assert_same_gradients

from dfc.engine.training import EngineModel
from dfc.models.lut import Lut

MakeLut = Callable[..., Lut]


def pixels(*shape: int) -> torch.Tensor:
    """Smooth pixels with noise here and there, so that equal and distant ones occur."""
    rng = np.random.default_rng(sum(shape))
    ground = np.linspace(20, 230, int(np.prod(shape))).reshape(shape)
    spread = rng.choice([0, 2, 60], size=shape) * rng.standard_normal(shape)
    return torch.from_numpy(np.clip(ground + spread, 0, 255).round()).float()


@given(
    shape=st.tuples(st.integers(1, 3), st.just(1), st.integers(1, 20), st.integers(1, 24)),
    scale=st.integers(1, 4),
    patterns=st.sampled_from(["s", "sdy", "eho"]),
    dims=st.sampled_from([None, "xy", "xyz", "xyzt"]),
    width=st.integers(0, 3),
)
@settings(max_examples=25)
def test_gradients_are_those_of_the_table_model(
    make_lut: MakeLut,
    shape: tuple[int, ...],
    scale: int,
    patterns: str,
    dims: str | None,
    width: int,
) -> None:
    lut = make_lut("mulut", scale, patterns, interval=4)
    if dims:
        lut = lut.compress(dims, width, 6)
    assert_same_gradients(lut, pixels(*shape))


@pytest.mark.parametrize("name", ["sr_lut", "spf_lut"])
@pytest.mark.parametrize("compressed", [False, True])
def test_gradients_of_every_architecture(make_lut: MakeLut, name: str, compressed: bool) -> None:
    lut = make_lut(name, 2, "sdy", interval=4)
    if compressed:
        lut = lut.compress("xyzt", 2, 5)
    assert_same_gradients(lut, pixels(2, 1, 11, 21))


def test_entries_that_are_clipped_get_no_gradient(make_lut: MakeLut) -> None:
    model = EngineModel(make_lut("sr_lut", 2, "s"))
    with torch.no_grad():
        model.table_parameters["s1_s"].own.fill_(7)
    model(pixels(1, 1, 6, 6)).sum().backward()
    assert not model.table_parameters["s1_s"].own.grad.any()


def test_training_lowers_the_loss(make_lut: MakeLut) -> None:
    model = EngineModel(make_lut("mulut", 2, "sd"))
    image = pixels(2, 1, 12, 12)
    target = image.repeat_interleave(2, 2).repeat_interleave(2, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(20):
        loss = torch.nn.functional.mse_loss(model(image), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
