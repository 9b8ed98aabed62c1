"""Taps: what a lookup reads, and the geometry of turning and padding it."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Tap = tuple[int, int, int]  # a value read by a lookup: its plane, and offsets in row and column

PATTERNS: dict[str, tuple[tuple[int, int], ...]] = {
    "s": ((0, 0), (0, 1), (1, 0), (1, 1)),
    "d": ((0, 0), (0, 2), (2, 0), (2, 2)),
    "y": ((0, 0), (1, 1), (1, 2), (2, 1)),
    "e": ((0, 0), (0, 3), (3, 0), (3, 3)),
    "h": ((0, 0), (2, 2), (2, 3), (3, 2)),
    "o": ((0, 0), (2, 2), (1, 3), (3, 1)),
}
"""Rows and columns of the taps `a b c d`, by the published letter (docs/numerics.md, section 1)."""
MOST_REACH = 16
LEVELS = (2, 4, 8, 16, 32, 64, 128, 256)


class Range(NamedTuple):
    """The whole numbers that a plane holds: `levels` of them, from the lowest on."""

    lowest: int
    levels: int

    @property
    def highest(self) -> int:
        """The largest of them."""
        return self.lowest + self.levels - 1

    def check(self) -> None:
        """Refuse ranges that no byte holds, signed or not."""
        check_number("lowest", self.lowest, -128, 0)
        check_choice("levels", self.levels, LEVELS, "a power of 2 up to 256")


def rotate_taps(taps: tuple[Tap, ...], turns: int) -> tuple[Tap, ...]:
    """Rotate taps: they read what they would of an image turned so often counter-clockwise."""
    for _ in range(turns):
        taps = tuple((plane, column, -row) for plane, row, column in taps)
    return taps


def rotate_block(channels: int, scale: int, turns: int) -> NDArray[np.int64]:
    """List which value of a turned block [channels, scale, scale] stands at each place of the
    upright one; turned is as in `rotate_taps`."""
    block = np.arange(channels * scale * scale).reshape(channels, scale, scale)
    return np.rot90(block, -turns, (1, 2)).ravel()


def compute_reach(places: Iterable[tuple[Tap, ...]]) -> int:
    """Compute the largest distance in pixels between a position and the taps of some places."""
    taps = chain.from_iterable(places)
    return max((max(abs(row), abs(column)) for _, row, column in taps), default=0)


@lru_cache(maxsize=64)
def pad_positions(length: int, margin: int, padding: str) -> NDArray[np.int64]:
    """List which of `length` positions is read for each of -margin .. length + margin - 1."""
    return np.pad(np.arange(length), margin, mode=padding)  # NumPy's modes are called as ours


def check_number(what: str, value: object, lowest: int, highest: int) -> None:
    """Refuse what is not a whole number from the lowest to the highest."""
    check_choice(what, value, range(lowest, highest + 1), f"{lowest} to {highest}")


def check_choice(what: str, value: object, choices: Sequence[int], expected: str) -> None:
    """Refuse what is no whole number, or none of the choices."""
    if type(value) is not int or value not in choices:
        raise ValueError(f"{what}: expected {expected}, found {value!r}")


def check_taps(what: str, places: Iterable[tuple[Tap, ...]]) -> None:
    """Refuse what are not taps, or taps that are far away."""
    for tap in chain.from_iterable(places):
        if len(tap) != 3:
            raise ValueError(f"{what}: expected taps of plane, row and column")
        check_number(f"{what}: plane", tap[0], 0, 2**16)
        for offset in tap[1:]:
            check_number(f"{what}: offset", offset, -MOST_REACH, MOST_REACH)
