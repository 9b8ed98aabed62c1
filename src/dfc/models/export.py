"""Export: sample what was trained, cells or tables, on a uniform lattice."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from dfc.models.lattice import Uniform
from dfc.models.lut import ONE_TAP_INTERVAL, Lut, Table, choose_lattice
from dfc.models.network import Network
from dfc.models.table_model import TableModel


@torch.no_grad()
def export(
    model: Network | Lut, task: str, interval: int, one_tap_interval: int = ONE_TAP_INTERVAL
) -> Lut:
    """Evaluate every cell, or interpolate every table, at all points of the uniform lattice.

    One sample is taken every 2^interval grey levels (4 as published); the last point of an axis,
    256, holds the value at 255 (docs/numerics.md, section 3). Tables of one tap have an interval of
    their own. A LUT that is compressed already, or
    on that lattice, is handed on as it is.
    """
    step: dict[str, Any] = {"step": "export", "interval": interval}
    lattices = {
        name: choose_lattice(lookup, interval, one_tap_interval)
        for name, (lookup, _) in model.architecture.lookups.items()
    }
    source: Network | TableModel
    if isinstance(model, Network):
        source, above, history = model, 0, ()
        step["features"] = model.features
    elif _is_final(model, lattices):
        return replace(model, task=task)
    else:
        source, above, history = TableModel(model), 1, model.history
    device = next(source.parameters()).device
    tables = {}
    for name, (lookup, _) in model.architecture.lookups.items():
        lattice = lattices[name]
        highest = lookup.levels - 1 + (above if lookup.taps > 1 else 0)
        points = torch.from_numpy(lattice.points).float().clamp(max=highest).to(device)
        values = [source.look_up(lookup, k, points).round() for k in range(len(lookup.places))]
        tables[name] = Table(lattice, torch.cat(values, 1).cpu().numpy().astype(np.int8))
    return Lut(model.architecture, task, tables, (*history, step))


def _is_final(lut: Lut, lattices: dict[str, Uniform]) -> bool:
    own = {name: table.lattice for name, table in lut.tables.items()}
    compressed = any(not isinstance(lattice, Uniform) for lattice in own.values())
    return compressed or own == lattices
