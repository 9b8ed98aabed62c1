"""Layers whose lookups read a single tap, with tables that are expanded to all levels."""

from collections.abc import Mapping, Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dfc.engine.gradients import make_depthwise_gradient_kernel, make_pointwise_gradient_kernel
from dfc.engine.isa import LANES, TABLE
from dfc.engine.kernels import Output, Source, count_lanes
from dfc.engine.one_tap import allocate, make_one_tap_kernel
from dfc.engine.program import Floats, LayerProgram, Offsets, Target, Values
from dfc.models.lattice import Cells, find_cells
from dfc.models.layers import Architecture, Layer
from dfc.models.lut import Table
from dfc.models.taps import Tap, rotate_block, rotate_taps

MOST_RUNS = 8  # of 4 neighbours in one vector


class OneTapLayer(LayerProgram):
    """A layer of an architecture whose tables have one tap, for an instruction set.

    An item is a place of a lookup, at one of the rotations; there is a table for each item and
    value.
    """

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
        by_value = np.array(taps).swapaxes(0, 1)
        unit = int(self._cells.steps.max())
        super().__init__(layer, architecture.planes, by_value.reshape(-1, 3), unit)
        lanes, most = LANES[isa]
        self._lanes = lanes if levels <= most else 1  # pixels that are taken at once
        self._size = TABLE if levels <= TABLE else 4 * TABLE
        count = len(taps) * layer.values
        split = self._lanes > 1
        self._tables = (
            allocate(2 * self._size * count) if split else np.empty(count * levels, np.int16)
        )
        self._starts = np.arange(0, count + 1, len(taps))  # of the tables of every value
        self._others = np.flatnonzero(~np.array(depthwise))
        # Depthwise items that read the same planes.
        first_planes = np.where(depthwise, by_value[0, :, 0], -1)
        planes = np.unique(first_planes[first_planes >= 0])
        self._depthwise = [np.flatnonzero(first_planes == plane) for plane in planes]
        # Planes of inputs, the first ones, need no gradient.
        self._inner = (by_value[..., 0] >= len(architecture.inputs)).any(0)

    def fill(self, values: Values) -> None:
        """Expand the values of the tables to all levels."""
        flat = np.concatenate([values[name].ravel() for name in self._names])
        expand(flat, *self._cells, self.unit, self._size * (self._lanes > 1), self._tables)

    def run(self, source: Source, offsets: Offsets, output: Output, planar: bool = True) -> None:
        """Run the layer; always to planes."""
        kernel = make_one_tap_kernel(self._lanes, self._size)
        sizes = self._cells.lower.shape[1], 2**15 // (128 * self.unit)
        kernel(*source, *offsets, self._starts, self._tables, sizes, *self.finish, *output)

    def prepare(self, values: Values, turn: int) -> None:
        """Compute how values change from level to level."""
        flat = np.concatenate([values[name].ravel() for name in self._names]).astype(np.float32)
        slopes = (flat[self._cells.upper] - flat[self._cells.lower]) / self._cells.steps
        slopes = slopes.astype(np.float32)
        _, levels, count = slopes.shape
        self._slopes = np.zeros((len(self._others), levels, count_lanes(count)), np.float32)
        self._slopes[..., :count] = slopes[self._others]
        self._windows = []
        for items in self._depthwise:
            taps = self.taps.reshape(count, -1, 3)[0, items]
            runs, places = group_runs(rotate_taps(tuple(map(tuple, taps)), turn))
            spread = np.zeros((len(runs), 4 * runs.shape[1], levels, count), np.float32)
            spread.reshape(-1, levels, count)[places] = slopes[items]
            by_value = np.ascontiguousarray(spread.transpose(0, 3, 2, 1))
            self._windows.append((items, runs, places, by_value))

    def add_gradients(
        self, worker: int, source: Source, reads: Sequence[NDArray[np.int64]], target: Target
    ) -> None:
        """Add up gradients."""
        count, (gradients, *place) = self.layer.values, target
        begin = (*place, self.layer.divisor)
        taps, gradient_taps, shifts = (each.reshape(count, -1) for each in reads)
        if len(items := self._others):
            part = self._get_part(0, worker, self._slopes.shape)
            kernel = make_pointwise_gradient_kernel(part.shape[2])
            own = gradient_taps[0, items], self._inner[items], count
            kernel(*source, taps[0, items], gradients, begin, *own, part, self._slopes)
        for number, (items, runs, _, slopes) in enumerate(self._windows):
            part = self._get_part(1 + number, worker, slopes.shape)
            kernel = make_depthwise_gradient_kernel(runs.shape[1])
            base, gradient_base = (
                each[:, items[0]] - shifts[:, items[0]] for each in (taps, gradient_taps)
            )
            sources, reach = runs @ [source.area[1], 1], int(abs(self.taps[:, 1:]).max())
            own = gradient_base, sources, reach, part, slopes
            kernel(*source, base, gradients, begin, *own)

    def collect(self, values: Values) -> dict[str, Floats]:
        """Add up the gradients of all threads."""
        found = np.zeros(self._cells.lower.shape, np.float32)
        _, levels, count = found.shape
        for part in self._list_parts(0):
            found[self._others] += part[..., :count]
            part.fill(0)
        for number, (items, _, places, _) in enumerate(self._windows):
            for part in self._list_parts(1 + number):
                found[items] += part.transpose(0, 3, 2, 1).reshape(-1, levels, count)[places]
                part.fill(0)
        sizes = [values[name].size for name in self._names]
        flat = np.zeros(sum(sizes), np.float32)
        collect_cells(found, *self._cells, flat)
        pieces = np.split(flat, np.cumsum(sizes)[:-1])
        shapes = (values[name].shape for name in self._names)
        shaped = (piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True))
        return dict(zip(self._names, shaped, strict=True))


def group_runs(taps: Sequence[Tap]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group the places that read a pixel through some taps into runs of 4 neighbours.

    Returns row and column [groups, runs, 2] where each run begins, from the pixel; up to
    `MOST_RUNS` are a group. The second result is the lane of every tap, 4 a run.
    """
    runs: list[tuple[int, int]] = []
    taken: dict[tuple[int, int], int] = {}  # by run and place in it: the tap
    for tap, (_, row, column) in sorted(enumerate(taps), key=lambda each: -each[1][2]):
        places = [(k, -column - left) for k, (top, left) in enumerate(runs) if top == -row]
        free = [place for place in places if place[1] < 4 and place not in taken]
        if not free:
            runs.append((-row, -column))
            free = [(len(runs) - 1, 0)]
        taken[free[0]] = tap
    lanes = [4 * run + k for run, k in sorted(taken, key=taken.__getitem__)]
    side = min(1 << (len(runs) - 1).bit_length(), MOST_RUNS)
    runs += [runs[0]] * (-len(runs) % side)
    return np.array(runs).reshape(-1, side, 2), np.array(lanes)


@njit(nogil=True, cache=True)
def expand(values, lower, upper, fraction, steps, unit, size, tables):
    """Interpolate values at levels [items, levels, values], in units, as kernels read them.

    A table is int16, or, where a `size` is given, low bytes of as many levels, then the high bytes.
    """
    items, levels, columns = lower.shape
    for item in range(items):
        for level in range(levels):
            for k in range(columns):
                below = np.int32(values[lower[item, level, k]])
                above = np.int32(values[upper[item, level, k]])
                share = fraction[item, level, k] * (unit // steps[item, level, k])
                value = below * unit + (above - below) * share
                table = k * items + item
                if size:
                    tables[2 * size * table + level] = value & 255
                    tables[(2 * table + 1) * size + level] = (value >> 8) & 255
                else:
                    tables[table * levels + level] = value


@njit(nogil=True, cache=True)
def collect_cells(found, lower, upper, fraction, steps, gradient):
    """Add up the gradients of levels [items, levels, values] for the values of tables."""
    items, levels, columns = lower.shape
    for item in range(items):
        for level in range(levels):
            for k in range(columns):
                share = np.float32(fraction[item, level, k]) / np.float32(steps[item, level, k])
                gradient[lower[item, level, k]] += found[item, level, k] * (1 - share)
                gradient[upper[item, level, k]] += found[item, level, k] * share
