"""A LUT laid out for the kernels: tables whose rows are found without an index map."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dfc.engine.kernels import count_lanes, make_layer_kernel
from dfc.engine.simplex import STRIDES
from dfc.models.lattice import DiagonalFirst, Lattice, Uniform
from dfc.models.layers import Layer
from dfc.models.lut import Lut, Table

EVERYWHERE = 255
"""A reach that no two pixels exceed."""


Source = tuple[NDArray[np.uint8], int, int, int, int]
"""Planes in a flat array; where the first pixel is; elements from row to row; rows; columns."""
Target = tuple[NDArray, int, int, int]
"""A flat array; where the first pixel goes; elements from row to row and from plane to plane."""


@dataclass(frozen=True)
class Part:
    """One part of a table, as an affine map of lattice positions `m = tap // step` to rows."""

    interval: int
    strides: tuple[int, int, int, int]
    offset: int
    rows: int

    def place(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows [N] of lattice points [N, 4]."""
        return self.offset + (points >> self.interval) @ np.array(self.strides)


def _whole(lattice: Uniform) -> Part:
    return Part(lattice.interval, lattice.strides, 0, lattice.size)


def _band(lattice: DiagonalFirst) -> Part:
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
        return _whole(lattice.diagonal)
    plain = [int(np.prod(sides[axis + 1 :])) for axis in range(4)]
    differences = sum(plain[lattice.named])
    strides = (plain[0] - differences, *plain[1:])
    return Part(lattice.diagonal.interval, strides, half * differences, rows)


def _parts(lattice: Lattice) -> tuple[Part, Part, tuple[int, int, int]]:
    """The part for lookups near the diagonal, the other, and how far `b c d` are near `a`."""
    if isinstance(lattice, Uniform):
        return _whole(lattice), _whole(lattice), (EVERYWHERE,) * 3
    named = len(lattice.dims) - 1
    reach = (*[lattice.reach] * named, *[EVERYWHERE] * (3 - named))
    return _band(lattice), _whole(lattice.non_diagonal), reach


def _step(lattice: Lattice) -> int:
    return lattice.step if isinstance(lattice, Uniform) else lattice.non_diagonal.step


@dataclass(frozen=True)
class LayerProgram:
    """What the kernels need to run one layer."""

    layer: Layer
    tables: NDArray[np.int8]
    """All tables of the layer, one after the other."""
    places: tuple[NDArray[np.int64], ...]
    """Where the first value of every row of each table stands in `tables`."""
    lookups: NDArray[np.int32]
    """A row a lookup, as `dfc.engine.simplex` describes it."""
    unit: int
    """The sum of the weights of a lookup: the values of a lookup are multiples of 1/unit."""

    @property
    def group(self) -> int:
        """So many lookups add up within 16 bits."""
        return (2**15 - 1) // (127 * self.unit)

    @cached_property
    def reach(self) -> int:
        """How far the layer reads beyond a pixel."""
        return max(lookup.reach for lookup in self.layer.lookups)

    def run(
        self, source: Source, offsets: NDArray[np.int64], target: Target, sums: bool = False
    ) -> None:
        """Run the layer, from pixels to pixels or to the `sums` that pixels are made of.

        Parameters
        ----------
        source, target
            Where it reads and writes.
        offsets
            Of the taps, from `offsets`.
        sums
            Whether the target takes sums (float32) instead of pixels (uint8).
        """
        layer = self.layer
        constants = (
            self.lookups,
            self.tables,
            self.unit,
            self.group,
            layer.divisor * self.unit,
            layer.bias,
        )
        make_layer_kernel(layer.scale, layer.out_channels, sums)(
            *source, offsets, *constants, *target
        )

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
    unit = max(_step(table.lattice) for table in tables)
    places, descriptions, start = [], [], 0
    for table in tables:
        near, non_diagonal, reach = _parts(table.lattice)
        rows, first = _rows(table.lattice, near, non_diagonal)
        description = []
        for part, part_start in ((near, start), (non_diagonal, start + first)):
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


def _rows(lattice: Lattice, near: Part, non_diagonal: Part) -> tuple[NDArray[np.int64], int]:
    """Where the rows of a table go, and where the part elsewhere begins."""
    if isinstance(lattice, Uniform):
        return np.arange(lattice.size), 0
    count = lattice.diagonal_size
    diagonal, others = lattice.points[:count], lattice.points[count:]
    return np.concatenate([near.place(diagonal), near.rows + non_diagonal.place(others)]), near.rows


def compile_lut(lut: Lut) -> list[LayerProgram]:
    """Lay out a LUT for the kernels, layer by layer."""
    return [
        compile_layer(layer, [lut.tables[lookup.table] for lookup in layer.lookups])
        for layer in lut.architecture.layers
    ]
