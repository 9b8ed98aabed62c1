"""LUTs of random layers, as hypothesis draws them, and the comparison of their gradients."""

import numpy as np
import torch
from hypothesis import strategies as st

from dfc.engine.training import EngineModel
from dfc.models.lattice import Adaptive, DiagonalFirst, Lattice, Uniform
from dfc.models.layers import Architecture, Input, Layer, Lookup
from dfc.models.lut import Lut, Table
from dfc.models.table_model import TableModel
from dfc.models.taps import Range, Tap

INPUTS = [
    (Input(),),
    (Input(shift=2, bits=6, lowest=-32), Input(bits=2)),
    (Input(bits=4, shift=4, lowest=-3), Input()),
    tuple(Input(colour) for colour in range(3)),
]
RANGES = [Range(0, 256), Range(-128, 256), Range(-32, 64), Range(0, 4), Range(-5, 16)]


@st.composite
def draw_taps(draw: st.DrawFn, planes: list[int], count: int) -> tuple[Tap, ...]:
    """Draw taps of some planes, near a pixel."""
    offset = st.integers(-2, 2)
    tap = st.tuples(st.sampled_from(planes), offset, offset)
    return tuple(draw(st.lists(tap, min_size=count, max_size=count)))


@st.composite
def draw_lookup(
    draw: st.DrawFn, name: str, planes: list[Range], values: int, one_tap: bool
) -> Lookup:
    """Draw a lookup of planes of one range, depthwise where there are enough of them."""
    chosen = draw(st.sampled_from(sorted(set(planes))))
    same = [number for number, each in enumerate(planes) if each == chosen]
    firsts = [
        n for n in same if [*range(n, n + values)] == [k for k in same if n <= k < n + values]
    ]
    depthwise = one_tap and bool(firsts) and draw(st.booleans())
    taps = 1 if one_tap else draw(st.integers(1, 4))
    places = st.lists(draw_taps(firsts if depthwise else same, taps), min_size=1, max_size=3)
    return Lookup(name, tuple(draw(places)), *chosen, depthwise=depthwise)


@st.composite
def draw_layer(
    draw: st.DrawFn, prefix: str, planes: list[Range], channels: int, scale: int, to: Range
) -> Layer:
    """Draw a layer that reads some planes."""
    values, one_tap = channels * scale**2, draw(st.booleans())
    lookups = tuple(
        draw(draw_lookup(f"{prefix}_{k}", planes, values, one_tap))
        for k in range(draw(st.integers(1, 2)))
    )
    count = draw(st.sampled_from([0, 1, channels, values]))
    added = draw_taps([*range(len(planes))], draw(st.integers(0, 2)))
    residuals = tuple(draw(added) for _ in range(count))
    numbers = {"divisor": draw(st.integers(1, 40)), "bias": draw(st.integers(-128, 128))}
    shape = {"out_channels": channels, "scale": scale, "rotations": draw(st.sampled_from([1, 4]))}
    return Layer(
        lookups, **numbers, **shape, residuals=residuals, lowest=to.lowest, levels=to.levels
    )


@st.composite
def draw_architecture(draw: st.DrawFn) -> Architecture:
    """Draw layers that feed each other, for one colour or three."""
    inputs = draw(st.sampled_from(INPUTS))
    planes, layers = [each.range for each in inputs], []
    colours = max(each.colour for each in inputs) + 1
    for number in range(draw(st.integers(0, 2))):
        channels, to = draw(st.sampled_from([1, 2, 3, 5])), draw(st.sampled_from(RANGES))
        layers.append(draw(draw_layer(f"s{number}", planes, channels, 1, to)))
        planes = planes + [to] * channels
    to = draw(st.sampled_from(RANGES))
    layers.append(draw(draw_layer("last", planes, colours, draw(st.integers(1, 4)), to)))
    ensemble = {"rotations": draw(st.sampled_from([1, 4])), "bias": draw(st.integers(-128, 128))}
    padding = draw(st.sampled_from(["edge", "reflect"]))
    return Architecture("random", tuple(layers), padding, inputs, **ensemble)


@st.composite
def draw_lattice(draw: st.DrawFn, lookup: Lookup) -> Lattice:
    """Draw a lattice for a lookup, small enough for a test."""
    bits = lookup.levels.bit_length() - 1
    if lookup.taps == 4 and bits == 8 and draw(st.booleans()):
        dims = draw(st.sampled_from(["xy", "xyz", "xyzt"]))
        return DiagonalFirst(Uniform(5), dims, draw(st.integers(0, 2)), Uniform(7))
    finest = 0 if lookup.taps == 1 else max(0, bits - (5, 4, 3)[lookup.taps - 2])
    return Uniform(draw(st.integers(finest, bits)), lookup.taps, lookup.levels)


@st.composite
def draw_lut(draw: st.DrawFn) -> Lut:
    """Draw a LUT: random layers with tables of noise, of which those of one tap may be adaptive."""
    architecture = draw(draw_architecture())
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    spread = draw(st.sampled_from([8, 60, 127]))
    tables = {}
    for name, (lookup, layer) in architecture.lookups.items():
        lattice = draw(draw_lattice(lookup))
        columns = layer.values * len(lookup.places)
        if layer.is_one_tap and draw(st.booleans()):
            coarsest = lookup.levels.bit_length() - 1
            intervals = rng.integers(lattice.interval, coarsest + 1, columns)
            lattice, columns = Adaptive(tuple(intervals.tolist()), lookup.levels), 1
        shape = (lattice.size, columns)
        values = rng.integers(-spread - 1, spread + 1, shape).astype(np.int8)
        tables[name] = Table(lattice, values)
    return Lut(architecture, "sr", tables)


def make_noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Make noise on a smooth ground: equal and distant pixels."""
    rng = np.random.default_rng(seed)
    ground = np.linspace(0, 255, int(np.prod(shape))).reshape(shape)
    spread = rng.choice([0, 3, 90], size=shape) * rng.standard_normal(shape)
    return np.clip(ground + spread, 0, 255).astype(np.uint8)


def assert_same_gradients(
    lut: Lut,
    image: torch.Tensor,
    intervals: tuple[int, ...] = (7,),
    single: bool = False,
    least: float = 1e-6,
    share: float = 2e-5,
    every: bool = True,
) -> None:
    """Compare what the engine restores and learns with PyTorch: gradients within a share of the
    largest of a table, which `every` table is to have. In training mode, an ensemble of the whole
    model is a `single` turn."""
    results = []
    for kind in (TableModel, EngineModel):
        model = kind(lut, intervals).train(single)
        restored = model(image)
        # All of one sign: sums of which little is left would be little but rounding.
        restored.backward(1.5 + torch.sin(torch.arange(restored.numel())).view_as(restored))
        assert not every or all(values.grad is not None for values in model.parameters())
        gradients = {
            name: torch.zeros_like(values) if values.grad is None else values.grad
            for name, values in model.named_parameters()
        }
        results.append((restored.detach(), gradients))
    (expected, gradients), (found, found_gradients) = results
    assert torch.equal(found, expected)
    for name, gradient in gradients.items():
        scale = gradient.abs().max().item() + least
        torch.testing.assert_close(
            found_gradients[name], gradient, rtol=0, atol=share * scale, msg=name
        )
