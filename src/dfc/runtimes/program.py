"""A LUT as plain data for other machines: blocks of planes, and what every layer does with them.

What is restored row by row works with few rows of every block at a time: how many, and how far
layers are ahead of the last one, stands here, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dfc.engine.layout import lay_out, place_rows
from dfc.engine.planes import find_halos
from dfc.models.lattice import Adaptive, find_cells
from dfc.models.layers import Architecture, Input, Layer, Lookup
from dfc.models.lut import Lut, Table
from dfc.models.taps import rotate_block


class Tap(NamedTuple):
    """A value that is read: the block and the channel of a plane, and offsets in row and column."""

    block: int
    channel: int
    row: int
    column: int


@dataclass(frozen=True)
class Block:
    """The planes that a layer makes (or the inputs), pixel by pixel, as levels from the lowest on.

    Seen from the row of pixels that is finished, `ahead` rows of it are made, and `depth` rows are
    kept for what reads them.
    """

    channels: int
    ahead: int
    depth: int
    margin: int
    """How far beyond the left and the right border it is read, in pixels."""


@dataclass(frozen=True)
class OneTap:
    """A table of one tap: columns one after the other, each of some points with a step of its own.

    Column `place * values + k` is what a place adds to value k.
    """

    places: tuple[Tap, ...]
    depthwise: bool
    """Whether value k is read k channels further."""
    levels: int
    intervals: tuple[int, ...]  # of each column: its points lie 2^interval levels apart
    starts: tuple[int, ...]  # of each column, in the values
    values: NDArray[np.int8] = field(repr=False)


class Part(NamedTuple):
    """One part of a table of several taps: row = offset + strides . (taps >> interval)."""

    interval: int
    offset: int
    strides: tuple[int, ...]


@dataclass(frozen=True)
class Simplex:
    """A table of one to four taps, as rows of a layer's values, one for each place.

    A vertex of weight 0 may be read up to the sum of strides beyond the last row: the rows that lie
    there are zeros. Taps that are not there read what the first does, with a stride of 0.
    """

    places: tuple[tuple[Tap, ...], ...]
    diagonal: Part
    other: Part
    reach: tuple[int, ...]
    """How far `b c d` may be from `a` where the diagonal part is read."""
    rows: int  # of a place
    values: NDArray[np.int8] = field(repr=False)  # [places * rows, values of the layer]


@dataclass(frozen=True)
class Step:
    """A layer: level = clip(round((sum + bias) / divisor) + residuals + constant, 0, levels - 1).

    The sum is in multiples of 1 / unit of what tables hold, and so are divisor and bias.
    """

    lookups: tuple[OneTap | Simplex, ...]
    block: int  # that it makes
    values: int
    out_channels: int
    scale: int
    rotations: int
    orders: tuple[tuple[int, ...], ...]
    """For each rotation, which value of a turned lookup is added to each value."""
    unit: int
    divisor: int
    bias: int
    residuals: tuple[tuple[Tap, ...], ...]  # of each value
    constants: tuple[int, ...]  # of each value
    levels: int
    largest_sum: int
    """No sum, nor a part of it, is further from 0."""

    @property
    def is_one_tap(self) -> bool:
        """Whether every lookup reads one tap."""
        return isinstance(self.lookups[0], OneTap)

    @property
    def parts(self) -> int:
        """How many sums each value has: those of turns whose values are put in order afterwards."""
        return 1 if self.is_one_tap or self.values == 1 else self.rotations

    @property
    def shift(self) -> int:
        """So many divisors, an even number, make every dividend positive."""
        return 2 * -(-(self.largest_sum + abs(self.bias)) // (2 * self.divisor))


@dataclass(frozen=True)
class Program:
    """A LUT: what the last layer makes of `turns` is added up, from the lowest on, divided, rounded
    half to even, and clipped to 0..255 after the bias is added."""

    title: str
    task: str
    scale: int
    colours: int
    padding: str
    inputs: tuple[Input, ...]
    blocks: tuple[Block, ...]  # of the inputs, then of every layer but the last
    steps: tuple[Step, ...]
    halos: tuple[int, ...]  # how many rows every layer is ahead of the last
    turns: int
    orders: tuple[tuple[int, ...], ...]  # as those of a layer, for each turn of the whole picture
    divisor: int
    bias: int
    lowest: int  # of the last layer
    reach: int

    @property
    def table_bytes(self) -> int:
        """What the values of all tables take."""
        return sum(each.values.size for step in self.steps for each in step.lookups)


def make_program(lut: Lut) -> Program:
    """Describe a LUT as plain data."""
    model = lut.architecture
    halos, input_halo = find_halos(model)
    last = model.layers[-1]
    return Program(
        title=model.title,
        task=lut.task,
        scale=model.scale,
        colours=model.colours,
        padding=model.padding,
        inputs=model.inputs,
        blocks=tuple(_list_blocks(model, [input_halo, *halos])),
        steps=tuple(
            _make_step(layer, model, lut.tables, index) for index, layer in enumerate(model.layers)
        ),
        halos=tuple(halos),
        turns=model.rotations,
        orders=_list_orders(last, model.rotations),
        divisor=model.divisor,
        bias=model.bias,
        lowest=last.lowest,
        reach=model.reach,
    )


def _list_blocks(model: Architecture, ahead: Sequence[int]) -> Iterator[Block]:
    """List blocks: of the inputs and of every layer, `ahead` of the last one by so many rows."""
    sizes = [len(model.inputs), *(layer.out_channels for layer in model.layers[:-1])]
    for block, channels in enumerate(sizes):
        depth, margin = 1, 0
        for reader, layer in enumerate(model.layers):
            for tap in _list_reads(layer, model):
                if tap.block == block:
                    reach = max(abs(tap.row), abs(tap.column))  # an ensemble turns them
                    depth = max(depth, ahead[block] - ahead[reader + 1] + reach + 1)
                    margin = max(margin, reach)
        yield Block(channels, ahead[block], depth, margin)


def _list_reads(layer: Layer, model: Architecture) -> list[Tap]:
    return [_find_tap(tap, model) for tap, _ in layer.list_reads()]


def _find_tap(tap: tuple[int, int, int], model: Architecture) -> Tap:
    plane, row, column = tap
    firsts = (0, *model.first_planes)
    block = max(k for k, first in enumerate(firsts) if first <= plane)
    return Tap(block, plane - firsts[block], row, column)


def _list_orders(layer: Layer, turns: int) -> tuple[tuple[int, ...], ...]:
    orders = (rotate_block(layer.out_channels, layer.scale, turn) for turn in range(turns))
    return tuple(tuple(order.tolist()) for order in orders)


def _make_step(layer: Layer, model: Architecture, tables: dict[str, Table], index: int) -> Step:
    read = _read_one_tap if layer.is_one_tap else _lay_out_simplex
    own = [(lookup, tables[lookup.table]) for lookup in layer.lookups]
    lookups = tuple(read(lookup, table, layer, model) for lookup, table in own)
    unit = 2 ** max(_find_largest_interval(table) for _, table in own)
    residuals = layer.list_residuals()
    lowest = (sum(model.planes[plane].lowest for plane, _, _ in taps) for taps in residuals)
    return Step(
        lookups=lookups,
        block=index + 1,
        values=layer.values,
        out_channels=layer.out_channels,
        scale=layer.scale,
        rotations=layer.rotations,
        orders=_list_orders(layer, layer.rotations),
        unit=unit,
        divisor=layer.divisor * unit,
        bias=layer.bias * layer.divisor * unit,
        residuals=tuple(tuple(_find_tap(tap, model) for tap in taps) for taps in residuals),
        constants=tuple(each - layer.lowest for each in lowest),
        levels=layer.levels,
        largest_sum=unit * layer.rotations * sum(map(_find_largest_sum, lookups)),
    )


def _find_largest_interval(table: Table) -> int:
    lattice = table.lattice
    if isinstance(lattice, Adaptive):
        return max(lattice.intervals)
    return max(part.interval for part in lay_out(lattice)[:2])


def _find_largest_sum(lookup: OneTap | Simplex) -> int:
    """Find a bound of what the places of a table add up to."""
    sizes = np.abs(lookup.values.astype(int))
    if isinstance(lookup, OneTap):
        columns = np.maximum.reduceat(sizes, lookup.starts)
        return int(columns.reshape(len(lookup.places), -1).sum(0).max())
    return len(lookup.places) * int(sizes.max())


def _read_one_tap(lookup: Lookup, table: Table, layer: Layer, model: Architecture) -> OneTap:
    """Take the columns of a table of one tap, one after the other."""
    cells = find_cells(table.lattice, table.columns)
    steps = cells.steps[0]
    lengths = lookup.levels // steps + (steps > 1)
    flat = table.values.ravel()
    stride = 1 if isinstance(table.lattice, Adaptive) else table.columns
    columns = [
        flat[first : first + length * stride : stride]
        for first, length in zip(cells.lower[0], lengths, strict=True)
    ]
    return OneTap(
        places=tuple(_find_tap(taps[0], model) for taps in lookup.places),
        depthwise=lookup.depthwise,
        levels=lookup.levels,
        intervals=tuple(int(step).bit_length() - 1 for step in steps),
        starts=tuple(np.cumsum([0, *lengths[:-1]]).tolist()),
        values=np.concatenate(columns),
    )


def _lay_out_simplex(lookup: Lookup, table: Table, layer: Layer, model: Architecture) -> Simplex:
    """Lay a table of several taps out, as the engine does (docs/numerics.md, section 8)."""
    diagonal, other, reach = lay_out(table.lattice)
    rows, sources = place_rows(table.lattice, diagonal, other)
    missing = 4 - lookup.taps
    parts = [
        Part(each.interval, each.offset, (*each.strides, *[0] * missing))
        for each in (diagonal, other)
    ]
    count = other.offset + other.rows + max(sum(part.strides) for part in parts)
    values = np.zeros((len(lookup.places), count, layer.values), np.int8)
    columns = table.values.reshape(len(table.values), len(lookup.places), layer.values)
    values[:, rows] = columns[sources].swapaxes(0, 1)
    places = tuple(
        tuple(_find_tap(tap, model) for tap in (*taps, *[taps[0]] * missing))
        for taps in lookup.places
    )
    flat = values.reshape(-1, layer.values)
    return Simplex(places, *parts, reach, count, flat)
