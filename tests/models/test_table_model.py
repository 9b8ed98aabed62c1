from collections.abc import Callable

import numpy as np
import pytest
import torch

from dfc.models.lut import Lut
from dfc.models.table_model import TableModel

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
