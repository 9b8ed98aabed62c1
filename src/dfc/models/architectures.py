"""Architectures: SR-LUT, MuLUT and SPF-LUT, each a function that gives its layers."""

from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING, Any

from dfc.common.errors import UserError
from dfc.models.layers import MOST_LAYERS, PATTERNS, SCALES, Architecture, Layer, Lookup

if TYPE_CHECKING:
    from dfc.params import Model


def make_lookups(prefix: str, patterns: str, channel: int = 0) -> tuple[Lookup, ...]:
    """Make a lookup a pattern, of one channel: tables PREFIX_LETTER, or a `ValueError`."""
    if not patterns or len(set(patterns)) < len(patterns) or set(patterns) - set(PATTERNS):
        letters = "".join(PATTERNS)
        raise ValueError(f"patterns {patterns!r} are not different letters of {letters!r}")
    return tuple(
        Lookup(f"{prefix}_{letter}", tuple((channel, *position) for position in PATTERNS[letter]))
        for letter in patterns
    )


def make_sr_lut(scale: int) -> Architecture:
    """SR-LUT (CVPR 2021): one layer."""
    last = Layer(make_lookups("s1", "s"), divisor=1, scale=scale)
    return Architecture("sr_lut", (last,), padding="reflect")


def make_mulut(scale: int, patterns: str = "sdy", stages: int = 2) -> Architecture:
    """MuLUT (ECCV 2022 / T-PAMI 2024): hidden layers of one channel, then one that enlarges."""
    if not 1 <= stages <= MOST_LAYERS:
        raise ValueError(f"stages: expected 1 to {MOST_LAYERS}, found {stages}")
    count = len(patterns)
    hidden = (
        Layer(make_lookups(f"s{stage}", patterns), divisor=4 * count, bias=127)
        for stage in range(1, stages)
    )
    last = Layer(make_lookups(f"s{stages}", patterns), divisor=count, scale=scale)
    return Architecture("mulut", (*hidden, last))


def make_spf_lut(scale: int, patterns: str = "sdy") -> Architecture:
    """SPF-LUT (CVPR 2024): four hidden layers of which each keeps a channel, mixed at the end."""
    count = len(patterns)
    hidden = (
        Layer(make_lookups(f"s{stage}c0", patterns), 4 * count, 127, out_channels, keeps=1)
        for stage, out_channels in ((1, 2), (2, 2), (3, 2), (4, 1))
    )
    # The four channels of one pixel: there is nothing to rotate.
    channels = Lookup("s5_channel", tuple((channel, 0, 0) for channel in range(4)), rotations=1)
    mixing = Layer((channels,), divisor=1, bias=127, out_channels=4, reads_kept=True)
    last = Layer(
        sum((make_lookups(f"s6c{channel}", patterns, channel) for channel in range(4)), ()),
        divisor=4 * count,
        scale=scale,
    )
    return Architecture("spf_lut", (*hidden, mixing, last))


ARCHITECTURES: dict[str, Callable[..., Architecture]] = {
    "sr_lut": make_sr_lut,
    "mulut": make_mulut,
    "spf_lut": make_spf_lut,
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
    """Read what `Architecture.to_json` gave, or the name and knobs that older files hold.

    Raises `TypeError`, `ValueError` or `KeyError` if it describes no architecture.
    """
    if "layers" not in values:
        return build(**values)
    layers = tuple(
        Layer(**layer | {"lookups": tuple(map(_parse_lookup, layer["lookups"]))})
        for layer in values["layers"]
    )
    return Architecture(**values | {"layers": layers})


def _parse_lookup(values: dict[str, Any]) -> Lookup:
    return Lookup(**values | {"taps": tuple(map(tuple, values["taps"]))})
