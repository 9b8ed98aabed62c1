"""Tables: int8 values on a lattice, one a lookup of an architecture; together they are a LUT."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dfc.models import Dims
from dfc.models.lattice import Adaptive, DiagonalFirst, Lattice, Uniform, find_cells
from dfc.models.layers import Architecture, Lookup

CHANNEL_INTERVAL = 4
"""Of a table of channels (SPF-LUT), which is never compressed (docs/numerics.md, section 5)."""
ONE_TAP_INTERVAL = 2
"""Of tables of one tap, usually: each of their 64 cells is visited often enough to learn."""
COARSEST_INTERVAL = 6
"""Of a column that is resampled: one of 2 or 3 values would save little, and for twice the step the
engine adds up half as many lookups at once, in all columns."""


@dataclass(frozen=True)
class Table:
    """Values, int8, on a lattice: a row [columns] for each of its points."""

    lattice: Lattice
    values: NDArray[np.int8] = field(repr=False)

    def __post_init__(self) -> None:
        if self.values.dtype != np.int8 or self.values.ndim != 2:
            raise ValueError(f"expected a matrix of int8, found {self.values.dtype}")
        if len(self.values) != self.lattice.size:
            found = len(self.values)
            raise ValueError(f"expected {self.lattice.size} rows for its lattice, found {found}")

    @property
    def columns(self) -> int:
        """How many values one lookup finds."""
        adaptive = isinstance(self.lattice, Adaptive)
        return len(self.lattice.intervals) if adaptive else self.values.shape[1]

    def resample(self, lattice: DiagonalFirst) -> "Table":
        """Keep the values at the points of another lattice; a `ValueError` if one is missing."""
        if self.lattice == lattice:
            return self
        if not isinstance(self.lattice, Uniform):
            raise ValueError(f"is compressed already, and not as {lattice.to_json()}")
        if self.lattice.interval >= lattice.non_diagonal.interval:
            raise ValueError(f"interval {self.lattice.interval} is not below the coarse one")
        return Table(lattice, self.values[self.lattice.rows(lattice.points)])

    def resample_columns(self, error_bound: float) -> "Table":
        """Keep, of every column of a table of one tap, as few values as a bound allows.

        The step is the largest, up to 64, whose interpolation errs by no more than the bound, in
        the mean over all levels (adaptive sampling, published with ShiftLUT). A compressed table
        stays as it is.
        """
        if not isinstance(self.lattice, Uniform):
            return self
        levels, own = self.lattice.levels, self.expand()
        kept = {self.lattice.interval: self}
        chosen = np.full(self.columns, self.lattice.interval)
        coarsest = min(COARSEST_INTERVAL, levels.bit_length() - 1)
        for interval in range(self.lattice.interval + 1, coarsest + 1):
            lattice = Uniform(interval, 1, levels)
            # Where every level is sampled, none lies above the last.
            rows = np.minimum(lattice.points[:, 0] // self.lattice.step, len(self.values) - 1)
            kept[interval] = Table(lattice, self.values[rows])
            error = np.abs(kept[interval].expand() - own).mean(0)
            chosen[error <= error_bound] = interval
        columns = [kept[interval].values[:, k] for k, interval in enumerate(chosen)]
        return Table(Adaptive(tuple(chosen.tolist()), levels), np.concatenate(columns)[:, None])

    def expand(self) -> NDArray[np.float64]:
        """Interpolate a table of one tap at every level: [levels, columns]."""
        lower, upper, fraction, steps = find_cells(self.lattice, self.columns)
        flat = self.values.ravel().astype(np.float64)
        return flat[lower] + (flat[upper] - flat[lower]) * fraction / steps


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
        for name, (lookup, layer) in lookups.items():
            table, expected = self.tables[name], len(lookup.places) * layer.values
            lattice = table.lattice
            if (lattice.taps, lattice.levels) != (lookup.taps, lookup.levels):
                wanted = f"a lattice of {lookup.taps} tap(s) and {lookup.levels} levels"
                found = f"{lattice.taps} and {lattice.levels}"
                raise ValueError(f"table {name}: expected {wanted}, found {found}")
            if isinstance(lattice, Adaptive) and not layer.is_one_tap:
                raise ValueError(f"table {name}: is adaptive, beside lookups of several taps")
            if table.columns != expected:
                found = f"values a row, found {table.columns}"
                raise ValueError(f"table {name}: expected {expected} {found}")

    @property
    def size_mib(self) -> float:
        """Storage as published: MiB of int8 entries, index maps not counted."""
        return sum(table.values.size for table in self.tables.values()) / 2**20

    def compress(
        self, dims: Dims, diagonal_width: int, interval: int, error_bound: float | None = None
    ) -> "Lut":
        """Compress every table in its own way, unless that is done.

        Spatial tables of four taps are resampled on `DiagonalFirst` lattices, with a coarse
        interval above that of this LUT, those of one tap within `error_bound`, if one is given.
        Raises `ValueError` if this LUT is too coarse, or compressed in another way.
        """
        tables = {}
        for name, (lookup, layer) in self.architecture.lookups.items():
            table = self.tables[name]
            if is_diagonal_first(lookup):
                parts = Uniform(table.lattice.interval), Uniform(interval)
                table = table.resample(DiagonalFirst(parts[0], dims, diagonal_width, parts[1]))
            elif layer.is_one_tap and error_bound is not None:
                table = table.resample_columns(error_bound)
            tables[name] = table
        if all(tables[name] is table for name, table in self.tables.items()):
            return self
        kinds = {type(table.lattice) for table in tables.values()}
        step: dict[str, Any] = {"step": "compress"}
        if DiagonalFirst in kinds:
            step |= {"dims": dims, "diagonal_width": diagonal_width, "interval": interval}
        if Adaptive in kinds:
            step["error_bound"] = error_bound
        return replace(self, tables=tables, history=(*self.history, step))


def is_diagonal_first(lookup: Lookup) -> bool:
    """Whether the table of a lookup is one that DFC compresses: neighbouring pixels of 8 bits."""
    return lookup.is_spatial and lookup.taps == 4 and lookup.levels == 256


def choose_lattice(
    lookup: Lookup, interval: int, one_tap_interval: int = ONE_TAP_INTERVAL
) -> Uniform:
    """Choose the uniform lattice that a lookup is exported on.

    The interval is that of spatial tables of several taps; those of one have another.
    """
    levels = lookup.levels
    own = interval if lookup.is_spatial else CHANNEL_INTERVAL
    own = one_tap_interval if lookup.taps == 1 else own
    # As many points as 256 levels would have.
    return Uniform(max(0, own - 9 + levels.bit_length()), lookup.taps, levels)
