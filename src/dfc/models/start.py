"""Where training starts: a model that repeats every pixel (nearest neighbour).

That saves the thousands of iterations in which a model only learns to hand its input through.
"""

import numpy as np

from dfc.models.layers import Architecture, Layer
from dfc.models.lut import Lut, Table, choose_lattice


def compute_gain(layer: Layer) -> float:
    """Compute how much all lookup values change, alike, where a pixel changes by one level."""
    return layer.divisor / sum(lookup.rotations for lookup in layer.lookups)


def find_nearest_neighbour(layer: Layer) -> tuple[float, float]:
    """Find the factor and summand that turn a pixel into lookup values that repeat it."""
    gain = compute_gain(layer)
    return gain, -layer.bias * gain


def make_nearest_neighbour(architecture: Architecture, task: str, interval: int) -> Lut:
    """Make a LUT that repeats every pixel, on the uniform lattice of an interval."""
    tables = {}
    for name, (lookup, layer) in architecture.lookups.items():
        lattice = choose_lattice(lookup, interval)
        factor, summand = find_nearest_neighbour(layer)
        # The last point of an axis, 256, stands for 255 (docs/numerics.md, section 3).
        pixels = np.minimum(lattice.points, 255)
        # A lookup of several channels repeats each of them in one of its own.
        taps = [0 if lookup.is_spatial else output for output in range(layer.out_channels)]
        values = np.rint(pixels[:, taps] * factor + summand).clip(-127, 127).astype(np.int8)
        tables[name] = Table(lattice, values.repeat(layer.scale**2, axis=1))
    return Lut(architecture, task, tables, ({"step": "nearest neighbour", "interval": interval},))
