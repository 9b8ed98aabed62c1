"""Export: sample what was trained, cells or tables, on a uniform lattice."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dfc.models.interpolation import interpolate
from dfc.models.lattice import DiagonalFirst
from dfc.models.layers import Architecture
from dfc.models.lut import Lut, Table, choose_lattice
from dfc.models.network import Network

LookUp = Callable[[str, Tensor], Tensor]
"""Gives the values [N, V] of a table, by its name, at points [N, 4], 0..256."""


def export(model: Network | Lut, task: str, interval: int) -> Lut:
    """Evaluate every cell, or interpolate every table, at all points of the uniform lattice.

    One sample is taken every 2^interval grey levels (4 as published); the task is what the model
    was trained for. The last point of an axis, 256, holds the value at 255 (docs/numerics.md,
    section 3). A LUT that is compressed already, or on that lattice, is handed on as it is.
    """
    step: dict[str, Any] = {"step": "export", "interval": interval}
    if isinstance(model, Network):
        step["features"] = model.features
        history, look_up = (), _evaluate_cells(model)
    elif _is_final(model, interval):
        return replace(model, task=task)
    else:
        history, look_up = model.history, _interpolate_tables(model)
    tables = _sample(model.architecture, interval, look_up)
    return Lut(model.architecture, task, tables, (*history, step))


def _is_final(lut: Lut, interval: int) -> bool:
    lattices = {name: table.lattice for name, table in lut.tables.items()}
    return any(isinstance(lattice, DiagonalFirst) for lattice in lattices.values()) or all(
        lattices[name] == choose_lattice(lookup, interval)
        for name, (lookup, _) in lut.architecture.lookups.items()
    )


@torch.no_grad()
def _sample(architecture: Architecture, interval: int, look_up: LookUp) -> dict[str, Table]:
    tables = {}
    for name, (lookup, _) in architecture.lookups.items():
        lattice = choose_lattice(lookup, interval)
        values = look_up(name, torch.from_numpy(lattice.points).float())
        tables[name] = Table(lattice, values.round().cpu().numpy().astype(np.int8))
    return tables


def _evaluate_cells(network: Network) -> LookUp:
    device = next(network.parameters()).device
    return lambda name, points: network.cells[name](points.clamp(max=255).to(device))


def _interpolate_tables(lut: Lut) -> LookUp:
    def look_up(name: str, points: Tensor) -> Tensor:
        table = lut.tables[name]
        return interpolate(torch.from_numpy(table.values).float(), table.lattice, points)

    return look_up
