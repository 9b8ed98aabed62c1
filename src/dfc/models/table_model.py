"""The table model: a differentiable restoration model whose parameters are tables."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from dfc.models.forward import LookupModel, round_straight_through
from dfc.models.interpolation import interpolate
from dfc.models.layers import Lookup
from dfc.models.lut import Lut, Table
from dfc.models.start import compute_gain
from dfc.models.table_parameters import TableParameters


class TableModel(LookupModel):
    """A LUT whose tables can be trained; restores exactly what its int8 tables restore.

    Lattices of coarser `intervals` are trained together with those of the tables.
    """

    def __init__(self, lut: Lut, intervals: Iterable[int] = ()) -> None:
        super().__init__()
        self.lut = lut
        self.architecture = lut.architecture
        self.table_parameters = nn.ModuleDict(
            {
                name: TableParameters(lut.tables[name], intervals, compute_gain(layer))
                for name, (_, layer) in lut.architecture.lookups.items()
            }
        )

    def look_up(self, lookup: Lookup, taps: Tensor) -> Tensor:
        """Interpolate the table of a lookup at whole-numbered taps [N, 4], 0..256."""
        values = self._round_values(lookup.table)
        return interpolate(values, self.lut.tables[lookup.table].lattice, taps)

    def _round_values(self, name: str) -> Tensor:
        return round_straight_through(self.table_parameters[name]().clamp(-1, 1) * 127)

    @torch.no_grad()
    def to_lut(self, step: str, iterations: int) -> Lut:
        """Make the int8 LUT of the present parameters; its history says step and iterations."""
        tables = {
            name: Table(table.lattice, self._round_values(name).cpu().numpy().astype(np.int8))
            for name, table in self.lut.tables.items()
        }
        history = (*self.lut.history, {"step": step, "iterations": iterations})
        return replace(self.lut, tables=tables, history=history)
