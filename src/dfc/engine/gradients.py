"""The backward pass of layers of one tap, and of what surrounds lookups: borders, clips, residuals.

Gradients lie as planes do, in single precision.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit

from dfc.engine.borders import extend_planes
from dfc.engine.simd import load_float, load_runs, splat_float, store, sum_of


@njit(nogil=True, cache=True)
def pass_clip(gradients, planes, crops, top, rows, columns, margin):
    """Take the gradients of what a layer made back to what was clipped, in place.

    Crops lie side by side in planes [N, R, pitch], each with its margins; gradients have margins
    of twice as many rows. What lies beyond the borders of a crop is added to where it was read, and
    becomes 0. A gradient passes a clip but where a step along it would lead outwards.
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


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def extend_crops(planes, crops, rows, columns, margin):
    """Fill in what lies beyond the borders of crops that lie side by side in planes."""
    height, step = len(rows) - 2 * margin, len(columns)
    for left in range(0, crops * step, step):
        crop = planes[:, :, left : left + step]
        extend_planes(crop, -margin, 0, height, rows, columns, margin)


@cache
def make_pointwise_gradient_kernel(lanes: int) -> Callable:
    """Make the backward pass of lookups of one tap that are not depthwise.

    Lanes are values, up to a power of two. It adds up the gradients of tables [items, levels,
    lanes] and, of items that are `inner`, those of what they read, at offsets from a pixel.
    Gradients are flat; those of the values begin at `made`, a plane each.
    """

    @njit(nogil=True, cache=True)
    def kernel(planes, area, taps, gradients, target, gradient_taps, inner, values, tables, slopes):
        origin, pitch, height, width = area
        begin, made, plane, divisor = target
        items, levels, _ = tables.shape
        entries, changes = tables.reshape(-1), slopes.reshape(-1)
        share = np.float32(1 / divisor)
        tile = np.zeros(width * lanes, np.float32)
        for row in range(0, height * pitch, pitch):
            for value in range(values):
                at = made + value * plane + begin + row
                for x in range(width):
                    tile[x * lanes + value] = gradients[at + x] * share
            for item in range(items):
                at, to = origin + row + taps[item], begin + row + gradient_taps[item]
                table, moves = item * levels * lanes, inner[item]
                for x in range(width):
                    entry = table + planes[at + x] * lanes
                    part = load_float(tile, x * lanes, lanes)
                    store(load_float(entries, entry, lanes) + part, entries, entry)
                    if moves:
                        gradients[to + x] += sum_of(load_float(changes, entry, lanes) * part)

    return kernel


@cache
def make_depthwise_gradient_kernel(runs: int) -> Callable:
    """Make the backward pass of depthwise lookups of one tap.

    The level of a pixel of plane `value` is read at several places, and so its gradient comes from
    there: from so many runs of 4 neighbours, at offsets [groups, runs] from the pixel. Lanes are
    what tables [groups, values, levels, lanes] hold of each. The planes of values begin at `bases`,
    those of their gradients at `moved`. As far as the lookups `reach`, pixels beyond the area are
    read, too.
    """
    lanes = 4 * runs

    @njit(nogil=True, cache=True)
    def kernel(planes, area, bases, gradients, target, moved, sources, reach, tables, slopes):
        origin, pitch, height, width = area
        begin, made, plane, divisor = target
        groups, values, levels, _ = tables.shape
        entries, changes = tables.reshape(-1), slopes.reshape(-1)
        share = splat_float(1 / divisor, lanes)
        starts = sources.reshape(-1)
        for group in range(groups):
            for value in range(values):
                table = (group * values + value) * levels * lanes
                for row in range(-reach, height + reach):
                    source = made + value * plane + begin + row * pitch
                    at = origin + row * pitch + bases[value]
                    to = begin + row * pitch + moved[value]
                    for x in range(-reach, width + reach):
                        entry = table + planes[at + x] * lanes
                        part = load_runs(gradients, source + x, starts, group * runs, runs, lanes)
                        part = part * share
                        store(load_float(entries, entry, lanes) + part, entries, entry)
                        gradients[to + x] += sum_of(load_float(changes, entry, lanes) * part)

    return kernel
