"""Timing what takes long."""

import time
from collections.abc import Callable, Iterator
from statistics import median

import torch
from torch import Tensor, nn

from dfc.training import step


def median_seconds(call: Callable[[], object], budget: float, at_least: int = 5) -> float:
    """Median seconds of a call, repeated for about `budget` seconds after one that warms up."""
    call()
    seconds: list[float] = []
    while len(seconds) < at_least or sum(seconds) < budget:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def training_steps(model: nn.Module, degraded: Tensor, sharp: Tensor) -> Iterator[float]:
    """Train a model on the same crops over and over, and yield the seconds of each step.

    Parameters
    ----------
    model
        A network or a table model.
    degraded, sharp
        Pixels [B, 1, h, w] and [B, 1, h * scale, w * scale], 0..255.
    """
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    while True:
        start = time.perf_counter()
        step(model, optimizer, degraded, sharp)
        yield time.perf_counter() - start
