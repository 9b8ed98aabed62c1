"""Timing what takes long."""

import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from typing import TypeVar

import torch
from torch import Tensor, nn

from dfc.training import step

Key = TypeVar("Key")


def median_seconds(
    calls: Mapping[Key, Callable[[], object]], budget: float, rounds: int = 5
) -> dict[Key, float]:
    """Median seconds of each call.

    All are called in turn, round after round, so that a machine that slows down does so for all of
    them, and their ratios stay. Each is called twice in a row, and only the second call counts:
    threads of the one before may still spin in the first.

    Parameters
    ----------
    calls
        What to time, by name.
    budget
        Seconds for each call, about.
    rounds
        So many at least.
    """
    seconds: dict[Key, list[float]] = {key: [] for key in calls}
    end = time.perf_counter() + budget * len(calls)
    while time.perf_counter() < end or len(next(iter(seconds.values()))) < rounds:
        for key, call in calls.items():
            call()
            start = time.perf_counter()
            call()
            seconds[key].append(time.perf_counter() - start)
    return {key: median(values) for key, values in seconds.items()}


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
