from collections.abc import Callable

import numpy as np
import pytest
import torch

from dfc.models.forward import clip_straight_through
from dfc.models.lut import Lut
from dfc.models.table_model import TableModel
from dfc.models.taps import Range

MakeLut = Callable[..., Lut]
ARCHITECTURES = ["sr_lut", "mulut", "spf_lut"]


def noise(*shape: int) -> torch.Tensor:
    return torch.randint(256, shape, generator=torch.manual_seed(0)).float()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_table_gets_a_gradient(make_lut: MakeLut, name: str) -> None:
    model = TableModel(make_lut(name, 2, "sd").compress("xyzt", 1, 7))
    model(noise(1, 1, 12, 12)).square().mean().backward()
    for table, entries in model.named_parameters():
        assert entries.grad is not None and entries.grad.abs().sum() > 0, table


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 2)])
def test_images_of_any_size_become_whole_numbered_pixels(
    make_lut: MakeLut, name: str, size: tuple[int, int]
) -> None:
    with torch.no_grad():
        restored = TableModel(make_lut(name, 3, "se"))(noise(2, 1, *size))
    assert restored.shape == (2, 1, 3 * size[0], 3 * size[1])
    assert torch.equal(restored, restored.round())
    assert restored.min() >= 0 and restored.max() <= 255


def test_turned_images_are_restored_turned(make_lut: MakeLut) -> None:
    model = TableModel(make_lut("mulut", 2, "sdy"))
    image = noise(1, 1, 6, 9)
    with torch.no_grad():
        turned = model(torch.rot90(image, 1, (2, 3)))
        assert torch.equal(turned, torch.rot90(model(image), 1, (2, 3)))


def test_an_untrained_model_gives_its_lut_back(make_lut: MakeLut) -> None:
    lut = make_lut("mulut", 4, "sdy")
    trained = TableModel(lut).to_lut("finetune", 7)
    assert trained.history[-1] == {"step": "finetune", "iterations": 7}
    for name, table in lut.tables.items():
        np.testing.assert_array_equal(trained.tables[name].values, table.values)


def test_entries_beyond_the_range_of_int8_are_clipped(make_lut: MakeLut) -> None:
    model = TableModel(make_lut("sr_lut", 2, "s"))
    with torch.no_grad():
        model.table_parameters["s1_s"].own.fill_(7)
    image = noise(1, 1, 4, 4)
    trained = model.to_lut("finetune", 1)
    assert (trained.tables["s1_s"].values == 127).all()
    assert torch.equal(model(image), TableModel(trained)(image))


def test_one_turn_counts_for_all_while_a_whole_ensemble_is_trained(make_lut: MakeLut) -> None:
    model = TableModel(make_lut("shift_lut", 2, "", stages=1, bits=6))
    image = noise(1, 1, 5, 7)
    with torch.no_grad():
        turned = model(torch.rot90(image, 1, (2, 3)))
        assert torch.equal(turned, torch.rot90(model(image), 1, (2, 3)))
        turn = model.run_turn(image, 0)
        assert torch.equal(model.train()(image), (4 * turn + 128).clamp(0, 255))


def test_a_clip_holds_back_gradients_that_lead_outwards() -> None:
    values = torch.tensor([-3.0, -3, 0, 5, 9, 12, 12], requires_grad=True)
    clipped = clip_straight_through(values, Range(0, 10))
    clipped.backward(torch.tensor([1.0, -1, 1, 1, -1, -1, 1]))
    assert clipped.tolist() == [0, 0, 0, 5, 9, 9, 9]
    assert values.grad.tolist() == [0, -1, 0, 1, 0, 0, 1]


def test_three_colours_are_restored_at_once(make_lut: MakeLut) -> None:
    model = TableModel(make_lut("pair_lut", 1, "s"))
    with torch.no_grad():
        restored = model(noise(2, 3, 4, 5))
    assert restored.shape == (2, 3, 4, 5)
