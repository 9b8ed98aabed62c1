"""Depthwise lookups, row by row: what three taps in a row find is looked up at once.

Seen the other way round, a pixel adds something to each of three pixels of its row. All taps of a
batch lie in the same three columns.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dfc.models.taps import rotate_taps
from dfc.runtimes.program import OneTap, Step, Tap

LANES = 3  # values of a lookup
MOST_LINES = 8  # of a batch


class Line(NamedTuple):
    """Taps in one row: where it is, and the items (a place at a rotation) that read there, -1 where
    there is none. Value k is read in channel `orders[rotation][k]`, from that of the tap on."""

    tap: Tap  # of column 0
    rotation: int
    items: tuple[int, ...]


class Batch(NamedTuple):
    """Lines whose taps lie in the same columns."""

    columns: tuple[int, ...]
    lines: tuple[Line, ...]


def list_batches(lookup: OneTap, step: Step, upright: bool) -> list[Batch]:
    """List the batches of a depthwise lookup.

    Unless it is upright, the picture is turned by a quarter or three: what is a row in it then is a
    column of the taps, so that rows and columns change places.
    """
    found: dict[tuple[int, ...], list[Line]] = {}
    for columns, line in _list_lines(lookup, step.rotations, upright):
        found.setdefault(columns, []).append(line)
    return [
        Batch(columns, tuple(lines[first : first + MOST_LINES]))
        for columns, lines in found.items()
        for first in range(0, len(lines), MOST_LINES)
    ]


def _list_lines(
    lookup: OneTap, rotations: int, upright: bool
) -> Iterator[tuple[tuple[int, ...], Line]]:
    rows: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for place, tap in enumerate(lookup.places):
        for rotation in range(rotations):
            ((_, *offset),) = rotate_taps(((0, tap.row, tap.column),), rotation)
            row, column = offset if upright else reversed(offset)
            key = tap.block, tap.channel, row, rotation
            rows.setdefault(key, []).append((column, place * rotations + rotation))
    for (block, channel, row, rotation), taps in rows.items():
        taps.sort()
        for first in range(0, len(taps), LANES):
            columns, items = zip(*taps[first : first + LANES], strict=True)
            missing = LANES - len(items)
            line = Line(Tap(block, channel, row, 0), rotation, (*items, *[-1] * missing))
            yield (*columns, *[columns[0]] * missing), line
