import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from dfc.tasks.metrics import compute_psnr_b
from dfc.training.loop import Ema, compute_loss

FLOOR = 3e-4


def test_rough_and_smooth_crops_count_alike() -> None:
    """Halving the MSE of one crop is worth as much as halving that of another."""
    target = torch.zeros(2, 1, 4, 4)
    rough, smooth = 100.0, 50.0
    restored = torch.stack([torch.full((1, 4, 4), level) for level in (rough, smooth)])

    def gain(crop: int) -> float:
        better = restored.clone()
        better[crop] /= math.sqrt(2)
        return (compute_loss(restored, target, FLOOR) - compute_loss(better, target, FLOOR)).item()

    assert gain(0) == pytest.approx(math.log(2) / 2, rel=0.02)
    assert gain(1) == pytest.approx(gain(0), rel=0.02)


def test_crops_without_detail_do_not_count_most() -> None:
    target = torch.zeros(1, 1, 4, 4)
    restored = torch.full((1, 1, 4, 4), 0.1, requires_grad=True)
    compute_loss(restored, target, FLOOR).backward()
    assert compute_loss(target, target, FLOOR).item() == pytest.approx(math.log(FLOOR))
    assert restored.grad.abs().max() < 1e-3


def test_visible_blocks_are_an_error_as_in_psnr_b() -> None:
    target = torch.full((1, 1, 512, 512), 100.0)
    blocks = target + torch.randint(-9, 9, (1, 1, 64, 64)).repeat_interleave(
        8, 2
    ).repeat_interleave(8, 3)
    loss = compute_loss(blocks, target, 0.0, block=8).item()
    psnr_b = compute_psnr_b(blocks[0, 0].numpy(), target[0, 0].numpy())
    assert 10 * loss / math.log(10) == pytest.approx(-psnr_b)
    # Steps between blocks that are in the target are none.
    assert compute_loss(blocks, blocks, 1.0, block=8).item() == 0


def test_the_ema_follows_and_then_calms_down() -> None:
    """Early on it leaves the start behind; later, single values hardly move it."""
    model = nn.Linear(1, 1, bias=False)
    ema = Ema(model)

    def update(value: float) -> float:
        nn.init.constant_(model.weight, value)
        ema.update(model)
        return ema.module.weight.item()

    assert update(0.5) == 0.5, "the first values are taken as they are"
    for _ in range(100):
        last = update(1)
    assert last > 0.99
    ema.n_averaged.fill_(10**6)
    assert update(10) < 1.1


def test_a_loss_that_is_no_number_any_more_ends_training(
    run_stages: Callable[..., dict[str, Any]],
) -> None:
    steep = {"method": "network", "lr0": 1e38, "total_iter": 3, "val_step": 1}
    with pytest.raises(SystemExit, match="error: lr0: the loss is nan after iteration 2"):
        run_stages("prepare", "init", "train", task="sr", train=steep)
