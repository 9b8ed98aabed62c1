"""Where training starts: a model that repeats every pixel (nearest neighbour).

That saves the thousands of iterations in which a model only learns to hand its input through.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dfc.models.layers import Architecture, Layer, Lookup
from dfc.models.lut import ONE_TAP_INTERVAL, Lut, Table, choose_lattice

HINGE = 1.0
"""How far the tables of a layer with residuals move what it makes at first, in levels, about: all
channels would learn the same if they began alike."""
MOST_SHARE = 0.48  # of one place in the mean that an edge detector subtracts


def make_nearest_neighbour(
    architecture: Architecture,
    task: str,
    interval: int,
    seed: int = 0,
    one_tap_interval: int = ONE_TAP_INTERVAL,
) -> Lut:
    """Make a LUT that repeats every pixel, about, on uniform lattices of these intervals."""
    rng = np.random.default_rng(seed)
    tables = {}
    for name, (lookup, layer) in architecture.lookups.items():
        lattice = choose_lattice(lookup, interval, one_tap_interval)
        # The last point of an axis stands for the highest level (docs/numerics.md, section 3).
        points = np.minimum(lattice.points, lookup.levels - 1)
        fill = _make_hinges if layer.residuals else _repeat_taps
        if 0 < len(layer.residuals) < layer.out_channels:
            fill = _make_edges
        values = fill(points, lookup, layer, rng).reshape(len(points), -1)
        tables[name] = Table(lattice, np.rint(values).clip(-127, 127).astype(np.int8))
    return Lut(architecture, task, tables, ({"step": "nearest neighbour", "interval": interval},))


def transfer_tables(lut: Lut, start: Lut) -> Lut | None:
    """Put the tables of a LUT into one to start from, of more stages or channels, or of another
    scale (transfer learning); None where they do not fit.

    What is new adds nothing to what was there (Net2Net, ICLR 2016): values of new stages, and of
    old channels at new ones, are 0. Where the scale is another, the last layer begins anew.
    """
    old, new = lut.architecture, start.architecture
    if (old.name, old.inputs, old.padding) != (new.name, new.inputs, new.padding):
        return None
    layers = new.layers if old.scale == new.scale else new.layers[:-1]
    lookups = {lookup.table: (lookup, layer) for layer in layers for lookup in layer.lookups}
    if len(old.layers) == 1 or not {*old.lookups} <= {*new.lookups}:
        return None
    channels, tables = old.layers[-2].out_channels, dict(start.tables)
    for name, (lookup, layer) in lookups.items():
        if name in old.lookups and _holds(layer, lookup, *old.lookups[name]):
            tables[name] = _widen(start.tables[name], layer, lut.tables[name], *old.lookups[name])
        elif name not in old.lookups and layer.residuals:
            tables[name] = _clear(start.tables[name], layer, channels)
        else:
            return None
    return replace(start, tables=tables, history=(*lut.history, {"step": "transfer"}))


def _holds(layer: Layer, lookup: Lookup, old: Lookup, old_layer: Layer) -> bool:
    """Whether a lookup reads what an old one does, and, of one tap, perhaps more of it."""
    offsets, known = (
        [tuple(tap[1:] for tap in taps) for taps in each.places] for each in (lookup, old)
    )
    if lookup.taps > 1 and (offsets, layer.divisor) != (known, old_layer.divisor):
        return False
    same, others = ((each.range, each.depthwise, each.taps) for each in (lookup, old))
    return same == others and offsets[: len(known)] == known and layer.values >= old_layer.values


def _widen(table: Table, layer: Layer, old: Table, lookup: Lookup, old_layer: Layer) -> Table:
    """Put an old table into one of more places or values."""
    if (table.columns, layer.divisor) == (old.columns, old_layer.divisor):
        return old  # however it is compressed
    places, count = len(lookup.places), old_layer.values
    points = np.minimum(table.lattice.points[:, 0], lookup.levels - 1)
    scaled = np.rint(old.expand()[points] * (layer.divisor / old_layer.divisor)).clip(-127, 127)
    values = table.values.reshape(len(points), -1, layer.values).copy()
    values[:, :places, :count] = scaled.reshape(len(points), places, count)
    values[:, places:, :count] = 0
    return replace(table, values=values.reshape(table.values.shape))


def _clear(table: Table, layer: Layer, channels: int) -> Table:
    """Set the values for the first channels to 0."""
    values = table.values.reshape(len(table.values), -1, layer.values).copy()
    values[:, :, :channels] = 0
    return replace(table, values=values.reshape(table.values.shape))


def _repeat_taps(
    points: NDArray[np.int64], lookup: Lookup, layer: Layer, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Repeat taps in the values [N, places, values] at points [N, taps].

    A layer that makes as many channels as it reads planes repeats each in one of its own.
    """
    gain, summand = layer.gain, -layer.bias * layer.gain
    every = [taps for each in layer.lookups for taps in each.places]
    planes = sorted({tap[0] for taps in every for tap in taps})
    if layer.out_channels == 1 or len(planes) != layer.out_channels:
        first = points[:, :1, None] * gain + summand
        return np.tile(first, (1, len(lookup.places), layer.values))
    values = np.zeros((len(points), len(lookup.places), layer.out_channels))
    for channel, plane in enumerate(planes):
        share = len(every) / max(sum((plane, 0, 0) in taps for taps in every), 1)
        for number, taps in enumerate(lookup.places):
            if (plane, 0, 0) in taps:
                tap = points[:, taps.index((plane, 0, 0))]
                values[:, number, channel] = (tap * gain + summand) * share
    return values.repeat(layer.scale**2, axis=2)


def _make_hinges(
    points: NDArray[np.int64], lookup: Lookup, layer: Layer, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Make random hinges of the first tap: 0 up to a level, and a slope from there on."""
    shape = len(lookup.places), layer.values
    levels = points[:, :1, None] / (lookup.levels - 1)
    slopes = rng.normal(0, HINGE * layer.divisor / len(lookup.places) ** 0.5, shape)
    hinges = np.maximum(rng.choice([-1, 1], shape) * (levels - rng.uniform(0, 1, shape)), 0)
    return slopes * hinges


def _make_edges(
    points: NDArray[np.int64], lookup: Lookup, layer: Layer, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Subtract a random weighted mean of the other places from what all channels are added to: each
    begins as an edge detector of its own."""
    away = np.array([[any(taps[0][1:])] for taps in lookup.places])
    shares = rng.gamma(0.6, size=(len(lookup.places), layer.values)) * away + 1e-9 * away
    for _ in range(20):
        shares = np.minimum(shares / shares.sum(0).clip(1e-9), MOST_SHARE)
    return -(points[:, :1, None] + lookup.lowest) * shares * layer.divisor
