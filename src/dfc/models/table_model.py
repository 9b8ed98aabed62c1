"""The table model: a differentiable restoration model whose parameters are tables."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from dfc.models.forward import LookupModel, round_straight_through
from dfc.models.interpolation import find_vertices, interpolate
from dfc.models.lattice import Uniform
from dfc.models.layers import Lookup
from dfc.models.lut import Lut, Table
from dfc.models.start import compute_gain


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


class TableParameters(nn.Module):
    """Trainable values of one table / 127, -1..1, as a sum over lattices.

    Most values on a fine lattice are accessed too rarely to learn anything but noise. Those of a
    coarse lattice, of an interval above that of the table, are not; interpolated at the points of
    the table, they are added to its own. Steps of an optimiser are `gain` times larger, so that
    those of all layers move a pixel alike; those of each coarser lattice are twice as large again.
    """

    def __init__(self, table: Table, intervals: Iterable[int] = (), gain: float = 1.0) -> None:
        super().__init__()
        self._gain = gain
        self.own = nn.Parameter(torch.from_numpy(table.values.astype(np.float32)) / 127 / gain)
        coarser = sorted(interval for interval in intervals if interval > table.lattice.finest)
        self.coarse = nn.ModuleList(
            _Coarse(table, Uniform(interval), 2.0 ** (depth + 1))
            for depth, interval in enumerate(coarser)
        )

    def forward(self) -> Tensor:
        """Add up the values [rows, values], float32, of all lattices."""
        return sum((coarse() for coarse in self.coarse), start=self.own) * self._gain


class _Coarse(nn.Module):
    """Trainable values on a coarse lattice, interpolated at the points of a table."""

    def __init__(self, table: Table, lattice: Uniform, gain: float) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.zeros(lattice.size, table.values.shape[1]))
        columns, weights = find_vertices(lattice, torch.from_numpy(table.lattice.points).float())
        rows = torch.arange(len(columns)).repeat_interleave(5)
        columns, weights = columns.flatten(), weights.flatten() * gain
        self._matrix = _Sparse(rows, columns, weights, len(table.values))
        self._transpose = _Sparse(columns, rows, weights, lattice.size)

    def forward(self) -> Tensor:
        return _Product.apply(self.values, self._matrix, self._transpose)


class _Product(torch.autograd.Function):
    """A product whose backward pass has a matrix of its own: PyTorch's, which does without,
    takes ten times as long."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, values: Tensor, matrix: "_Sparse", transpose: "_Sparse"
    ) -> Tensor:
        ctx.transpose = transpose
        return matrix(values)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, None, None]:
        return ctx.transpose(gradient), None, None


class _Sparse(nn.Module):
    """A sparse matrix, row after row."""

    def __init__(self, rows: Tensor, columns: Tensor, weights: Tensor, height: int) -> None:
        super().__init__()
        order = torch.argsort(rows, stable=True)
        ends = torch.bincount(rows, minlength=height).cumsum(0)
        self.register_buffer("columns", columns[order], persistent=False)
        self.register_buffer("starts", functional.pad(ends[:-1], (1, 0)), persistent=False)
        self.register_buffer("weights", weights[order], persistent=False)

    def forward(self, factor: Tensor) -> Tensor:
        """Multiply by a dense matrix."""
        weights = self.weights.to(factor.dtype)
        return functional.embedding_bag(
            self.columns, factor, self.starts, per_sample_weights=weights, mode="sum"
        )
