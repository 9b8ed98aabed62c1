"""The description of a model as data: layers of lookups.

It says what a lookup reads and where its values go, and nothing of how they are found.
"""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dfc.models.taps import (
    PATTERNS,
    Range,
    Tap,
    check_choice,
    check_number,
    check_taps,
    compute_reach,
)

SCALES = (1, 2, 3, 4)
MOST_LAYERS, MOST_LOOKUPS, MOST_PLACES = 99, 256, 256
MOST_VALUES = 64  # of a place: out_channels x scale x scale
MOST_DIVISOR = 255  # so that the engine's divisions are exact


@dataclass(frozen=True)
class Input:
    """A plane that is made of bits of the pixels of a colour: (pixel >> shift) mod 2^bits, plus the
    lowest."""

    colour: int = 0
    shift: int = 0
    bits: int = 8
    lowest: int = 0

    def __post_init__(self) -> None:
        check_number("colour of an input", self.colour, 0, 2)
        check_number("bits of an input", self.bits, 1, 8)
        check_number("shift of an input", self.shift, 0, 8 - self.bits)
        self.range.check()

    @property
    def range(self) -> Range:
        """What the plane holds."""
        return Range(self.lowest, 2**self.bits)

    def take_bits(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Take its bits of the pixels of its colour: levels from the lowest on."""
        return pixels >> self.shift & (2**self.bits - 1) if self.bits < 8 else pixels


@dataclass(frozen=True)
class Lookup:
    """One table (or the cell it is exported from): its name, and the taps that it reads.

    A row holds out_channels x scale x scale values for every place, one place after the other.
    """

    table: str
    places: tuple[tuple[Tap, ...], ...]
    """The one to four taps `a b c d` of every place; all values of a place are read there."""
    lowest: int = 0
    """The range of the planes that it reads, with `levels`."""
    levels: int = 256
    depthwise: bool = False
    """Whether each value is read at a plane of its own, from that of the one tap on."""

    def __post_init__(self) -> None:
        if not isinstance(self.table, str) or not self.table.isidentifier():
            raise ValueError(f"expected the name of a table, found {self.table!r}")
        check_number(f"{self.table}: places", len(self.places), 1, MOST_PLACES)
        counts = {len(taps) for taps in self.places}
        if len(counts) > 1 or not counts <= {1, 2, 3, 4}:
            raise ValueError(f"table {self.table}: expected one to four taps, as many everywhere")
        check_taps(self.table, self.places)
        self.range.check()
        if type(self.depthwise) is not bool or (self.depthwise and self.taps > 1):
            raise ValueError(f"table {self.table}: depthwise: expected false, or one tap")

    @property
    def range(self) -> Range:
        """What its taps hold."""
        return Range(self.lowest, self.levels)

    @property
    def taps(self) -> int:
        """How many taps it reads, 1 to 4."""
        return len(self.places[0])

    @property
    def is_spatial(self) -> bool:
        """Whether it reads several positions, and not several channels of one."""
        return compute_reach(self.places) > 0

    @property
    def pattern(self) -> str:
        """The letter of its pattern in `PATTERNS`; empty for any other."""
        positions = tuple((row, column) for _, row, column in self.places[0])
        return next((letter for letter, known in PATTERNS.items() if known == positions), "")


@dataclass(frozen=True)
class Layer:
    """Lookups whose values are added up, and what is made of the sum.

    clip(round(sum / divisor + bias) + residuals, lowest, lowest + levels - 1)
    """

    lookups: tuple[Lookup, ...]
    divisor: int
    bias: int = 0
    out_channels: int = 1
    scale: int = 1
    rotations: int = 4
    """How many quarter turns are added up (rotation ensemble): 4, or 1."""
    residuals: tuple[tuple[Tap, ...], ...] = ()
    """What is added to the values: for all alike, or for so many groups of them in turn."""
    lowest: int = 0
    """The range of what the layer makes, with `levels`."""
    levels: int = 256

    def __post_init__(self) -> None:
        check_number("lookups of a layer", len(self.lookups), 1, MOST_LOOKUPS)
        check_number("divisor", self.divisor, 1, MOST_DIVISOR)
        check_number("bias", self.bias, -255, 255)
        check_number("scale", self.scale, SCALES[0], SCALES[-1])
        check_number("out_channels", self.out_channels, 1, MOST_VALUES // self.scale**2)
        check_choice("rotations", self.rotations, (1, 4), "1 or 4")
        check_taps("residuals", self.residuals)
        if self.residuals and self.values % len(self.residuals):
            raise ValueError(f"residuals: expected as many as divide {self.values} values")
        self.range.check()
        if any(lookup.depthwise for lookup in self.lookups) and not self.is_one_tap:
            raise ValueError("expected lookups of one tap in a layer with depthwise ones")

    @property
    def values(self) -> int:
        """Values that a place yields: out_channels x scale x scale."""
        return self.out_channels * self.scale * self.scale

    @property
    def range(self) -> Range:
        """What the planes that it makes hold."""
        return Range(self.lowest, self.levels)

    @property
    def gain(self) -> float:
        """How much all lookup values change, alike, where what it makes of them changes by one."""
        return self.divisor / (self.rotations * sum(len(lookup.places) for lookup in self.lookups))

    @property
    def is_one_tap(self) -> bool:
        """Whether every lookup reads a single tap."""
        return all(lookup.taps == 1 for lookup in self.lookups)

    def list_residuals(self) -> list[tuple[Tap, ...]]:
        """List what is added to each value."""
        share = self.values // max(len(self.residuals), 1)
        return [self.residuals[k // share] if self.residuals else () for k in range(self.values)]

    def list_reads(self) -> list[tuple[Tap, Range | None]]:
        """List every tap, with the range that its plane is to have; residuals may have any."""
        reads: list[tuple[Tap, Range | None]] = [
            ((plane + k, row, column), lookup.range)
            for lookup in self.lookups
            for taps in lookup.places
            for plane, row, column in taps
            for k in range(self.values if lookup.depthwise else 1)
        ]
        return reads + [(tap, None) for taps in self.residuals for tap in taps]


@dataclass(frozen=True)
class Architecture:
    """A restoration model for one colour after the other, or for three at once.

    Planes are numbered: first the inputs, then what every layer makes, one after the other. A layer
    reads any planes made before it.
    """

    name: str
    layers: tuple[Layer, ...]
    padding: str = "edge"
    """What lies beyond the border: `edge` repeats it, `reflect` mirrors at it."""
    inputs: tuple[Input, ...] = (Input(),)
    rotations: int = 1
    """How many quarter turns of the whole model are added up (rotation ensemble): 4, or 1."""
    divisor: int = 1
    """What that is divided by, and rounded."""
    bias: int = 0
    """What is added to that, before it is clipped to 0..255."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ValueError(f"expected the name of an architecture, found {self.name!r}")
        if self.padding not in ("edge", "reflect"):
            raise ValueError(f"expected the padding edge or reflect, found {self.padding!r}")
        check_choice("rotations", self.rotations, (1, 4), "1 or 4")
        check_choice("divisor", self.divisor, (1, 4), "1 or 4")
        check_number("bias", self.bias, -255, 255)
        check_number("layers", len(self.layers), 1, MOST_LAYERS)
        check_number("inputs", len(self.inputs), 1, MOST_VALUES)
        if len(self.lookups) < sum(len(layer.lookups) for layer in self.layers):
            raise ValueError("expected tables of different names")
        self._check_planes()

    def _check_planes(self) -> None:
        """Refuse layers that read planes which are not there, or of another range."""
        if self.colours == 2 or {each.colour for each in self.inputs} != {*range(self.colours)}:
            raise ValueError("expected inputs of one colour, or of all three")
        for index, layer in enumerate(self.layers):
            known, table = self.planes[: self.first_planes[index]], layer.lookups[0].table
            for (plane, _, _), wanted in layer.list_reads():
                if plane >= len(known):
                    raise ValueError(f"table {table}: reads a channel that is not there")
                if wanted not in (None, held := known[plane]):
                    held = f"{held.lowest}..{held.highest}"
                    raise ValueError(f"table {table}: reads plane {plane}, of {held}")
        if self.layers[-1].out_channels != self.colours:
            raise ValueError(f"expected a last layer that gives {self.colours} channel(s)")
        if any(layer.scale > 1 for layer in self.layers[:-1]):
            raise ValueError("expected no layer but the last to enlarge")

    @property
    def scale(self) -> int:
        """How many times larger the output is, on each side."""
        return self.layers[-1].scale

    @property
    def colours(self) -> int:
        """How many colours it restores at once: 1, for grey images and each colour alone, or 3."""
        return max(each.colour for each in self.inputs) + 1

    @property
    def ends_in_pixels(self) -> bool:
        """Whether what the last layer makes are pixels, with nothing to be added up or clipped."""
        plain = (self.rotations, self.divisor, self.bias) == (1, 1, 0)
        return plain and self.layers[-1].range == Range(0, 256)

    @cached_property
    def planes(self) -> tuple[Range, ...]:
        """The range of every plane, those of the last layer included."""
        made = [layer.range for layer in self.layers for _ in range(layer.out_channels)]
        return (*(each.range for each in self.inputs), *made)

    @cached_property
    def first_planes(self) -> tuple[int, ...]:
        """The number of the first plane that every layer makes."""
        counts = [len(self.inputs), *(layer.out_channels for layer in self.layers[:-1])]
        return tuple(int(first) for first in np.cumsum(counts))

    @cached_property
    def reach(self) -> int:
        """The largest distance in pixels between a position and what is read for it."""
        reads = (tap for layer in self.layers for tap, _ in layer.list_reads())
        return compute_reach([reads])

    @property
    def patterns(self) -> str:
        """The letters of all patterns, in the order of their first lookups."""
        return "".join(dict.fromkeys(lookup.pattern for lookup, _ in self.lookups.values()))

    @property
    def title(self) -> str:
        """What it is, for people."""
        patterns = f"patterns {self.patterns}, " if self.patterns else ""
        return f"{self.name} x{self.scale}, {patterns}{len(self.layers)} stages"

    @cached_property
    def lookups(self) -> dict[str, tuple[Lookup, Layer]]:
        """Every lookup with its layer, by table name, in the order of the layers."""
        return {lookup.table: (lookup, layer) for layer in self.layers for lookup in layer.lookups}

    def to_json(self) -> dict[str, Any]:
        """Plain values that `dfc.models.architectures.parse_architecture` understands."""
        return asdict(self)
