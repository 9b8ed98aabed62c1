"""Layers whose lookups read a single tap, with tables that are expanded to all levels."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dfc.engine.gradients import make_one_tap_gradient_kernel
from dfc.engine.isa import LANES, TABLE
from dfc.engine.kernel_cache import compile_kernel
from dfc.engine.kernels import Output, Source, count_lanes
from dfc.engine.one_tap import make_one_tap_kernel
from dfc.engine.planes import Layout, allocate
from dfc.engine.program import Floats, LayerProgram, Offsets, Target, Values
from dfc.models.lattice import Cells, find_cells
from dfc.models.layers import Architecture, Layer
from dfc.models.lut import Table
from dfc.models.taps import Tap, rotate_block, rotate_taps

RUN = 4  # neighbours whose gradients are loaded at once
MOST_RUNS = 8  # in one vector


class Pass(NamedTuple):
    """Lookups whose gradients are added up at once, in the lanes of rows [rows, levels, lanes].

    Pointwise, rows are items and lanes values; depthwise, rows are values, and lanes the places
    that read a pixel.
    """

    lanes: int
    length: int  # of a run of lanes
    runs: NDArray[np.int64]
    """Where gradients are loaded from [groups, runs, 3]: value, and row and column from a pixel."""
    reads: NDArray[np.int64]  # the taps [rows, 3]
    reach: int  # how far beyond the area pixels are read
    places: tuple[NDArray[np.int64] | slice, ...]
    """What counts: rows, lanes, items and values."""


class OneTapLayer(LayerProgram):
    """A layer whose tables have one tap, for an instruction set: a table for each value and item,
    which is a place of a lookup, at one of the rotations."""

    def __init__(
        self, layer: Layer, architecture: Architecture, tables: Mapping[str, Table], isa: str
    ) -> None:
        levels = max(lookup.levels for lookup in layer.lookups)
        taps, cells, depthwise, first = [], [], [], 0
        for lookup in layer.lookups:
            table = tables[lookup.table]
            found = find_cells(table.lattice, table.columns)
            # Where its range is smaller than that of others, a table is repeated, and not read.
            rows = np.arange(levels) % lookup.levels
            for number, place in enumerate(lookup.places):
                for turn in range(layer.rotations):
                    # Turning moves the values of a block, too.
                    order = rotate_block(layer.out_channels, layer.scale, turn)
                    ((plane, *offset),) = rotate_taps(place, turn)
                    taps.append([(plane + k * lookup.depthwise, *offset) for k in order])
                    columns = number * layer.values + order
                    lower, upper, *others = (each[rows][:, columns] for each in found)
                    cells.append((first + lower, first + upper, *others))
                    depthwise.append(lookup.depthwise)
            first += table.values.size
        # Where levels [items, levels, values] lie between the values of all tables.
        stacked = (np.stack(part).astype(np.int32) for part in zip(*cells, strict=True))
        self._cells, self._names = Cells(*stacked), tuple(tables)
        self._depthwise = np.array(depthwise)
        by_value = np.array(taps).swapaxes(0, 1)
        super().__init__(layer, architecture, by_value, int(self._cells.steps.max()))
        count = layer.values * len(taps)
        self._lanes, self._size = LANES[isa], TABLE if levels <= TABLE else 4 * TABLE
        self._tables = allocate(2 * self._size * count)
        self._starts = np.arange(0, count + 1, len(taps))  # of the tables of every value
        self._passes: dict[int, list[Pass]] = {}
        self._prepared: list[tuple[Pass, Floats]] = []

    def fill(self, values: Values) -> None:
        """Expand the values of the tables to all levels."""
        expand(self._flatten(values), *self._cells, self.unit, self._size, self._tables)

    def _flatten(self, values: Values) -> NDArray[np.int8]:
        return np.concatenate([values[name].ravel() for name in self._names])

    def run(self, source: Source, offsets: Offsets, output: Output, planar: bool = True) -> None:
        """Run the layer; always to planes."""
        kernel = make_one_tap_kernel(self._lanes, self._size)
        taps, added = (offset.ravel() for offset in offsets)
        kernel(*source, taps, added, self._starts, self._tables, self.group, *self.finish, *output)

    def prepare(self, values: Values, turn: int) -> None:
        """Compute how values change from level to level."""
        flat, cells = self._flatten(values).astype(np.float32), self._cells
        changes = (flat[cells.upper] - flat[cells.lower]) / cells.steps.astype(np.float32)
        if turn not in self._passes:
            self._passes[turn] = list_passes(self.taps, self._depthwise, turn)
        self._prepared.clear()
        for each in self._passes[turn]:
            rows, lanes, items, columns = each.places
            slopes = np.zeros((len(each.reads), changes.shape[1], each.lanes), np.float32)
            slopes[rows, :, lanes] = changes[items, :, columns]
            self._prepared.append((each, slopes))

    def locate(self, planes: Layout, gradients: Layout, turn: int) -> list[tuple]:
        """Find what is read in each pass, and where its gradients are."""
        return [
            (
                each.runs @ [gradients.plane, gradients.pitch, 1],
                planes.find(each.reads, turn),
                gradients.find(each.reads, turn),
                each.reads[:, 0] >= self.inputs,
            )
            for each, _ in self._prepared
        ]

    def add_gradients(
        self, worker: int, source: Source, reads: list[tuple], target: Target
    ) -> None:
        """Add up gradients."""
        passes = zip(reads, self._prepared, strict=True)
        for number, (read, (each, slopes)) in enumerate(passes):
            kernel = make_one_tap_gradient_kernel(each.lanes, each.length)
            part = self._get_part(number, worker, slopes.shape)
            kernel(*source, *target, self.layer.divisor, *read, each.reach, part, slopes)

    def collect(self, worker: int, values: Values) -> dict[str, Floats]:
        """Add up the gradients of levels."""
        found = np.zeros(self._cells.lower.shape, np.float32)
        for number, (each, slopes) in enumerate(self._prepared):
            rows, lanes, items, columns = each.places
            part = self._get_part(number, worker, slopes.shape)
            found[items, :, columns] += part[rows, :, lanes]
            part.fill(0)
        sizes = [values[name].size for name in self._names]
        flat = np.zeros(sum(sizes), np.float32)
        collect_cells(found, *self._cells, flat)
        pieces = np.split(flat, np.cumsum(sizes)[:-1])
        named = zip(self._names, pieces, strict=True)
        return {name: piece.reshape(values[name].shape) for name, piece in named}


def list_passes(taps: NDArray[np.int64], depthwise: NDArray[np.bool_], turn: int) -> list[Pass]:
    """List the passes over taps [values, items, 3] of an image that is turned."""
    passes, (count, _, _) = [], taps.shape
    values = np.arange(count)
    if len(items := np.flatnonzero(~depthwise)):
        runs = np.array([[(value, 0, 0) for value in values]])
        places = slice(None), slice(count), items, slice(None)
        passes.append(Pass(count_lanes(count), 1, runs, taps[0, items], 0, places))
    # Depthwise items that read the same planes.
    planes = np.where(depthwise, taps[0, :, 0], -1)
    for plane in np.unique(planes[depthwise]):
        items = np.flatnonzero(planes == plane)
        own = taps[0, items]
        offsets, lanes = group_runs(rotate_taps(tuple(map(tuple, own)), turn))
        groups, side, _ = offsets.shape
        runs = np.array([[(v, *run) for run in group] for v in values for group in offsets])
        reads = np.array([(taps[v, items[0], 0], 0, 0) for v in values for _ in offsets])
        row, lane = np.divmod(lanes, RUN * side)
        rows = (values[:, None] * groups + row).ravel()
        places = rows, np.tile(lane, count), np.tile(items, count), values.repeat(len(items))
        passes.append(Pass(RUN * side, RUN, runs, reads, int(abs(own[:, 1:]).max()), places))
    return passes


def group_runs(taps: Sequence[Tap]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group the places that read a pixel through some taps into runs of `RUN` neighbours.

    Returns row and column [groups, runs, 2] where each run begins, from the pixel; up to
    `MOST_RUNS` are a group. The second result is the lane of every tap, `RUN` a run.
    """
    positions = [(-row, -column) for _, row, column in taps]
    runs: list[tuple[int, int]] = []
    lanes, last = np.zeros(len(taps), np.int64), 0
    for tap in sorted(range(len(taps)), key=positions.__getitem__):
        row, column = positions[tap]
        if not runs or row > runs[-1][0] or not last < column < runs[-1][1] + RUN:
            runs.append((row, column))
        lanes[tap], last = RUN * (len(runs) - 1) + column - runs[-1][1], column
    side = min(1 << (len(runs) - 1).bit_length(), MOST_RUNS)
    runs += [runs[0]] * (-len(runs) % side)
    return np.array(runs).reshape(-1, side, 2), lanes


@compile_kernel
def expand(values, lower, upper, fraction, steps, unit, size, tables):
    """Interpolate values at levels [items, levels, values], in units, as the kernels read them:
    the low bytes of `size` levels of a table, then the high bytes."""
    items, levels, columns = lower.shape
    for item in range(items):
        for level in range(levels):
            for k in range(columns):
                below = np.int32(values[lower[item, level, k]])
                above = np.int32(values[upper[item, level, k]])
                share = fraction[item, level, k] * (unit // steps[item, level, k])
                value = below * unit + (above - below) * share
                at = 2 * size * (k * items + item) + level
                tables[at], tables[at + size] = value & 255, (value >> 8) & 255


@compile_kernel
def collect_cells(found, lower, upper, fraction, steps, gradient):
    """Add up the gradients of levels [items, levels, values] for the values of tables."""
    items, levels, columns = lower.shape
    for item in range(items):
        for level in range(levels):
            for k in range(columns):
                share = np.float32(fraction[item, level, k]) / np.float32(steps[item, level, k])
                gradient[lower[item, level, k]] += found[item, level, k] * (1 - share)
                gradient[upper[item, level, k]] += found[item, level, k] * share
