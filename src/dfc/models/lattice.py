"""Lattices: at which inputs a table holds a value, and in which row.

A lattice samples the one to four inputs `a b c d` of a lookup, counted from the lowest level of
their range.
"""

from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from dfc.models import Dims
from dfc.models.taps import LEVELS

Array = TypeVar("Array")  # an array of NumPy or a tensor of PyTorch
MOST_POINTS = 33
"""Of an axis, where there is more than one."""


class Cells(NamedTuple):
    """Where a table of one tap is read at each level, column by column: arrays [levels, columns].

    They may be tensors as well. A level lies `fraction` levels above its lower point, of the
    `steps` to the upper one.
    """

    lower: NDArray[np.int64]  # positions in the flattened table
    upper: NDArray[np.int64]
    fraction: NDArray[np.int64]
    steps: NDArray[np.int64]


@dataclass(frozen=True)
class Uniform:
    """Levels 0, q, 2q, .. on every axis, q = 2^interval, up to `levels`; below it where q is 1."""

    interval: int
    taps: int = 4
    levels: int = 256

    @property
    def title(self) -> str:
        """For people."""
        plain = (self.taps, self.levels) == (4, 256)
        details = "" if plain else f", {self.taps} tap(s) of {self.levels} levels"
        return f"uniform, interval {self.interval}{details}"

    @property
    def step(self) -> int:
        """Distance q between two points of an axis, in levels."""
        return 2**self.interval

    @property
    def length(self) -> int:
        """Points of an axis, L = levels / q + 1; as many as levels where q is 1."""
        return self.levels // self.step + (self.step > 1)

    @property
    def size(self) -> int:
        """Rows of a table on this lattice, L^taps."""
        return self.length**self.taps

    @property
    def strides(self) -> tuple[int, ...]:
        """Rows between neighbours along `a`, `b`, `c` and `d` (`a` slowest)."""
        return tuple(self.length**axis for axis in reversed(range(self.taps)))

    @cached_property
    def points(self) -> NDArray[np.int64]:
        """Inputs [size, taps] of every row, 0..levels."""
        return np.indices((self.length,) * self.taps).reshape(self.taps, -1).T * self.step

    def rows(self, points: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows [N] of lattice points [N, taps]; a `ValueError` if a point is not on the lattice."""
        if (points % self.step).any():
            raise ValueError(f"not every point lies on the lattice of interval {self.interval}")
        return (points // self.step) @ np.array(self.strides)

    def to_json(self) -> dict[str, Any]:
        """Plain values that `parse_lattice` understands."""
        return {"kind": "uniform", **asdict(self)}


@dataclass(frozen=True)
class Adaptive:
    """Levels 0, q, 2q, .. of one tap, each column of a table with a q = 2^interval of its own
    (adaptive sampling, published with ShiftLUT): column after column, in one column of values."""

    intervals: tuple[int, ...]
    levels: int
    taps: ClassVar = 1

    @property
    def interval(self) -> int:
        """The smallest interval."""
        return min(self.intervals)

    @property
    def title(self) -> str:
        """For people."""
        steps = ", ".join(str(2**interval) for interval in sorted(set(self.intervals)))
        return f"adaptive, steps {steps} of {self.levels} levels"

    @property
    def lengths(self) -> list[int]:
        """Points of every column."""
        return [Uniform(interval, 1, self.levels).length for interval in self.intervals]

    @property
    def size(self) -> int:
        """Values of a table on this lattice, of all columns."""
        return sum(self.lengths)

    def to_json(self) -> dict[str, Any]:
        """Plain values that `parse_lattice` understands: a digit a column."""
        digits = "".join(map(str, self.intervals))
        return {"kind": "adaptive", "intervals": digits, "levels": self.levels}


@lru_cache(maxsize=256)
def find_cells(lattice: Uniform | Adaptive, columns: int) -> Cells:
    """Find where a table of one tap, with so many columns, is read at every level.

    Beyond the last level, a table that is sampled at every one goes on with its last value.
    """
    if isinstance(lattice, Uniform):
        intervals, starts, stride = np.full(columns, lattice.interval), np.arange(columns), columns
    else:
        intervals, stride = np.array(lattice.intervals), 1
        starts = np.cumsum([0, *lattice.lengths[:-1]])
    level, steps = np.arange(lattice.levels)[:, None], np.left_shift(1, intervals)
    lower = level // steps
    upper = np.minimum(lower + 1, lattice.levels // steps - (steps == 1))
    places = (starts + point * stride for point in (lower, upper))
    return Cells(*places, *np.broadcast_arrays(level - lower * steps, steps))


@dataclass(frozen=True)
class DiagonalFirst:
    """DFC (CVPR 2024): the diagonal points of a lattice, then all points of a coarser one.

    A point is diagonal where every named dimension lies within `diagonal_width` points of `a`
    (docs/numerics.md, section 7).
    """

    diagonal: Uniform
    dims: Dims
    diagonal_width: int
    non_diagonal: Uniform
    taps: ClassVar = 4
    levels: ClassVar = 256

    @property
    def interval(self) -> int:
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
        """Test which taps [N, 4], 0..256, are read from the diagonal lattice: booleans [N]."""
        return (abs(taps[:, self.named] - taps[:, :1]) <= self.reach).all(1)

    @cached_property
    def row_of(self) -> NDArray[np.int64]:
        """Maps rows of the whole diagonal lattice to those of this table; -1 where none is kept."""
        kept = self.is_diagonal(self.diagonal.points)
        return np.where(kept, kept.cumsum() - 1, -1)

    @property
    def diagonal_size(self) -> int:
        """How many rows are diagonal."""
        length, named, width = self.diagonal.length, len(self.dims) - 1, self.diagonal_width
        near = (min(a + width, length - 1) - max(a - width, 0) + 1 for a in range(length))
        return sum(count**named for count in near) * length ** (3 - named)

    @property
    def size(self) -> int:
        """Rows of a table on this lattice."""
        return self.diagonal_size + self.non_diagonal.size

    @cached_property
    def points(self) -> NDArray[np.int64]:
        """Inputs [size, 4] of every row, 0..256."""
        return np.concatenate([self.diagonal.points[self.row_of >= 0], self.non_diagonal.points])

    def to_json(self) -> dict[str, Any]:
        """Plain values that `parse_lattice` understands."""
        parts = {"interval": self.diagonal.interval, "dfc_interval": self.non_diagonal.interval}
        band = {"dims": self.dims, "diagonal_width": self.diagonal_width}
        return {"kind": "diagonal-first", **band, **parts}


Lattice = Uniform | DiagonalFirst | Adaptive


def parse_lattice(values: dict[str, Any]) -> Lattice:
    """Read what `to_json` wrote; a `ValueError` if it describes no lattice."""
    parts: list[Uniform] = []
    match values:
        case {"kind": "uniform", "interval": int(interval)}:
            lattice = Uniform(interval, values.get("taps", 4), values.get("levels", 256))
            parts = [lattice]
        case {"kind": "adaptive", "intervals": str(digits), "levels": levels}:
            intervals = tuple(map(int, digits)) if digits.isdecimal() else ()
            lattice, parts = Adaptive(intervals, levels), [Uniform(k, 1, levels) for k in intervals]
        case {
            "kind": "diagonal-first",
            "interval": int(interval),
            "dims": ("xy" | "xyz" | "xyzt") as dims,
            "diagonal_width": int(width),
            "dfc_interval": int(non_diagonal),
        } if interval < non_diagonal and width >= 0:
            parts = [Uniform(interval), Uniform(non_diagonal)]
            lattice = DiagonalFirst(parts[0], dims, width, parts[1])
    if not parts or not all(map(_is_possible, parts)):
        raise ValueError(f"no lattice is described by {values!r}")
    return lattice


def _is_possible(lattice: Uniform) -> bool:
    if lattice.taps not in (1, 2, 3, 4) or lattice.levels not in LEVELS:
        return False
    steps = range(lattice.levels.bit_length())
    return lattice.interval in steps and (lattice.taps == 1 or lattice.length <= MOST_POINTS)
