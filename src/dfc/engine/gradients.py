"""The backward pass of layers of one tap, and of what surrounds lookups: borders, clips, residuals.

Gradients lie as planes do, in single precision.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from dfc.engine.kernel_cache import compile_kernel
from dfc.engine.simd import load_float, splat, store, sum_of


@compile_kernel
def pass_clip(gradients, planes, crops, top, rows, columns, margin):
    """Take the gradients of what a layer made back to what was clipped, in place.

    Crops lie side by side in planes [N, R, pitch], each with its margins; gradients have margins
    of twice as many rows. What lies beyond the borders is added to where it was read, and becomes
    0. A gradient passes a clip but where a step along it would lead outwards.
    """
    height, width = len(rows) - 2 * margin, len(columns) - 2 * margin
    for number in range(len(gradients)):
        gradient, plane = gradients[number, margin : margin + len(rows)], planes[number]
        for left in range(margin, margin + crops * len(columns), len(columns)):
            for y in range(height + 2 * margin):
                line = gradient[y]
                for k in range(margin):
                    line[left + columns[k]] += line[left - margin + k]
                    line[left - margin + k] = 0
                    line[left + columns[margin + width + k]] += line[left + width + k]
                    line[left + width + k] = 0
                if not margin <= y < margin + height:
                    target = gradient[margin + rows[y]]
                    for x in range(left, left + width):
                        target[x] += line[x]
                        line[x] = 0
        stop = margin + crops * len(columns)
        for y in range(margin, margin + height):
            line, made = gradient[y, margin:stop], plane[y, margin:stop]
            for x in range(len(line)):
                value, slope = made[x], line[x]
                keeps = np.float32(1)
                if value == 0 and slope > 0:
                    keeps = np.float32(0)
                if value == top and slope < 0:
                    keeps = np.float32(0)
                line[x] = slope * keeps


@compile_kernel
def pass_residuals(gradients, area, made, plane, offsets, starts):
    """Add the gradients of values, whose planes begin at `made`, to those of their residuals."""
    origin, pitch, height, width = area
    for value in range(len(starts) - 1):
        for residual in range(starts[value], starts[value + 1]):
            for row in range(height):
                at = origin + row * pitch
                source = gradients[made + value * plane + at :][:width]
                target = gradients[at + offsets[residual] :][:width]
                for x in range(width):
                    target[x] += source[x]


@cache
def make_one_tap_gradient_kernel(lanes: int, length: int) -> Callable:
    """Make the backward pass of lookups of one tap.

    It adds up the gradients of rows of tables [rows, levels, lanes], each of which reads a tap, and
    of those that are `inner`, what these do to the tap. Rows come in groups, which have the same
    gradients of values in their lanes: runs of so many neighbours, at offsets [groups, runs] from a
    pixel. As far as depthwise lookups `reach`, pixels beyond the area are read, too.
    """

    @compile_kernel
    def kernel(
        planes, area, gradients, place, divisor, runs, taps, moved, inner, reach, tables, slopes
    ):
        origin, pitch, height, width = area
        begin, made, _ = place
        rows, levels, _ = tables.shape
        groups, count = runs.shape
        entries, changes = tables.reshape(-1), slopes.reshape(-1)
        share = splat(np.float32(1 / divisor), 32, length)
        width += 2 * reach
        tile = np.zeros(width * lanes, np.float32)
        for group in range(groups):
            for line in range(-reach, height + reach):
                shift = line * pitch - reach
                for run in range(count):
                    at = made + begin + shift + runs[group, run]
                    for x in range(width):
                        part = load_float(gradients, at + x, length) * share
                        store(part, tile, x * lanes + run * length)
                for row in range(group * rows // groups, (group + 1) * rows // groups):
                    at, to = origin + shift + taps[row], begin + shift + moved[row]
                    table, moves = row * levels * lanes, inner[row]
                    for x in range(width):
                        entry = table + planes[at + x] * lanes
                        part = load_float(tile, x * lanes, lanes)
                        store(load_float(entries, entry, lanes) + part, entries, entry)
                        if moves:
                            gradients[to + x] += sum_of(load_float(changes, entry, lanes) * part)

    return kernel
