"""Planes in a buffer, with margins around them, so that kernels need no special case at borders."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dfc.models.layers import Architecture

SLACK = 64
"""A line of the cache, and so many bytes that a kernel reads and writes at once."""


def allocate(size: int, phase: int = 0) -> NDArray[np.uint8]:
    """Allocate bytes of which that number `phase` begins a line of the cache."""
    memory = np.empty(size + 2 * SLACK, np.uint8)
    start = -(memory.ctypes.data + phase) % SLACK
    return memory[start : start + size]


class Layout(NamedTuple):
    """How planes lie in a flat buffer."""

    slots: NDArray[np.int64]  # of every plane of a model
    count: int  # of slots
    rows: int  # of a slot, with its margins
    width: int  # of what a row holds
    margin: int

    @property
    def pitch(self) -> int:
        """Elements from row to row; kernels write whole lines of the cache."""
        lines = -(-self.width // SLACK) * SLACK
        return -(-(lines + 2 * self.margin) // SLACK) * SLACK

    @property
    def plane(self) -> int:
        """Elements from slot to slot."""
        return self.rows * self.pitch

    @property
    def size(self) -> int:
        """Elements of the buffer: kernels read and write beyond the last row."""
        return self.count * self.plane + SLACK

    def view(self, buffer: NDArray) -> NDArray:
        """View a buffer as slots [count, rows, pitch]."""
        return buffer[:-SLACK].reshape(self.count, self.rows, self.pitch)

    def find(self, taps: NDArray[np.int64], turn: int = 0) -> NDArray[np.int64]:
        """Find how far taps [.., 3], turned as `rotate_taps` does, are from a pixel of slot 0."""
        planes, rows, columns = np.moveaxis(taps, -1, 0)
        for _ in range(turn):
            rows, columns = columns, -rows
        return self.slots[planes] * self.plane + rows * self.pitch + columns


def place_planes(architecture: Architecture, planar: bool = True) -> tuple[NDArray[np.int64], int]:
    """Find slots in a buffer for all planes, and how many there are.

    The planes of a layer lie side by side; those of the last are its values, if `planar`, or none.
    Slots that no later layer reads are used again, but for those of inputs: every turn reads them.
    """
    layers, firsts = architecture.layers, architecture.first_planes
    last_read = np.full(len(architecture.planes), -1)
    for index, layer in enumerate(layers):
        last_read[[tap[0] for tap, _ in layer.list_reads()]] = index
    slots = np.zeros(len(architecture.planes), np.int64)
    slots[: firsts[0]] = np.arange(firsts[0])
    busy = [len(layers)] * firsts[0]  # until when, by slot
    for index, (layer, first) in enumerate(zip(layers, firsts, strict=True)):
        channels, count = layer.out_channels, layer.values
        if layer is layers[-1] and not planar:
            break
        start = next(
            at for at in range(len(busy) + 1) if all(end < index for end in busy[at : at + count])
        )
        busy += [-1] * (start + count - len(busy))
        ends = last_read[first : first + channels].clip(index)
        busy[start : start + count] = [*ends, *[index] * (count - channels)]
        slots[first : first + channels] = np.arange(start, start + channels)
    return slots, len(busy)


def find_halos(architecture: Architecture) -> tuple[list[int], int]:
    """Find how many rows beyond a strip every layer makes, and how many of the inputs are read."""
    layers = zip(architecture.layers, architecture.first_planes, strict=True)
    needed = np.zeros(len(architecture.planes), np.int64)
    halos = []
    for layer, first in reversed([*layers]):
        halos.append(int(needed[first : first + layer.out_channels].max()))
        for (plane, row, column), _ in layer.list_reads():
            # An ensemble turns columns into rows.
            needed[plane] = max(needed[plane], halos[-1] + max(abs(row), abs(column)))
    return halos[::-1], int(needed[: len(architecture.inputs)].max())
