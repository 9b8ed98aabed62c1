"""The table model: a differentiable restoration model whose parameters are tables."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import repeat

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from dfc.models.forward import LookupModel, round_straight_through
from dfc.models.interpolation import find_vertices, interpolate, interpolate_columns, put_cells
from dfc.models.lattice import Adaptive, Cells, Uniform
from dfc.models.layers import Lookup
from dfc.models.lut import Lut, Table


class TableModel(LookupModel):
    """A LUT whose tables can be trained; restores exactly what its int8 tables restore.

    Lattices of coarser `intervals` are trained together with those of the tables.
    """

    def __init__(self, lut: Lut, intervals: Iterable[int] = ()) -> None:
        super().__init__(lut.architecture)
        self.lut = lut
        self.table_parameters = nn.ModuleDict(
            {
                name: TableParameters(lut.tables[name], intervals, layer.gain)
                for name, (_, layer) in lut.architecture.lookups.items()
            }
        )
        self.eval()

    def look_up(self, lookup: Lookup, place: int, taps: Tensor) -> Tensor:
        """Interpolate the table of a lookup at whole-numbered levels of its taps."""
        _, layer = self.architecture.lookups[lookup.table]
        columns = slice(place * layer.values, (place + 1) * layer.values)
        values, lattice = self.round_values(lookup.table), self.lut.tables[lookup.table].lattice
        if lookup.taps == 1:
            cells = put_cells(lattice, self.lut.tables[lookup.table].columns, taps.device)
            return interpolate_columns(values, Cells(*(part[:, columns] for part in cells)), taps)
        return interpolate(values[:, columns], lattice, taps)

    def round_values(self, name: str) -> Tensor:
        """Round the parameters of a table to the whole numbers that are looked up."""
        parameters = self.table_parameters[name]
        return round_straight_through(parameters().clamp(parameters.lowest, 1) * 127)

    @torch.no_grad()
    def to_lut(self, step: str, iterations: int, **details: object) -> Lut:
        """Make the int8 LUT of the present parameters; its history says step and iterations."""
        tables = {
            name: Table(table.lattice, self.round_values(name).cpu().numpy().astype(np.int8))
            for name, table in self.lut.tables.items()
        }
        history = (*self.lut.history, {"step": step, "iterations": iterations, **details})
        return replace(self.lut, tables=tables, history=history)


class TableParameters(nn.Module):
    """Trainable values of one table / 127, -1..1, as a sum over lattices.

    Most values on a fine lattice are accessed too rarely to learn anything but noise: those of
    coarser ones, interpolated, are added. Steps of an optimiser are `gain` times larger, so that
    those of all layers move a pixel alike; those of each coarser lattice are twice as large again.
    """

    def __init__(self, table: Table, intervals: Iterable[int] = (), gain: float = 1.0) -> None:
        super().__init__()
        self.gain = gain
        # Published tables may go down to -128.
        self.lowest = min(-1.0, int(table.values.min()) / 127)
        self.own = nn.Parameter(torch.from_numpy(table.values.astype(np.float32)) / 127 / gain)
        taps, levels = table.lattice.taps, table.lattice.levels
        # Of 256 levels; those of fewer have as many points.
        own = [] if isinstance(table.lattice, Adaptive) else intervals
        scaled = (interval - 9 + levels.bit_length() for interval in own)
        coarser = sorted(interval for interval in scaled if interval > table.lattice.interval)
        lattices = [Uniform(interval, taps, levels) for interval in coarser]
        self.coarse = nn.ModuleList()
        if taps == 1 and lattices:
            # Visited everywhere: larger steps make them oscillate.
            self.coarse.append(_CoarseOneTap(table, lattices))
        elif lattices:
            gains = (2.0 ** (depth + 1) for depth in range(len(lattices)))
            self.coarse.extend(map(_Coarse, repeat(table), lattices, gains))

    def forward(self) -> Tensor:
        """Add up the values [rows, values], float32, of all lattices."""
        return self.add_up() * self.gain

    def add_up(self) -> Tensor:
        """Add up the values of all lattices, in units of the gain."""
        return sum((coarse() for coarse in self.coarse), start=self.own)


class _Coarse(nn.Module):
    """Trainable values on a coarse lattice, interpolated at the points of a table."""

    def __init__(self, table: Table, lattice: Uniform, gain: float) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.zeros(lattice.size, table.values.shape[1]))
        columns, weights = find_vertices(lattice, torch.from_numpy(table.lattice.points).float())
        rows = torch.arange(len(columns)).repeat_interleave(columns.shape[1])
        columns, weights = columns.flatten(), weights.flatten() * gain
        self._matrix = _Sparse(rows, columns, weights, len(table.values))
        self._transpose = _Sparse(columns, rows, weights, lattice.size)

    def forward(self) -> Tensor:
        return _Product.apply(self.values, self._matrix, self._transpose)


class _CoarseOneTap(nn.Module):
    """Trainable values of a table of one tap on coarse lattices, all of them in one matrix."""

    def __init__(self, table: Table, lattices: list[Uniform]) -> None:
        super().__init__()
        sizes = [lattice.size for lattice in lattices]
        self.values = nn.Parameter(torch.zeros(sum(sizes), table.values.shape[1]))
        matrix = torch.zeros(len(table.values), sum(sizes))
        taps = torch.from_numpy(table.lattice.points).float()
        for lattice, part in zip(lattices, matrix.split(sizes, 1), strict=True):
            part.scatter_add_(1, *find_vertices(lattice, taps))
        self.register_buffer("_matrix", matrix, persistent=False)

    def forward(self) -> Tensor:
        with torch.autocast(self.values.device.type, enabled=False):  # which would round tables
            return self._matrix @ self.values


class _Product(torch.autograd.Function):
    """A product with a matrix of its own for the backward pass: ten times as fast as PyTorch's."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor, matrix: nn.Module, back: nn.Module) -> Tensor:
        ctx.transpose = back
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
