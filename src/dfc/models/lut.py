"""Tables: int8 values on a lattice, one a lookup of an architecture; together they are a LUT."""

from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from dfc.models.architectures import PATTERNS, Architecture
from dfc.models.lattice import DiagonalFirst, Dims, Lattice, Uniform
from dfc.tasks.names import Task

CHANNEL_INTERVAL = 4
"""The channel table of SPF-LUT always has this interval and is never compressed (NUMERICS)."""


@dataclass(frozen=True)
class Table:
    """Values [lattice.size, out_channels * scale * scale], int8 in -127..127, on a lattice."""

    lattice: Lattice
    values: NDArray[np.int8]

    def __post_init__(self) -> None:
        if self.values.dtype != np.int8 or self.values.ndim != 2:
            raise ValueError(f"expected a matrix of int8, found {self.values.dtype}")
        if len(self.values) != self.lattice.size:
            raise ValueError(
                f"expected {self.lattice.size} rows for its lattice, found {len(self.values)}"
            )

    def resampled(self, lattice: DiagonalFirst) -> "Table":
        """Keep the values at the points of another lattice, all of which this one must have.

        Raises
        ------
        ValueError
            If this table is not uniform, or too coarse for the other lattice.
        """
        if self.lattice == lattice:
            return self
        if not isinstance(self.lattice, Uniform):
            raise ValueError(f"is compressed already, and not as {lattice.to_json()}")
        if self.lattice.interval >= lattice.non_diagonal.interval:
            raise ValueError(f"interval {self.lattice.interval} is not below the coarse one")
        return Table(lattice, self.values[self.lattice.rows(lattice.points)])


@dataclass(frozen=True, eq=False)
class Lut:
    """A restoration LUT: an architecture and its tables; it is equal to itself alone."""

    architecture: Architecture
    task: Task
    tables: dict[str, Table]
    history: tuple[dict[str, Any], ...] = field(default=())
    """How it was made: one entry a step, oldest first."""

    def __post_init__(self) -> None:
        if self.task not in get_args(Task):
            raise ValueError(f"task {self.task!r} is none of {', '.join(get_args(Task))}")
        lookups = self.architecture.lookups
        if list(lookups) != list(self.tables):
            raise ValueError(f"expected the tables {list(lookups)}, found {list(self.tables)}")
        for name, (_, layer) in lookups.items():
            found = self.tables[name].values.shape[1]
            if found != layer.values_per_lookup:
                raise ValueError(
                    f"table {name}: expected {layer.values_per_lookup} values a row, found {found}"
                )

    @property
    def size_mib(self) -> float:
        """Storage as published: MiB of int8 entries, index maps not counted."""
        return sum(table.values.size for table in self.tables.values()) / 2**20

    def compressed(self, dims: Dims, width: int, interval: int) -> "Lut":
        """Resample every spatial table diagonal-first (DFC, CVPR 2024), unless that is done.

        Parameters
        ----------
        dims
            Dimensions kept near the diagonal.
        width
            How many lattice points a diagonal point may be away from the diagonal.
        interval
            Interval of the coarse lattice elsewhere, above that of this LUT.

        Raises
        ------
        ValueError
            If this LUT is too coarse, or compressed in another way.
        """
        tables = {}
        for name, (lookup, _) in self.architecture.lookups.items():
            table = self.tables[name]
            if PATTERNS[lookup.pattern].rotations > 1:
                fine = Uniform(table.lattice.finest)
                table = table.resampled(DiagonalFirst(fine, dims, width, Uniform(interval)))
            tables[name] = table
        if all(tables[name] is table for name, table in self.tables.items()):
            return self
        step = {"step": "compress", "dims": dims, "diagonal_width": width, "interval": interval}
        return replace(self, tables=tables, history=(*self.history, step))


def nearest_neighbour(architecture: Architecture, task: str, interval: int) -> Lut:
    """A LUT that repeats every pixel: where the training of tables starts.

    Parameters
    ----------
    architecture
        What the tables are for.
    task
        What they will be trained for.
    interval
        Of the uniform lattice that they are on.
    """
    tables = {}
    for name, (lookup, layer) in architecture.lookups.items():
        lattice = choose_lattice(lookup.pattern, interval)
        factor, summand = layer.nearest_neighbour
        # The last point of an axis, 256, answers for 255 (NUMERICS).
        pixels = np.minimum(lattice.points, 255)
        # A layer that reads several channels repeats each of them in one of its own.
        taps = range(layer.out_channels) if layer.reads_kept else [0] * layer.out_channels
        answers = np.rint(pixels[:, taps] * factor + summand).clip(-127, 127).astype(np.int8)
        tables[name] = Table(lattice, answers.repeat(layer.scale**2, axis=1))
    return Lut(architecture, task, tables, ({"step": "nearest neighbour", "interval": interval},))


def choose_lattice(pattern: str, interval: int) -> Uniform:
    """The uniform lattice that a lookup with `pattern` is exported on."""
    return Uniform(interval if PATTERNS[pattern].rotations > 1 else CHANNEL_INTERVAL)
