"""Architectures as data: which lookups a model makes, and how their sum becomes pixels.

One description drives three executors: the network, the table model and the integer engine. It says
nothing of how a lookup is answered, only what it reads and where its values go.
"""

from collections.abc import Callable
from dataclasses import dataclass

Tap = tuple[int, int, int]
"""A pixel read by a lookup: offsets in channel, row and column."""


@dataclass(frozen=True)
class Pattern:
    """The four pixels `a b c d` that a lookup reads, and how often the ensemble turns them."""

    taps: tuple[Tap, Tap, Tap, Tap]
    rotations: int = 4

    @property
    def reach(self) -> int:
        """The largest distance in pixels between a position and what is read for it."""
        return max(max(row, column) for _, row, column in self.taps)

    def turned(self, turns: int) -> tuple[Tap, ...]:
        """Taps that read from the upright image what the pattern reads from one turned `turns` x 90
        degrees counter-clockwise."""
        taps = self.taps
        for _ in range(turns):
            taps = tuple((channel, column, -row) for channel, row, column in taps)
        return taps


def _spatial(*positions: tuple[int, int]) -> Pattern:
    return Pattern(tuple((0, row, column) for row, column in positions))


PATTERNS: dict[str, Pattern] = {
    "s": _spatial((0, 0), (0, 1), (1, 0), (1, 1)),
    "d": _spatial((0, 0), (0, 2), (2, 0), (2, 2)),
    "y": _spatial((0, 0), (1, 1), (1, 2), (2, 1)),
    "e": _spatial((0, 0), (0, 3), (3, 0), (3, 3)),
    "h": _spatial((0, 0), (2, 2), (2, 3), (3, 2)),
    "o": _spatial((0, 0), (2, 2), (1, 3), (3, 1)),
    # The four channels of one pixel (SPF-LUT): there is nothing to turn.
    "channel": Pattern(((0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0)), rotations=1),
}
SPATIAL_PATTERNS = "sdyeho"
SCALES = (1, 2, 3, 4)
MOST_STAGES = 99


@dataclass(frozen=True)
class Lookup:
    """One table (or the cell it is exported from): its name, its pattern, the channel it reads."""

    table: str
    pattern: str
    channel: int = 0


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

    @property
    def values_per_lookup(self) -> int:
        """Values that one lookup yields: out_channels x scale x scale."""
        return self.out_channels * self.scale * self.scale

    @property
    def gain(self) -> float:
        """How much the answers change, all of them alike, where a pixel changes by one."""
        answers = sum(PATTERNS[lookup.pattern].rotations for lookup in self.lookups)
        return self.divisor / answers

    @property
    def nearest_neighbour(self) -> tuple[float, float]:
        """Factor and summand that turn a pixel into answers with which the layer repeats it.

        Training from there, instead of from noise, saves the thousands of iterations in which a
        model only learns to hand its input through.
        """
        return self.gain, -self.bias * self.gain


@dataclass(frozen=True)
class Architecture:
    """A restoration model for one image channel; colour is three grey images."""

    name: str
    scale: int
    patterns: str
    stages: int
    layers: tuple[Layer, ...]
    padding: str = "edge"
    """What lies beyond the border: `edge` repeats it, `reflect` mirrors at it."""

    @property
    def title(self) -> str:
        """All that tells it from other architectures, for people."""
        return f"{self.name} x{self.scale}, patterns {self.patterns}, {self.stages} stages"

    @property
    def lookups(self) -> dict[str, tuple[Lookup, Layer]]:
        """Every lookup with its layer, by table name, in the order of the layers."""
        return {lookup.table: (lookup, layer) for layer in self.layers for lookup in layer.lookups}


def _lookups(prefix: str, patterns: str, channel: int = 0) -> tuple[Lookup, ...]:
    return tuple(Lookup(f"{prefix}_{pattern}", pattern, channel) for pattern in patterns)


def _sr_lut(scale: int, patterns: str, stages: int) -> Architecture:
    last = Layer(_lookups("s1", "s"), divisor=1, scale=scale)
    return Architecture("sr_lut", scale, "s", 1, (last,), padding="reflect")


def _mulut(scale: int, patterns: str, stages: int) -> Architecture:
    count = len(patterns)
    hidden = (
        Layer(_lookups(f"s{stage}", patterns), divisor=4 * count, bias=127)
        for stage in range(1, stages)
    )
    last = Layer(_lookups(f"s{stages}", patterns), divisor=count, scale=scale)
    return Architecture("mulut", scale, patterns, stages, (*hidden, last))


def _spf_lut(scale: int, patterns: str, stages: int) -> Architecture:
    count = len(patterns)
    hidden = (
        Layer(
            _lookups(f"s{stage}c0", patterns),
            divisor=4 * count,
            bias=127,
            out_channels=channels,
            keeps=1,
        )
        for stage, channels in ((1, 2), (2, 2), (3, 2), (4, 1))
    )
    mixing = Layer(
        (Lookup("s5_channel", "channel"),), divisor=1, bias=127, out_channels=4, reads_kept=True
    )
    last = Layer(
        sum((_lookups(f"s6c{channel}", patterns, channel) for channel in range(4)), ()),
        divisor=4 * count,
        scale=scale,
    )
    return Architecture("spf_lut", scale, patterns, 6, (*hidden, mixing, last))


ARCHITECTURES: dict[str, Callable[[int, str, int], Architecture]] = {
    "sr_lut": _sr_lut,  # CVPR 2021
    "mulut": _mulut,  # ECCV 2022 / T-PAMI 2024
    "spf_lut": _spf_lut,  # CVPR 2024
}


def build(name: str, scale: int, patterns: str = "sdy", stages: int = 2) -> Architecture:
    """Describe a published architecture.

    Parameters
    ----------
    name
        A key of `ARCHITECTURES`.
    scale
        How many times larger the output is, 1 to 4.
    patterns
        Letters of `SPATIAL_PATTERNS`; SR-LUT always reads the pattern `s`.
    stages
        Layers of MuLUT, hidden ones and the last, 1 to 99; SR-LUT has 1 and SPF-LUT 6.

    Raises
    ------
    ValueError
        For a name, a scale, a pattern or a number of stages that does not exist.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"architecture {name!r} is none of {', '.join(ARCHITECTURES)}")
    if scale not in SCALES:
        raise ValueError(f"scale {scale} is not 1, 2, 3 or 4")
    if not patterns or len(set(patterns)) < len(patterns) or set(patterns) - set(SPATIAL_PATTERNS):
        raise ValueError(f"patterns {patterns!r} are not different letters of {SPATIAL_PATTERNS!r}")
    if not 1 <= stages <= MOST_STAGES:
        raise ValueError(f"{stages} stages are not 1 to {MOST_STAGES}")
    return ARCHITECTURES[name](scale, patterns, stages)
