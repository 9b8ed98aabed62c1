"""How tables of several taps lie in memory: rows that are found without an index map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dfc.models.lattice import DiagonalFirst, Lattice, Uniform

EVERYWHERE = 255  # a reach that no two pixels exceed


@dataclass(frozen=True)
class Part:
    """One part of a table: an affine map of lattice positions `m = tap // step` to rows.

    That is row = offset + strides . m (docs/numerics.md, section 8).
    """

    interval: int
    strides: tuple[int, ...]
    offset: int
    rows: int

    def place(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows [N] of lattice positions [N, taps]."""
        return self.offset + positions @ np.array(self.strides)


def _lay_out_uniform(lattice: Uniform, first: int = 0) -> Part:
    side = _find_side(lattice)
    strides = tuple(side**axis for axis in reversed(range(lattice.taps)))
    return Part(lattice.interval, strides, first, side**lattice.taps)


def _find_side(lattice: Uniform) -> int:
    """Points of an axis: where every level is sampled, the last is there twice."""
    return lattice.length + (lattice.step == 1)


def _lay_out_band(lattice: DiagonalFirst) -> Part:
    """Lay out the diagonal points by `a` and the differences of the named dimensions from it.

    That takes few rows more than there are points, and it is affine in the positions, as a whole
    lattice is. Where the band would be larger than the whole lattice, it is that.
    """
    length, named = lattice.diagonal.length, len(lattice.dims) - 1
    half = max(lattice.diagonal_width, 1)  # at 0 the stride of `a` would be negative
    sides = [length, *[2 * half + 1] * named, *[length] * (3 - named)]
    if np.prod(sides) >= lattice.diagonal.size:
        return _lay_out_uniform(lattice.diagonal)
    plain = [int(np.prod(sides[axis + 1 :])) for axis in range(4)]
    differences = sum(plain[lattice.named])
    strides = (plain[0] - differences, *plain[1:])
    return Part(lattice.diagonal.interval, strides, half * differences, int(np.prod(sides)))


def lay_out(lattice: Lattice) -> tuple[Part, Part, tuple[int, ...]]:
    """Lay out the part of diagonal lookups, the other, and how near `b c d` are to `a` there."""
    if not isinstance(lattice, DiagonalFirst):
        return _lay_out_uniform(lattice), _lay_out_uniform(lattice), (EVERYWHERE,) * 3
    named = len(lattice.dims) - 1
    diagonal = _lay_out_band(lattice)
    other = _lay_out_uniform(lattice.non_diagonal, diagonal.rows)
    return diagonal, other, (*[lattice.reach] * named, *[EVERYWHERE] * (3 - named))


def place_rows(
    lattice: Lattice, diagonal: Part, other: Part
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find where rows are laid out, and which row of the table each is."""
    if not isinstance(lattice, DiagonalFirst):
        side = (_find_side(lattice),) * lattice.taps
        positions = np.indices(side).reshape(lattice.taps, -1).T
        return other.place(positions), np.minimum(positions, lattice.length - 1) @ lattice.strides
    points, count = lattice.points, lattice.diagonal_size
    parts = (diagonal, points[:count]), (other, points[count:])
    rows = [part.place(points >> part.interval) for part, points in parts]
    return np.concatenate(rows), np.arange(len(points))
