"""Tables of a LUT as textures: what a shader finds at once lies in the channels of a pixel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dfc.runtimes.program import OneTap, Step

Groups = Sequence[Sequence[int]]
"""Values of a layer, four by four, as they lie in the channels of pixels; -1 is none."""


@dataclass(frozen=True)
class Texture:
    """Pixels of whole numbers, row by row."""

    name: str
    width: int
    height: int
    channels: int
    bits: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Columns:
    """The columns of a table of one tap, all sampled every 2^interval levels, in whole numbers.

    Where a lookup is depthwise, a pixel holds the ends of the cell of one column, each as its
    higher and its lower byte: every column is read at a level of its own. Otherwise it holds a
    point of four columns.
    """

    texture: Texture
    interval: int
    highest: int  # in units: what a full channel is
    zero: int  # in units: what 0 is stored as


def pack_simplex(step: Step, groups: Groups, name: str) -> tuple[Texture, list[list[int]]]:
    """Pack all tables of a layer of several taps: rows of a lookup, place and group one by one.

    Returns the texture, and where each place of each lookup begins, in pixels.
    """
    channels = step.values if step.values < 3 else 4
    pixels, starts, start = [], [], 0
    for lookup in step.lookups:
        for place in lookup.values.reshape(len(lookup.places), lookup.rows, step.values):
            pixels += [_take(place, group[:channels]) for group in groups]
        size = lookup.rows * len(groups)
        starts.append([start + size * place for place in range(len(lookup.places))])
        start += size * len(lookup.places)
    width = 2 ** -(-start.bit_length() // 2)
    height = -(-start // width)
    stored = np.zeros((height * width, channels), np.uint8)
    stored[:start] = np.concatenate(pixels) + 128
    return Texture(name, width, height, channels, 8, stored.tobytes()), starts


def _take(values: NDArray, group: Sequence[int]) -> NDArray[np.int64]:
    """Take the values of a group, the last axis; 0 where there is none."""
    taken = values[..., [max(value, 0) for value in group]].astype(np.int64)
    return np.where(np.array(group) < 0, 0, taken)


def pack_columns(lookup: OneTap, step: Step, groups: Groups, name: str) -> Columns:
    """Pack a table of one tap, sampled as finely as the finest of its columns."""
    interval = min(lookup.intervals)
    points = np.stack([*_sample_columns(lookup, step.unit, interval)])
    points = points.reshape(len(lookup.places), step.values, -1).swapaxes(1, 2)
    packed = np.stack([_take(points, group) for group in groups], 1)  # place, group, point, value
    if lookup.depthwise:
        return _pack_cells(packed, interval, name)
    whole = interval == max(lookup.intervals)
    unit, bits = (step.unit, 8) if whole else (1, 16)
    zero = 2 ** (bits - 1)
    stored = (packed // unit + zero).astype("u1" if whole else "<u2")
    height, width = packed.shape[0] * packed.shape[1], packed.shape[2]
    texture = Texture(name, width, height, 4, bits, stored.tobytes())
    return Columns(texture, interval, (2**bits - 1) * unit, zero * unit)


def _pack_cells(packed: NDArray, interval: int, name: str) -> Columns:
    """Pack both ends of each cell of a column."""
    lower, upper = (packed[:, :, :-1], packed[:, :, 1:]) if interval else (packed, packed)
    cells = np.stack([lower, upper], -1) + 2**15
    cells = cells.transpose(0, 1, 3, 2, 4)  # place, group, value, cell, end
    texture = Texture(
        name, cells.shape[3], int(np.prod(cells.shape[:3])), 4, 8, cells.astype(">u2").tobytes()
    )
    return Columns(texture, interval, 255, 2**15)


def _sample_columns(lookup: OneTap, unit: int, interval: int) -> Iterator[NDArray[np.int64]]:
    """Sample columns every 2^interval levels, in units."""
    levels = np.arange(0, lookup.levels + (interval > 0), 2**interval)
    for start, own in zip(lookup.starts, lookup.intervals, strict=True):
        cell = levels >> own
        values = lookup.values.astype(np.int64)
        lower = values[start + cell]
        share = levels - (cell << own)
        upper = values[start + cell + (share > 0)]
        yield lower * unit + (upper - lower) * share * unit // 2**own
