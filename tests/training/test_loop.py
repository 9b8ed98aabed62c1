import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from dfc.training.loop import compute_log_mse, update_ema

FLOOR = 3e-4


def test_rough_and_smooth_crops_count_alike() -> None:
    """Halving the MSE of one crop is worth as much as halving that of another."""
    target = torch.zeros(2, 1, 4, 4)
    rough, smooth = 100.0, 50.0
    restored = torch.stack([torch.full((1, 4, 4), level) for level in (rough, smooth)])

    def gain(crop: int) -> float:
        better = restored.clone()
        better[crop] /= math.sqrt(2)
        return (
            compute_log_mse(restored, target, FLOOR) - compute_log_mse(better, target, FLOOR)
        ).item()

    assert gain(0) == pytest.approx(math.log(2) / 2, rel=0.02)
    assert gain(1) == pytest.approx(gain(0), rel=0.02)


def test_crops_without_detail_do_not_count_most() -> None:
    target = torch.zeros(1, 1, 4, 4)
    restored = torch.full((1, 1, 4, 4), 0.1, requires_grad=True)
    compute_log_mse(restored, target, FLOOR).backward()
    assert compute_log_mse(target, target, FLOOR).item() == pytest.approx(math.log(FLOOR))
    assert restored.grad.abs().max() < 1e-3


def test_the_ema_follows_and_then_calms_down() -> None:
    """Early on it leaves the start behind; later, single values hardly move it."""
    average = [torch.zeros(1)]
    for count in range(1, 101):
        update_ema(average, [torch.ones(1)], torch.tensor(count))
    assert average[0].item() > 0.99
    update_ema(average, [torch.full((1,), 10.0)], torch.tensor(10**6))
    assert average[0].item() < 1.1


def test_a_loss_that_is_no_number_any_more_ends_training(
    run_stages: Callable[..., dict[str, Any]],
) -> None:
    steep = {"method": "network", "lr0": 1e38, "total_iter": 3, "val_step": 1}
    with pytest.raises(SystemExit, match="error: lr0: the loss is nan after iteration 2"):
        run_stages("prepare", "init", "train", task="sr", train=steep)
