"""The table model: tables as parameters of a differentiable restoration model."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from dfc.models.architectures import Layer, Lookup
from dfc.models.forward import restore, round_straight_through, sum_lookups
from dfc.models.interpolation import interpolate
from dfc.models.lut import Lut, Table
from dfc.models.table_parameters import TableParameters


class TableModel(nn.Module):
    """A LUT whose entries can be trained; restores exactly what its int8 tables restore.

    Parameters
    ----------
    lut
        Where the entries start.
    intervals
        Of coarser lattices that are trained together with those of the tables.
    """

    def __init__(self, lut: Lut, intervals: Iterable[int] = ()) -> None:
        super().__init__()
        self.lut = lut
        self.architecture = lut.architecture
        self.entries = nn.ModuleDict(
            {
                name: TableParameters(lut.tables[name], intervals, layer.gain)
                for name, (_, layer) in lut.architecture.lookups.items()
            }
        )

    def forward(self, image: Tensor) -> Tensor:
        """Restore pixels [B, 1, H, W], 0..255, to [B, 1, H * scale, W * scale], 0..255."""
        return restore(self.architecture, image, self.layer_sum)

    def layer_sum(self, layer: Layer, image: Tensor) -> Tensor:
        """Add up the lookups of one layer: the one place where faster kernels plug in."""
        return sum_lookups(layer, image, self.architecture.padding, self._answer)

    def _answer(self, lookup: Lookup, taps: Tensor) -> Tensor:
        values = self._values(lookup.table)
        return interpolate(values, self.lut.tables[lookup.table].lattice, taps)

    def _values(self, name: str) -> Tensor:
        return round_straight_through(self.entries[name]().clamp(-1, 1) * 127)

    @torch.no_grad()
    def trained(self, step: str, iterations: int) -> Lut:
        """The LUT with its current entries, and a word of how they came about."""
        tables = {
            name: Table(table.lattice, self._values(name).cpu().numpy().astype(np.int8))
            for name, table in self.lut.tables.items()
        }
        history = (*self.lut.history, {"step": step, "iterations": iterations})
        return replace(self.lut, tables=tables, history=history)
