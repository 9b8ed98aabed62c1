"""Timing what takes long."""

import time
from collections.abc import Iterator

import torch

from dfc.architectures import Architecture
from dfc.network import Network
from dfc.training import step


def network_steps(
    architecture: Architecture, features: int, batch_size: int, patch_size: int
) -> Iterator[float]:
    """Train a network on noise, and yield the seconds that each step takes; without end.

    Parameters
    ----------
    architecture, features
        Of the network.
    batch_size, patch_size
        Crops of a step, and their side in pixels of the degraded image.
    """
    network = Network(architecture, features)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    large = patch_size * architecture.scale
    degraded = torch.randint(256, (batch_size, 1, patch_size, patch_size)).float()
    sharp = torch.randint(256, (batch_size, 1, large, large)).float()
    while True:
        start = time.perf_counter()
        step(network, optimizer, degraded, sharp)
        yield time.perf_counter() - start
