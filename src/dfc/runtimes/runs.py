"""Runs of values: those of a layer that are finished alike, one after the other."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from dfc.runtimes.program import Step, Tap


class Run(NamedTuple):
    """Values of a layer that are finished alike: what is added to one after the other lies in
    channel after channel where a tap advances by 1, and in one place where by 0."""

    first: int
    count: int
    constant: int
    taps: tuple[Tap, ...]
    advances: tuple[int, ...]


def list_runs(step: Step) -> Iterator[Run]:
    """List the values of a layer in runs, as long as possible, that are finished alike."""
    added = list(zip(step.residuals, step.constants, strict=True))
    first = 0
    while first < step.values:
        taps, constant = added[first]
        runs = []
        for advances in product((1, 0), repeat=len(taps)):
            count = 1
            while first + count < step.values and added[first + count] == (
                _advance(taps, advances, count),
                constant,
            ):
                count += 1
            runs.append(Run(first, count, constant, taps, advances))
        longest = max(runs, key=lambda run: run.count)
        yield longest
        first += longest.count


def _advance(taps: tuple[Tap, ...], advances: tuple[int, ...], count: int) -> tuple[Tap, ...]:
    pairs = zip(taps, advances, strict=True)
    return tuple(tap._replace(channel=tap.channel + count * advance) for tap, advance in pairs)
