"""Tables: int8 values on a lattice, one a lookup of an architecture; together they are a LUT."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dfc.models import Dims
from dfc.models.lattice import DiagonalFirst, Lattice, Uniform
from dfc.models.layers import Architecture, Lookup

CHANNEL_INTERVAL = 4
"""Of a table of channels (SPF-LUT), which is never compressed (docs/numerics.md, section 5)."""


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

    def resample(self, lattice: DiagonalFirst) -> "Table":
        """Keep the values at the points of another lattice; a `ValueError` if one is missing."""
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
    task: str
    """What it was trained for: a task of `dfc.tasks`, or one that is not known here."""
    tables: dict[str, Table]
    history: tuple[dict[str, Any], ...] = field(default=())
    """How it was made: one entry a step, oldest first."""

    def __post_init__(self) -> None:
        if not isinstance(self.task, str) or not self.task.isidentifier():
            raise ValueError(f"expected the name of a task, found {self.task!r}")
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

    def compress(self, dims: Dims, diagonal_width: int, interval: int) -> "Lut":
        """Resample every spatial table diagonal-first (DFC, CVPR 2024), unless that is done.

        Points within `diagonal_width` lattice points of the diagonal in the named dimensions are
        kept; elsewhere the lattice has a coarse interval, above that of this LUT. Raises
        `ValueError` if this LUT is too coarse, or compressed in another way.
        """
        tables = {}
        for name, (lookup, _) in self.architecture.lookups.items():
            table = self.tables[name]
            if lookup.is_spatial:
                fine = Uniform(table.lattice.finest)
                table = table.resample(DiagonalFirst(fine, dims, diagonal_width, Uniform(interval)))
            tables[name] = table
        if all(tables[name] is table for name, table in self.tables.items()):
            return self
        knobs = {"dims": dims, "diagonal_width": diagonal_width, "interval": interval}
        history = (*self.history, {"step": "compress", **knobs})
        return replace(self, tables=tables, history=history)


def choose_lattice(lookup: Lookup, interval: int) -> Uniform:
    """Choose the uniform lattice that a lookup is exported on."""
    return Uniform(interval if lookup.is_spatial else CHANNEL_INTERVAL)
