"""A LUT laid out for the kernels: tables whose rows are found without an index map."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dfc.engine.kernels import Output, Source, Tables, count_lanes, make_layer_kernel
from dfc.engine.simplex import STRIDES
from dfc.models.lattice import DiagonalFirst, Lattice, Uniform
from dfc.models.layers import Layer
from dfc.models.lut import Lut, Table

EVERYWHERE = 255  # a reach that no two pixels exceed


@dataclass(frozen=True)
class Part:
    """One part of a table: an affine map of lattice positions `m = tap // step` to rows.

    That is row = offset + strides . m (docs/numerics.md, section 8).
    """

    interval: int
    strides: tuple[int, int, int, int]
    offset: int
    rows: int

    def place(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows [N] of lattice points [N, 4]."""
        return self.offset + (points >> self.interval) @ np.array(self.strides)


def _lay_out_uniform(lattice: Uniform, first: int = 0) -> Part:
    return Part(lattice.interval, lattice.strides, first, lattice.size)


def _lay_out_band(lattice: DiagonalFirst) -> Part:
    """Lay out the diagonal points by `a` and the differences of the named dimensions from it.

    That takes few rows more than there are points, and it is affine in the positions, as a whole
    lattice is. Where the band would be larger than the whole lattice, it is that.
    """
    length = lattice.diagonal.length
    half = max(lattice.diagonal_width, 1)  # at 0 the stride of `a` would be negative
    named = len(lattice.dims) - 1
    sides = [length, *[2 * half + 1] * named, *[length] * (3 - named)]
    rows = int(np.prod(sides))
    if rows >= lattice.diagonal.size:
        return _lay_out_uniform(lattice.diagonal)
    plain = [int(np.prod(sides[axis + 1 :])) for axis in range(4)]
    differences = sum(plain[lattice.named])
    strides = (plain[0] - differences, *plain[1:])
    return Part(lattice.diagonal.interval, strides, half * differences, rows)


def _lay_out(lattice: Lattice) -> tuple[Part, Part, tuple[int, int, int]]:
    """The part for lookups near the diagonal, the other, and how far `b c d` are near `a`."""
    if isinstance(lattice, Uniform):
        return _lay_out_uniform(lattice), _lay_out_uniform(lattice), (EVERYWHERE,) * 3
    named = len(lattice.dims) - 1
    reach = (*[lattice.reach] * named, *[EVERYWHERE] * (3 - named))
    diagonal = _lay_out_band(lattice)
    return diagonal, _lay_out_uniform(lattice.non_diagonal, diagonal.rows), reach


@dataclass(frozen=True)
class LayerProgram:
    """What the kernels need to run one layer."""

    layer: Layer
    tables: Tables
    places: tuple[NDArray[np.int64], ...]
    """Where the first value of every row of each table stands in `tables.values`."""

    @cached_property
    def reach(self) -> int:
        """How far the layer reads beyond a pixel."""
        return max(lookup.reach for lookup in self.layer.lookups)

    def run(
        self, source: Source, offsets: NDArray[np.int64], output: Output, sums: bool = False
    ) -> None:
        """Run the layer, from pixels to pixels (uint8) or to their `sums` (float32).

        The offsets of the taps are those that `offsets` gives.
        """
        kernel = make_layer_kernel(self.layer.scale, self.layer.out_channels, sums)
        kernel(*source, offsets, *self.tables, *output)

    @cached_property
    def taps(self) -> NDArray[np.int64]:
        """Channel, row and column [rotations, lookups, 4, 3] of every tap, from a pixel."""
        lookups = self.layer.lookups
        rotations = lookups[0].rotations  # those of all of them
        return np.array([[lookup.rotate(turn) for lookup in lookups] for turn in range(rotations)])

    def offsets(self, pitch: int, plane: int) -> NDArray[np.int64]:
        """Where the taps are in a buffer whose rows and planes are so far apart."""
        return self.taps @ np.array([plane, pitch, 1])


def compile_layer(layer: Layer, tables: Sequence[Table]) -> LayerProgram:
    """Lay out the tables of a layer, given in the order of its lookups."""
    lanes = count_lanes(layer.values_per_lookup)
    layouts = [_lay_out(table.lattice) for table in tables]
    largest = max(non_diagonal.interval for _, non_diagonal, _ in layouts)
    places, lookups, start = [], [], 0
    for table, (diagonal, non_diagonal, reach) in zip(tables, layouts, strict=True):
        lookup = []
        for part in (diagonal, non_diagonal):
            lookup += [part.interval, largest - part.interval, start + part.offset, *part.strides]
        lookups.append([*lookup, *reach])
        points, count = table.lattice.points, table.lattice.diagonal_size
        rows = [diagonal.place(points[:count]), non_diagonal.place(points[count:])]
        places.append((start + np.concatenate(rows)) * lanes)
        start += non_diagonal.offset + non_diagonal.rows
    # A vertex of weight 0 may lie a step beyond the band, and so beyond the end.
    slack = max(sum(lookup[STRIDES : STRIDES + 4]) for lookup in lookups)
    values = np.zeros((start + slack) * lanes, np.int8)
    for table, place in zip(tables, places, strict=True):
        values[place[:, None] + np.arange(table.values.shape[1])] = table.values
    unit = 2**largest
    group = (2**15 - 1) // (127 * unit)  # so many lookups add up within 16 bits
    divisor = layer.divisor * unit
    packed = Tables(np.array(lookups, np.int32), values, unit, group, divisor, layer.bias)
    return LayerProgram(layer, packed, tuple(places))


def compile_lut(lut: Lut) -> list[LayerProgram]:
    """Lay out a LUT for the kernels, layer by layer."""
    return [
        compile_layer(layer, [lut.tables[lookup.table] for lookup in layer.lookups])
        for layer in lut.architecture.layers
    ]
