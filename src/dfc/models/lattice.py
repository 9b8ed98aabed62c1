"""Lattices: at which inputs a table holds a value, and in which row.

A lattice samples the four inputs `a b c d` of a lookup (0..255). Two kinds exist: `Uniform` samples
every 2^interval levels, `DiagonalFirst` (DFC, CVPR 2024) keeps the fine lattice only near the
diagonal, where natural images are, and a coarse one elsewhere.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from dfc.models import Dims

Array = TypeVar("Array")  # an array of NumPy or a tensor of PyTorch
INTERVALS = range(3, 9)  # from 33 points an axis to 2


@dataclass(frozen=True)
class Uniform:
    """Levels 0, q, 2q, .., 256 on every axis, q = 2^interval."""

    interval: int

    @property
    def finest(self) -> int:
        """The smallest interval."""
        return self.interval

    @property
    def title(self) -> str:
        """For people."""
        return f"uniform, interval {self.interval}"

    @property
    def step(self) -> int:
        """Distance q between two points of an axis, in grey levels."""
        return 2**self.interval

    @property
    def length(self) -> int:
        """Points of an axis, L = 2^(8 - interval) + 1."""
        return 2 ** (8 - self.interval) + 1

    @property
    def size(self) -> int:
        """Rows of a table on this lattice, L^4."""
        return self.length**4

    @property
    def diagonal_size(self) -> int:
        """How many rows are diagonal: all of them."""
        return self.size

    @property
    def strides(self) -> tuple[int, int, int, int]:
        """Rows between neighbours along `a`, `b`, `c` and `d` (`a` slowest)."""
        length = self.length
        return (length**3, length**2, length, 1)

    @cached_property
    def points(self) -> NDArray[np.int64]:
        """Inputs [size, 4] of every row, 0..256."""
        axes = np.indices((self.length,) * 4).reshape(4, -1).T
        return axes * self.step

    def rows(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows [N] of lattice points [N, 4]; a `ValueError` if a point is not on the lattice."""
        if (points % self.step).any():
            raise ValueError(f"not every point lies on the lattice of interval {self.interval}")
        return (points // self.step) @ np.array(self.strides)

    def to_json(self) -> dict[str, Any]:
        """Plain values that `parse_lattice` understands."""
        return {"kind": "uniform", "interval": self.interval}


@dataclass(frozen=True)
class DiagonalFirst:
    """DFC: the diagonal points of one lattice, then all points of a coarser, non-diagonal one.

    A point is diagonal where every named dimension lies within `diagonal_width` points of `a`
    (docs/numerics.md, section 7).
    """

    diagonal: Uniform
    dims: Dims
    diagonal_width: int
    non_diagonal: Uniform

    @property
    def finest(self) -> int:
        """The smallest interval: that of the diagonal lattice."""
        return self.diagonal.interval

    @property
    def reach(self) -> int:
        """How far a named dimension may be from `a` in a diagonal lookup, in grey levels."""
        return self.diagonal_width * self.diagonal.step

    @property
    def named(self) -> slice:
        """The dimensions compared with `a`: `b`, `b c` or `b c d`."""
        return slice(1, len(self.dims))

    @property
    def title(self) -> str:
        """For people."""
        return (
            f"diagonal-first, interval {self.diagonal.interval} near the diagonal ({self.dims}, "
            f"width {self.diagonal_width}), {self.non_diagonal.interval} elsewhere"
        )

    def is_diagonal(self, taps: Array) -> Array:
        """Test which taps [N, 4], 0..256, are read from the diagonal lattice: booleans [N].

        The one place of this rule, for arrays of NumPy and tensors of PyTorch.
        """
        return (abs(taps[:, self.named] - taps[:, :1]) <= self.reach).all(1)

    @cached_property
    def diagonal_rows(self) -> NDArray[np.int64]:
        """Rows of the diagonal lattice that are kept, in index order."""
        return np.flatnonzero(self.is_diagonal(self.diagonal.points))

    @cached_property
    def row_of(self) -> NDArray[np.int64]:
        """Maps rows of the whole diagonal lattice to those of this table; -1 where none is kept."""
        rows = np.full(self.diagonal.size, -1)
        rows[self.diagonal_rows] = np.arange(len(self.diagonal_rows))
        return rows

    @property
    def diagonal_size(self) -> int:
        """How many rows are diagonal."""
        length, named = self.diagonal.length, len(self.dims) - 1
        width = self.diagonal_width
        near = (min(a + width, length - 1) - max(a - width, 0) + 1 for a in range(length))
        return sum(count**named for count in near) * length ** (3 - named)

    @property
    def size(self) -> int:
        """Rows of a table on this lattice."""
        return self.diagonal_size + self.non_diagonal.size

    @cached_property
    def points(self) -> NDArray[np.int64]:
        """Inputs [size, 4] of every row, 0..256."""
        return np.concatenate([self.diagonal.points[self.diagonal_rows], self.non_diagonal.points])

    def to_json(self) -> dict[str, Any]:
        """Plain values that `parse_lattice` understands."""
        return {
            "kind": "diagonal-first",
            "interval": self.diagonal.interval,
            "dims": self.dims,
            "diagonal_width": self.diagonal_width,
            "dfc_interval": self.non_diagonal.interval,
        }


Lattice = Uniform | DiagonalFirst


def parse_lattice(values: dict[str, Any]) -> Lattice:
    """Read what `to_json` wrote; a `ValueError` if it describes no lattice."""
    match values:
        case {"kind": "uniform", "interval": int(interval)} if interval in INTERVALS:
            return Uniform(interval)
        case {
            "kind": "diagonal-first",
            "interval": int(interval),
            "dims": ("xy" | "xyz" | "xyzt") as dims,
            "diagonal_width": int(width),
            "dfc_interval": int(non_diagonal),
        } if {interval, non_diagonal} <= {*INTERVALS} and interval < non_diagonal and width >= 0:
            return DiagonalFirst(Uniform(interval), dims, width, Uniform(non_diagonal))
    raise ValueError(f"no lattice is described by {values!r}")
