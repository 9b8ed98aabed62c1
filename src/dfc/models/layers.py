"""The description of a model as data: layers of lookups.

One description drives three executors: the network, the table model and the integer engine. It says
what a lookup reads and where its values go, and nothing of how they are found.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tap = tuple[int, int, int]  # a pixel read by a lookup: offsets in channel, row and column

PATTERNS: dict[str, tuple[tuple[int, int], ...]] = {
    "s": ((0, 0), (0, 1), (1, 0), (1, 1)),
    "d": ((0, 0), (0, 2), (2, 0), (2, 2)),
    "y": ((0, 0), (1, 1), (1, 2), (2, 1)),
    "e": ((0, 0), (0, 3), (3, 0), (3, 3)),
    "h": ((0, 0), (2, 2), (2, 3), (3, 2)),
    "o": ((0, 0), (2, 2), (1, 3), (3, 1)),
}
"""Rows and columns of the taps `a b c d`, by the published letter (docs/numerics.md, section 1)."""
SCALES = (1, 2, 3, 4)
MOST_LAYERS, MOST_LOOKUPS, MOST_CHANNELS, MOST_REACH = 99, 256, 4, 16
MOST_DIVISOR = 255  # so that the engine's divisions are exact


@dataclass(frozen=True)
class Lookup:
    """One table (or the cell it is exported from): its name, and the taps that it reads."""

    table: str
    taps: tuple[Tap, ...]
    """The four pixels `a b c d`."""
    rotations: int = 4
    """How many quarter turns the rotation ensemble makes: 4, or 1 for none."""

    def __post_init__(self) -> None:
        if not isinstance(self.table, str) or not self.table.isidentifier():
            raise ValueError(f"expected the name of a table, found {self.table!r}")
        if len(self.taps) != 4 or any(len(tap) != 3 for tap in self.taps):
            raise ValueError(f"table {self.table}: expected four taps of channel, row and column")
        for channel, row, column in self.taps:
            _check(f"{self.table}: channel", channel, 0, MOST_CHANNELS - 1)
            for offset in (row, column):
                _check(f"{self.table}: offset", offset, -MOST_REACH, MOST_REACH)
        if type(self.rotations) is not int or self.rotations not in (1, 4):
            raise ValueError(f"table {self.table}: expected 1 or 4 rotations")

    @property
    def reach(self) -> int:
        """The largest distance in pixels between a position and what is read for it."""
        return max(max(abs(row), abs(column)) for _, row, column in self.taps)

    @property
    def is_spatial(self) -> bool:
        """Whether it reads several positions, and not several channels of one."""
        return self.reach > 0

    @property
    def pattern(self) -> str:
        """The letter of its pattern in `PATTERNS`; empty for any other."""
        positions = tuple((row, column) for _, row, column in self.taps)
        return next((letter for letter, known in PATTERNS.items() if known == positions), "")

    def rotate(self, turns: int) -> tuple[Tap, ...]:
        """Rotate the taps, so that they read from the upright image what they would read from one
        turned `turns` x 90 degrees counter-clockwise."""
        taps = self.taps
        for _ in range(turns):
            taps = tuple((channel, column, -row) for channel, row, column in taps)
        return taps


@dataclass(frozen=True)
class Layer:
    """Lookups whose values are added up: pixels = round(clip(sum / divisor + bias, 0, 255))."""

    lookups: tuple[Lookup, ...]
    divisor: int
    bias: int = 0
    out_channels: int = 1
    scale: int = 1
    keeps: int = 0
    """How many leading output channels are kept aside instead of feeding the next layer."""
    reads_kept: bool = False
    """Whether the layer reads all channels kept so far instead of the last layer's output."""

    def __post_init__(self) -> None:
        _check("lookups of a layer", len(self.lookups), 1, MOST_LOOKUPS)
        _check("divisor", self.divisor, 1, MOST_DIVISOR)
        _check("bias", self.bias, 0, 255)
        _check("out_channels", self.out_channels, 1, MOST_CHANNELS)
        _check("scale", self.scale, SCALES[0], SCALES[-1])
        _check("keeps", self.keeps, 0, 1)
        if self.scale > 1 and self.out_channels > 1:
            raise ValueError("expected one output channel of a layer that enlarges")
        if self.keeps and self.out_channels > 2:
            raise ValueError("expected at most two output channels where one is kept")
        if len({lookup.rotations for lookup in self.lookups}) > 1:
            raise ValueError("expected all lookups of a layer to have as many rotations")

    @property
    def values_per_lookup(self) -> int:
        """Values that one lookup yields: out_channels x scale x scale."""
        return self.out_channels * self.scale * self.scale


@dataclass(frozen=True)
class Architecture:
    """A restoration model for one image channel; colour is three grey images."""

    name: str
    layers: tuple[Layer, ...]
    padding: str = "edge"
    """What lies beyond the border: `edge` repeats it, `reflect` mirrors at it."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ValueError(f"expected the name of an architecture, found {self.name!r}")
        if self.padding not in ("edge", "reflect"):
            raise ValueError(f"expected the padding edge or reflect, found {self.padding!r}")
        _check("layers", len(self.layers), 1, MOST_LAYERS)
        if len(self.lookups) < sum(len(layer.lookups) for layer in self.layers):
            raise ValueError("expected tables of different names")
        self._check_channels()

    def _check_channels(self) -> None:
        """Refuse layers that read channels which no layer before them gives."""
        channels, kept = 1, 0
        for layer in self.layers:
            known = kept if layer.reads_kept else channels
            if max(tap[0] for lookup in layer.lookups for tap in lookup.taps) >= known:
                table = layer.lookups[0].table
                raise ValueError(f"table {table}: reads a channel that is not there")
            channels, kept = layer.out_channels - layer.keeps, kept + layer.keeps
        if channels != 1 or self.layers[-1].keeps:
            raise ValueError("expected a last layer that gives one channel")
        if any(layer.scale > 1 for layer in self.layers[:-1]):
            raise ValueError("expected no layer but the last to enlarge")

    @property
    def scale(self) -> int:
        """How many times larger the output is, on each side."""
        return self.layers[-1].scale

    @property
    def patterns(self) -> str:
        """The letters of all patterns, in the order of their first lookups."""
        letters = (lookup.pattern for lookup, _ in self.lookups.values())
        return "".join(dict.fromkeys(letters))

    @property
    def stages(self) -> int:
        """How many layers there are."""
        return len(self.layers)

    @property
    def title(self) -> str:
        """All that tells it from other architectures, for people."""
        return f"{self.name} x{self.scale}, patterns {self.patterns}, {self.stages} stages"

    @property
    def lookups(self) -> dict[str, tuple[Lookup, Layer]]:
        """Every lookup with its layer, by table name, in the order of the layers."""
        return {lookup.table: (lookup, layer) for layer in self.layers for lookup in layer.lookups}

    def to_json(self) -> dict[str, Any]:
        """Plain values that `dfc.models.architectures.parse_architecture` understands."""
        return asdict(self)


@lru_cache(maxsize=64)
def pad_positions(length: int, margin: int, padding: str) -> NDArray[np.int64]:
    """List which of `length` positions is read for each of -margin .. length + margin - 1."""
    return np.pad(np.arange(length), margin, mode=padding)  # NumPy's modes are called as ours


def _check(what: str, value: object, lowest: int, highest: int) -> None:
    if type(value) is not int or not lowest <= value <= highest:
        raise ValueError(f"{what}: expected {lowest} to {highest}, found {value!r}")
