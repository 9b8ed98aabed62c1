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


def _lay_out_uniform(lattice: Uniform) -> Part:
    return Part(lattice.interval, lattice.strides, 0, lattice.size)


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
    return _lay_out_band(lattice), _lay_out_uniform(lattice.non_diagonal), reach


def _find_step(lattice: Lattice) -> int:
    return lattice.step if isinstance(lattice, Uniform) else lattice.non_diagonal.step


@dataclass(frozen=True)
class LayerProgram:
    """What the kernels need to run one layer."""

    layer: Layer
    tables: NDArray[np.int8]  # all tables of the layer, one after the other
    places: tuple[NDArray[np.int64], ...]
    """Where the first value of every row of each table stands in `tables`."""
    lookups: NDArray[np.int32]  # a row a lookup, as `dfc.engine.simplex` describes it
    unit: int  # the sum of the weights of a lookup: the values of a lookup are multiples of 1/unit

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
        layer = self.layer
        kernel = make_layer_kernel(layer.scale, layer.out_channels, sums)
        kernel(source, offsets, self.packed, output)

    @property
    def packed(self) -> Tables:
        """The tables as kernels take them."""
        divisor = self.layer.divisor * self.unit
        group = (2**15 - 1) // (127 * self.unit)  # so many lookups add up within 16 bits
        return Tables(self.lookups, self.tables, self.unit, group, divisor, self.layer.bias)

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
    unit = max(_find_step(table.lattice) for table in tables)
    places, descriptions, start = [], [], 0
    for table in tables:
        diagonal, non_diagonal, reach = _lay_out(table.lattice)
        rows, first = _place_rows(table.lattice, diagonal, non_diagonal)
        description = []
        for part, part_start in ((diagonal, start), (non_diagonal, start + first)):
            upshift = unit.bit_length() - 1 - part.interval
            description += [part.interval, upshift, part_start + part.offset, *part.strides]
        descriptions.append([*description, *reach])
        places.append((start + rows) * lanes)
        start += first + non_diagonal.rows
    # A vertex of weight 0 may lie a step beyond the band, and so beyond the end.
    slack = max(sum(description[STRIDES : STRIDES + 4]) for description in descriptions)
    program = LayerProgram(
        layer,
        np.zeros((start + slack) * lanes, np.int8),
        tuple(places),
        np.array(descriptions, np.int32),
        unit,
    )
    for table, place in zip(tables, places, strict=True):
        program.tables[place[:, None] + np.arange(table.values.shape[1])] = table.values
    return program


def _place_rows(
    lattice: Lattice, diagonal: Part, non_diagonal: Part
) -> tuple[NDArray[np.int64], int]:
    """Where the rows of a table go, and where the part elsewhere begins."""
    if isinstance(lattice, Uniform):
        return np.arange(lattice.size), 0
    count = lattice.diagonal_size
    points, others = lattice.points[:count], lattice.points[count:]
    return np.concatenate(
        [diagonal.place(points), diagonal.rows + non_diagonal.place(others)]
    ), diagonal.rows


def compile_lut(lut: Lut) -> list[LayerProgram]:
    """Lay out a LUT for the kernels, layer by layer."""
    return [
        compile_layer(layer, [lut.tables[lookup.table] for lookup in layer.lookups])
        for layer in lut.architecture.layers
    ]
