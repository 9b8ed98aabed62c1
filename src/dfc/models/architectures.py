"""Architectures, each a function that gives its layers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

from dfc.common.errors import UserError
from dfc.models.layers import MOST_LAYERS, MOST_VALUES, SCALES, Architecture, Input, Layer, Lookup
from dfc.models.taps import MOST_REACH, PATTERNS, Range, Tap, check_choice, check_number

if TYPE_CHECKING:
    from dfc.params import Model

Offsets = Sequence[Sequence[tuple[int, int]]]  # row and column, by stage and channel
Places = tuple[tuple[Tap, ...], ...]


def make_lookups(prefix: str, patterns: str, plane: int = 0) -> tuple[Lookup, ...]:
    """Make a lookup a pattern, of one plane: tables PREFIX_LETTER, or a `ValueError`."""
    if not patterns or len(set(patterns)) < len(patterns) or set(patterns) - set(PATTERNS):
        letters = "".join(PATTERNS)
        raise ValueError(f"patterns {patterns!r} are not different letters of {letters!r}")
    return tuple(
        Lookup(f"{prefix}_{letter}", (tuple((plane, *position) for position in PATTERNS[letter]),))
        for letter in patterns
    )


def make_sr_lut(scale: int) -> Architecture:
    """SR-LUT (CVPR 2021): one layer."""
    last = Layer(make_lookups("s1", "s"), divisor=1, scale=scale)
    return Architecture("sr_lut", (last,), padding="reflect")


def make_mulut(scale: int, patterns: str = "sdy", stages: int = 2) -> Architecture:
    """MuLUT (ECCV 2022 / T-PAMI 2024): hidden layers of one channel, then one that enlarges."""
    check_number("stages", stages, 1, MOST_LAYERS)
    count = len(patterns)
    hidden = (
        Layer(make_lookups(f"s{stage}", patterns, stage - 1), divisor=4 * count, bias=127)
        for stage in range(1, stages)
    )
    last = Layer(make_lookups(f"s{stages}", patterns, stages - 1), divisor=count, scale=scale)
    return Architecture("mulut", (*hidden, last))


def make_spf_lut(scale: int, patterns: str = "sdy") -> Architecture:
    """SPF-LUT (CVPR 2024): four hidden layers; the first channel of each is mixed at the end."""
    count = len(patterns)
    # Plane 0 is the image. A layer reads the last plane of the one before: 0, 2, 4, 6; the others
    # are kept: 1, 3, 5, 7.
    hidden = (
        Layer(make_lookups(f"s{stage}c0", patterns, 2 * stage - 2), 4 * count, 127, out_channels)
        for stage, out_channels in ((1, 2), (2, 2), (3, 2), (4, 1))
    )
    # The four channels of one pixel: there is nothing to rotate.
    kept = Lookup("s5_channel", (tuple((plane, 0, 0) for plane in (1, 3, 5, 7)),))
    mixing = Layer((kept,), divisor=1, bias=127, out_channels=4, rotations=1)
    last = Layer(
        sum((make_lookups(f"s6c{channel}", patterns, 8 + channel) for channel in range(4)), ()),
        divisor=4 * count,
        scale=scale,
    )
    return Architecture("spf_lut", (*hidden, mixing, last))


WINDOW = tuple((row, column) for row in (-1, 0, 1) for column in (-1, 0, 1))
"""The 3x3 neighbourhood of a pixel."""


def make_shift_lut(
    scale: int,
    stages: int = 2,
    channels: int = 16,
    bits: int = 8,
    colours: int = 1,
    divisors: Sequence[int] = (2, 4, 4),
    dilations: Sequence[int] = (1,),
    rotations: int = 1,
    offsets: Offsets | None = None,
) -> Architecture:
    """ShiftLUT: every stage filters many channels in 3x3 windows, and mixes them.

    Of 6 bits, as published, high and low bits of a pixel are separate planes, channels are shifted
    by whole pixels (`offsets`, row and column by stage and channel), and the whole model is run in
    four turns. The tables have their published names; `MSB` are the high bits, or all. Of 8 bits,
    three colours may be restored at once. The windows of each stage but the first are dilated:
    their taps lie as far apart as `dilations` say in turn. Of 8 bits, the sums of later windows, of
    mixing layers and of the last layer are divided by `divisors` (larger ones make tables finer, of
    a smaller range), and the picture may be restored in four `rotations`, of which the mean is
    taken.
    """
    check_number("stages", stages, 1, 40)
    check_number(f"channels at scale {scale}", channels, scale**2, MOST_VALUES)
    check_choice("bits", bits, (6, 8), "6 or 8")
    check_choice("rotations", rotations, (1, 4), "1 or 4")
    for step in dilations:
        check_number("dilations", step, 1, MOST_REACH)
    split = bits == 6
    check_choice(f"colours of {bits} bits", colours, (1,) if split else (1, 3), "1, or 3 of 8 bits")
    if channels % colours:
        raise ValueError(f"channels: expected a multiple of {colours} colours, found {channels}")
    features = Range(-(2 ** (bits - 1)), 2**bits)
    inputs = [Input(c, 8 - bits, bits, features.lowest) for c in range(colours)]
    pixels = tuple(((c, 0, 0),) for c in range(colours))
    # Of 8 bits, the first window takes away what is alike around a pixel: all of its range.
    first, later, mixing, end = (9, 9, channels, channels) if split else (2, *divisors)
    layers: list[Layer] = []

    def read_window(
        table: str, planes: Places, values: Range, step: int = 1, depthwise: bool = False
    ) -> Lookup:
        places = tuple(
            ((taps[0][0], step * row, step * column),) for taps in planes for row, column in WINDOW
        )
        return Lookup(table, places, *values, depthwise=depthwise)

    def add_layer(lookup: Lookup, over: int, residuals: Places, values: Range = features) -> Places:
        """Add a layer, and list its planes."""
        plane = len(inputs) + channels * len(layers)
        layers.append(Layer((lookup,), over, 0, channels, 1, 1, residuals, *values))
        return tuple(((plane + c, 0, 0),) for c in range(channels))

    added = pixels
    if split:
        inputs.append(Input(bits=2))
        low = read_window("DW0_LSB", (((1, 0, 0),),), inputs[1].range)
        own = add_layer(low, first, (((1, 0, 0),),), inputs[1].range)
        added = tuple(((0, 0, 0), *taps) for taps in own)
    own = add_layer(read_window("DW0_MSB", pixels, features), first, added)
    for k in range(stages):
        if k:
            window = read_window(
                f"DW{k}_MSB", own[:1], features, dilations[k % len(dilations)], depthwise=True
            )
            own = add_layer(window, later, own)
        moves = offsets[k] if offsets else [(0, 0)] * channels
        moved = tuple(((taps[0][0], *move),) for taps, move in zip(own, moves, strict=True))
        own = add_layer(Lookup(f"PW{k}_MSB", moved, *features), mixing, moved)
    last = Lookup("UP_MSB", own, *features)
    if split:
        up = Layer((last,), end, 0, 1, scale, 1, own[: scale**2], -128)
        return Architecture("shift_lut", (*layers, up), "edge", tuple(inputs), 4, bias=128)
    up = Layer((last,), end, 128, colours, scale, 1, pixels)
    turns = {"rotations": rotations, "divisor": rotations}
    return Architecture("shift_lut", (*layers, up), "edge", tuple(inputs), **turns)


PAIRS = {"rg": (0, 1), "gb": (1, 2), "br": (2, 0)}
"""Two of the three colours, by the letters of their names."""


def make_pair_lut(scale: int, patterns: str = "sdy") -> Architecture:
    """Tables over pairs of colours, as in DnLUT (CVPR 2025), then the patterns of MuLUT: all three
    colours are restored at once."""
    pairs = tuple(
        Lookup(f"s1_{name}", (tuple((colour, 0, column) for colour in pair for column in (0, 1)),))
        for name, pair in PAIRS.items()
    )
    # Each colour is in two of the pairs.
    mixing = Layer(pairs, divisor=8, bias=127, out_channels=3)
    colours = (make_lookups(f"s2c{colour}", patterns, 3 + colour) for colour in range(3))
    last = Layer(sum(colours, ()), divisor=len(patterns), out_channels=3, scale=scale)
    return Architecture("pair_lut", (mixing, last), inputs=tuple(map(Input, range(3))))


ARCHITECTURES: dict[str, Callable[..., Architecture]] = {
    "sr_lut": make_sr_lut,
    "mulut": make_mulut,
    "spf_lut": make_spf_lut,
    "shift_lut": make_shift_lut,
    "pair_lut": make_pair_lut,
}
"""By name; a new architecture is one more function here."""


def build(name: str, scale: int, **knobs: Any) -> Architecture:
    """Describe an architecture of `ARCHITECTURES` at a scale of 1 to 4.

    Of the knobs of all architectures, as `patterns` and `stages`, the function takes its own.
    Raises `ValueError` for a name, a scale or a knob that does not exist.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"architecture {name!r} is none of {', '.join(ARCHITECTURES)}")
    if scale not in SCALES:
        raise ValueError(f"scale {scale} is not 1, 2, 3 or 4")
    own = signature(ARCHITECTURES[name]).parameters
    return ARCHITECTURES[name](scale, **{key: knobs[key] for key in own if key in knobs})


def from_params(params: "Model", scale: int) -> Architecture:
    """Describe the architecture that `model` in `params.yaml` states, or raise a `UserError`."""
    try:
        return build(scale=scale, **params.model_dump())
    except ValueError as error:
        raise UserError(f"model: {error}") from None


def parse_architecture(values: dict[str, Any]) -> Architecture:
    """Read what `Architecture.to_json` gave, or what older files hold: the name and knobs, or
    layers that keep some of their channels aside.

    Raises `TypeError`, `ValueError` or `KeyError` if it describes no architecture.
    """
    if "layers" not in values:
        return build(**values)
    layers = values["layers"]
    if layers and "keeps" in layers[0]:
        layers = _number_planes(layers)
    inputs = tuple(Input(**each) for each in values.get("inputs", [{}]))
    return Architecture(**values | {"layers": tuple(map(_parse_layer, layers)), "inputs": inputs})


def _parse_layer(values: dict[str, Any]) -> Layer:
    lookups = (Lookup(**each | {"places": _freeze(each["places"])}) for each in values["lookups"])
    residuals = _freeze(values.get("residuals", ()))
    return Layer(**values | {"lookups": tuple(lookups), "residuals": residuals})


def _freeze(value: Any) -> Any:
    return tuple(map(_freeze, value)) if isinstance(value, (list, tuple)) else value


def _number_planes(layers: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Number the planes of layers whose taps counted the channels of the layer before, or of all
    that were kept."""
    made, kept, first = [0], [], 1
    for layer in layers:
        known = kept if layer["reads_kept"] else made
        lookups, own = [], {key: layer[key] for key in layer if key not in ("reads_kept", "keeps")}
        for each in layer["lookups"]:
            taps = [[known[channel], *offset] for channel, *offset in each["taps"]]
            lookups.append({"table": each["table"], "places": [taps]})
        yield own | {"lookups": lookups, "rotations": layer["lookups"][0]["rotations"]}
        new = [*range(first, first + layer["out_channels"])]
        kept, made, first = kept + new[: layer["keeps"]], new[layer["keeps"] :], first + len(new)
