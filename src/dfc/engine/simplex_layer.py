"""Layers with lookups of several taps, whose tables are interpolated."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dfc.engine.kernel_cache import compile_kernel
from dfc.engine.kernels import (
    Output,
    Source,
    Tables,
    count_lanes,
    make_gradient_kernel,
    make_layer_kernel,
)
from dfc.engine.layout import lay_out, place_rows
from dfc.engine.planes import Layout
from dfc.engine.program import Floats, LayerProgram, Offsets, Target, Values
from dfc.engine.simplex import STRIDES
from dfc.models.layers import Architecture, Layer
from dfc.models.lut import Table
from dfc.models.taps import rotate_taps


class SimplexLayer(LayerProgram):
    """A layer of an architecture whose tables of several taps are interpolated."""

    def __init__(
        self, layer: Layer, architecture: Architecture, tables: Mapping[str, Table]
    ) -> None:
        lanes = count_lanes(layer.values)
        parts = {name: lay_out(table.lattice) for name, table in tables.items()}
        largest = max(other.interval for _, other, _ in parts.values())
        # Columns of tables, where the first values of their rows go, and which row each is.
        self._blocks: list[tuple[str, slice, NDArray[np.int64], NDArray[np.int64]]] = []
        lookups, taps, start = [], [], 0
        for lookup in layer.lookups:
            diagonal, other, reach = parts[lookup.table]
            rows, sources = place_rows(tables[lookup.table].lattice, diagonal, other)
            missing = 4 - lookup.taps
            for number, place in enumerate(lookup.places):
                described = []
                for part in (diagonal, other):
                    described += [part.interval, largest - part.interval, start + part.offset]
                    described += [*part.strides, *[0] * missing]
                lookups.append([*described, *reach, 2**largest, lanes.bit_length() - 1])
                # Taps that are not there read what the first does, and lead nowhere.
                taps.append((*place, *[place[0]] * missing))
                columns = slice(number * layer.values, (number + 1) * layer.values)
                self._blocks.append((lookup.table, columns, (start + rows) * lanes, sources))
                start += other.offset + other.rows
        turned = [[rotate_taps(each, turn) for each in taps] for turn in range(layer.rotations)]
        super().__init__(layer, architecture, np.array(turned), 2**largest)
        self._inner = bool((self.taps[..., 0] >= self.inputs).any())
        whole = all(lookup.levels == 256 for lookup in layer.lookups)
        self._is_plain = whole and not layer.residuals
        # A vertex of weight 0 may lie a step beyond the band, and so beyond the end.
        slack = max(sum(lookup[STRIDES : STRIDES + 4]) for lookup in lookups)
        values = np.zeros((start + slack) * lanes, np.int8)
        self._tables = Tables(np.array(lookups, np.int32), values, self.group)

    def fill(self, values: Values) -> None:
        """Lay out the values of the tables."""
        for name, columns, places, sources in self._blocks:
            place_values(
                values[name], columns.start, columns.stop, places, sources, self._tables.values
            )

    def run(self, source: Source, offsets: Offsets, output: Output, planar: bool = True) -> None:
        """Run the layer."""
        scale, channels = self.layer.scale, self.layer.out_channels
        kernel = make_layer_kernel(scale, channels, planar, self._is_plain)
        kernel(*source, *offsets, *self._tables, *self.finish, *output)

    def prepare(self, values: Values, turn: int) -> None:
        """Gradients need nothing but the values that are laid out."""

    def locate(self, planes: Layout, gradients: Layout, turn: int) -> Offsets:
        """Find where taps are, and where their gradients."""
        return planes.find(self.taps, turn), gradients.find(self.taps, turn)

    def add_gradients(self, worker: int, source: Source, reads: Offsets, target: Target) -> None:
        """Add up gradients."""
        part = self._get_part(0, worker, self._tables.values.shape)
        kernel = make_gradient_kernel(self.layer.scale, self.layer.out_channels, self._inner)
        kernel(*source, *reads, *self._tables, *target, self.finish.numbers[0], part)

    def collect(self, worker: int, values: Values) -> dict[str, Floats]:
        """Add up the gradients of rows, of which some are laid out twice."""
        part = self._get_part(0, worker, self._tables.values.shape)
        found = {name: np.zeros(values[name].shape, np.float32) for name, *_ in self._blocks}
        for name, columns, places, sources in self._blocks:
            collect_rows(part, places, sources, columns.start, columns.stop, found[name])
        return found


@compile_kernel
def place_values(values, start, stop, places, sources, tables):
    """Copy columns of values to the places of their rows in the tables of a layer."""
    for row in range(len(places)):
        for k in range(stop - start):
            tables[places[row] + k] = values[sources[row], start + k]


@compile_kernel
def collect_rows(part, places, sources, start, stop, gradient):
    """Add up the gradients of laid out rows for a table, and clear them."""
    for row in range(len(places)):
        for k in range(start, stop):
            at = places[row] + k - start
            gradient[sources[row], k] += part[at]
            part[at] = 0
