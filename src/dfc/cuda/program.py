"""What the kernels of a layer of one tap need, on a device."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import triton
from torch import Tensor

from dfc.models.lattice import Cells, find_cells
from dfc.models.layers import Architecture, Layer, Lookup
from dfc.models.table_model import TableModel
from dfc.models.taps import compute_reach, rotate_taps


class LayerProgram(NamedTuple):
    """What the kernels of a layer need, on a device, for images that are turned so often."""

    layer: Layer
    first: int  # the plane that it makes first
    taps: Tensor  # int32: plane, row and column of each row, or rows and columns of all places
    residuals: Tensor  # int32 [summands, width, 4]: plane (-1 is none), row, column, lowest
    gain: float  # as `dfc.models.table_model.TableParameters` has it
    lowest: float  # of the values of the table, -128 or -127
    cells: tuple[Tensor, ...]  # as `dfc.models.lattice.Cells`, int32, flattened
    points: tuple[Tensor, ...]  # the cells of the points of the finest lattice of the table
    step: int  # of that lattice
    length: int  # its points
    width: int  # entries of a row, a power of 2
    moved: bool  # whether it reads other positions than its own
    expanded: Tensor  # the table at every level
    slopes: Tensor  # bfloat16 [rows, levels, width]

    @property
    def lookup(self) -> Lookup:
        """Its only lookup."""
        return self.layer.lookups[0]

    @property
    def source(self) -> int:
        """The first plane that it reads."""
        return self.lookup.places[0][0][0]

    @property
    def rows(self) -> int:
        """Rows of its table, as the kernels see it."""
        return self.layer.values if self.lookup.depthwise else len(self.lookup.places)

    @property
    def used(self) -> int:
        """Entries of a row that are used."""
        return len(self.lookup.places) if self.lookup.depthwise else self.layer.values


def compile_layers(model: TableModel, device: torch.device, turn: int) -> Iterator[LayerProgram]:
    """Compile the layers of a table model."""
    architecture = model.architecture
    for layer, first in zip(architecture.layers, architecture.first_planes, strict=True):
        (lookup,) = layer.lookups
        table, parameters = model.lut.tables[lookup.table], model.table_parameters[lookup.table]
        used, rows = layer.values, len(lookup.places)
        if lookup.depthwise:
            used, rows = rows, used
        width = max(16, triton.next_power_of_2(used))
        taps = np.array([rotate_taps(each, turn)[0] for each in lookup.places], np.int32)
        step = 2**table.lattice.interval
        length = lookup.levels // step + (step > 1)
        cells = find_cells(table.lattice, table.columns)
        # Half precision holds whole numbers and sixteenths up to 128.
        exact = torch.float16 if cells.steps.max() <= 16 else torch.float32

        def put(array: object, kind: type = np.int32) -> Tensor:
            return torch.as_tensor(np.array(array, kind).ravel(), device=device)

        yield LayerProgram(
            layer,
            first,
            put(taps[:, 1:] if lookup.depthwise else taps),
            torch.as_tensor(list_residuals(architecture, layer, turn), device=device),
            parameters.gain,
            parameters.lowest * 127,
            tuple(map(put, cells)),
            tuple(map(put, find_points(cells, step), (np.int32, np.int32, np.float32))),
            step,
            length,
            width,
            compute_reach(lookup.places) > 0,
            torch.zeros(rows * lookup.levels * width, device=device, dtype=exact),
            torch.zeros(rows * lookup.levels * width, device=device, dtype=torch.bfloat16),
        )


def list_residuals(model: Architecture, layer: Layer, turn: int) -> np.ndarray:
    """List what is added to each value: plane (-1 is none), row, column, lowest of the plane."""
    added = [rotate_taps(taps, turn) for taps in layer.list_residuals()]
    width = max(16, triton.next_power_of_2(layer.values))
    table = np.zeros((max(map(len, added)), width, 4), np.int32)
    table[..., 0] = -1
    for value, taps in enumerate(added):
        for k, (plane, row, column) in enumerate(taps):
            table[k, value] = plane, row, column, model.planes[plane].lowest
    return table


def find_points(cells: Cells, step: int) -> tuple[np.ndarray, ...]:
    """Find the cells of a table in which the points of its finest lattice lie: positions below and
    above, and the weight of the latter, each [points, columns]."""
    lower, upper, weight = cells.lower[::step], cells.upper[::step], cells.fraction[::step]
    weight = weight / cells.steps[::step]
    if step > 1:  # the last point is one above the highest level
        lower = np.concatenate([lower, upper[-1:]])
        upper = np.concatenate([upper, upper[-1:]])
        weight = np.concatenate([weight, np.zeros_like(weight[-1:])])
    return lower, upper, weight
