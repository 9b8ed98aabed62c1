"""Export: sample what was trained, cells or tables, on a uniform lattice."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dfc.models.architectures import Architecture
from dfc.models.interpolation import interpolate
from dfc.models.lattice import DiagonalFirst
from dfc.models.lut import Lut, Table, choose_lattice
from dfc.models.network import Network

Answer = Callable[[str, Tensor], Tensor]
"""Gives the values [N, V] of a table at points [N, 4], 0..256."""


def export(trained: Network | Lut, task: str, interval: int) -> Lut:
    """Evaluate every cell, or interpolate every table, at all points of the uniform lattice.

    Parameters
    ----------
    trained
        The network, or a LUT on whatever lattice.
    task
        What it was trained for.
    interval
        Sample every 2^interval grey levels (4 as published).

    Returns
    -------
    Lut
        Uniform int8 tables. The last point of an axis, 256, holds the answer at 255 (NUMERICS).
        A LUT that is compressed already, or on that lattice, is handed on as it is.
    """
    step: dict[str, Any] = {"step": "export", "interval": interval}
    if isinstance(trained, Network):
        step["features"] = trained.features
        history, answer = (), _cells_of(trained)
    elif _is_final(trained, interval):
        return replace(trained, task=task)
    else:
        history, answer = trained.history, _tables_of(trained)
    tables = _sampled(trained.architecture, interval, answer)
    return Lut(trained.architecture, task, tables, (*history, step))


def _is_final(lut: Lut, interval: int) -> bool:
    lattices = {name: table.lattice for name, table in lut.tables.items()}
    return any(isinstance(lattice, DiagonalFirst) for lattice in lattices.values()) or all(
        lattices[name] == choose_lattice(lookup.pattern, interval)
        for name, (lookup, _) in lut.architecture.lookups.items()
    )


@torch.no_grad()
def _sampled(architecture: Architecture, interval: int, answer: Answer) -> dict[str, Table]:
    tables = {}
    for name, (lookup, _) in architecture.lookups.items():
        lattice = choose_lattice(lookup.pattern, interval)
        values = answer(name, torch.from_numpy(lattice.points).float())
        tables[name] = Table(lattice, values.round().cpu().numpy().astype(np.int8))
    return tables


def _cells_of(network: Network) -> Answer:
    device = next(network.parameters()).device
    return lambda name, points: network.cells[name](points.clamp(max=255).to(device))


def _tables_of(lut: Lut) -> Answer:
    def answer(name: str, points: Tensor) -> Tensor:
        table = lut.tables[name]
        return interpolate(torch.from_numpy(table.values).float(), table.lattice, points)

    return answer
