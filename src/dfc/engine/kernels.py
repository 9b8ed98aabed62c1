"""The kernels: one layer of a LUT over some rows of an image, forwards and backwards.

For sixteen pixels at once they find the five vertices of each simplex and their weights; then they
work on the table rows of one pixel after the other, all values of a row in one vector.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dfc.engine.kernel_cache import compile_kernel
from dfc.engine.simd import (
    divide,
    higher,
    load,
    load_float,
    lower,
    rotate_block,
    splat,
    store,
    store_block,
    sum_of,
)
from dfc.engine.simplex import PIXELS, find_vertices, rank_taps


class Source(NamedTuple):
    """Pixels that a layer reads."""

    planes: NDArray[np.uint8]  # Flat: planes that extend beyond the image as far as the layer reads
    area: tuple[int, int, int, int]
    """Where the first pixel is, elements from row to row, height and width."""


class Output(NamedTuple):
    """Where a layer writes."""

    values: NDArray[np.uint8]  # Flat
    place: tuple[int, int, int]
    """Where the first pixel goes, elements from row to row, and from a value to the next."""


class Tables(NamedTuple):
    """The tables of a layer (docs/numerics.md, section 8)."""

    lookups: NDArray[np.int32]  # a row a lookup, of the columns that `dfc.engine.simplex` names
    values: NDArray[np.int8]
    """Flat: all tables, one after the other; float32 gradients have the same places."""
    group: int  # so many lookups add up within 16 bits


class Finish(NamedTuple):
    """How the sums of a layer become bytes, counted from the lowest of its range on:
    clip(round(clip(sum + bias, lowest, highest) / divisor) + residuals + constant, 0, top)."""

    numbers: tuple[int, int, int, int, int]  # divisor .. highest, in units, and top
    constants: NDArray[np.int32]  # of every value
    starts: NDArray[np.int64]
    """The residuals of value v are read at offsets starts[v] .. starts[v + 1] - 1."""


TILE = 64  # pixels whose sums are kept in the first-level cache (6 kB at 16 values)


def count_lanes(values: int) -> int:
    """Count the bytes that a table row of `values` values takes: the next power of two."""
    return 1 << (values - 1).bit_length()


@njit(inline="always")
def _sum_residuals(planes, start, count, added, starts, constants, lanes, sums):
    """Fill in what is added to each of the values [count * lanes] of some pixels."""
    for value in range(len(constants)):
        for k in range(count):
            sums[k * lanes + value] = constants[value]
        for residual in range(starts[value], starts[value + 1]):
            for k in range(count):
                sums[k * lanes + value] += planes[start + added[residual] + k]


@cache
def make_layer_kernel(scale: int, channels: int, planar: bool, plain: bool) -> Callable:
    """Make the kernel of layers that give `scale` x `scale` pixels in `channels` channels.

    It writes blocks of pixels, or, where it is `planar`, every value to a plane of its own. Plain
    layers read any bytes, and have no residuals.
    """
    lanes = count_lanes(scale * scale * channels)
    side, runs = (1, scale * scale * channels) if planar else (scale, scale)

    @compile_kernel
    def kernel(
        planes, area, taps, added, lookups, values, group, finish, constants, starts, written, place
    ):
        origin, pitch, height, width = area
        divisor, bias, lowest, highest, top = finish
        output_origin, output_pitch, output_plane = place
        rows, weights = np.empty(5 * PIXELS, np.int32), np.empty(5 * PIXELS, np.int16)
        partial, total = np.empty(TILE * lanes, np.int16), np.empty(TILE * lanes, np.int32)
        residuals = np.zeros(TILE * lanes, np.int32)
        least, most = splat(lowest, 32, lanes), splat(highest, 32, lanes)
        shift, divisors = splat(bias, 32, lanes), splat(divisor, 32, lanes)
        constant = splat(constants[0], 32, lanes)
        zero, limit = splat(0, 32, lanes), splat(top, 32, lanes)
        run = output_plane if planar else output_pitch
        for row in range(height):
            for left in range(0, width, TILE):
                count = min(TILE, width - left)
                start = origin + row * pitch + left
                total[:] = 0
                for turn in range(len(taps)):
                    for first in range(0, len(lookups), group):
                        partial[:] = 0
                        for k in range(first, min(first + group, len(lookups))):
                            own, lookup = taps[turn, k], lookups[k]
                            for block in range(0, count, PIXELS):
                                find_vertices(planes, start + block, own, lookup, rows, weights)
                                # Beyond the image, planes may hold what is no level.
                                found = PIXELS if plain else min(PIXELS, count - block)
                                for pixel in range(found):
                                    at = (block + pixel) * lanes
                                    part = load(partial, at, 16, lanes)
                                    for vertex in range(0, 5 * PIXELS, PIXELS):  # unrolled
                                        entries = load(values, rows[vertex + pixel], 16, lanes)
                                        weight = splat(weights[vertex + pixel], 16, lanes)
                                        part = part + entries * weight
                                    store(part, partial, at)
                        for at in range(0, count * lanes, lanes):
                            part = load(partial, at, 32, lanes)
                            part = rotate_block(part, channels, scale, turn)
                            store(load(total, at, 32, lanes) + part, total, at)
                if not plain:
                    _sum_residuals(planes, start, count, added, starts, constants, lanes, residuals)
                for k in range(count):
                    at = output_origin + row * side * output_pitch + (left + k) * side
                    result = higher(load(total, k * lanes, 32, lanes) + shift, least)
                    result = divide(lower(result, most), divisors)
                    if not plain:
                        result = result + load(residuals, k * lanes, 32, lanes)
                        result = lower(higher(result, zero), limit)
                    else:
                        result = result + constant
                    store_block(result, written, at, run, side, runs)

    return kernel


@cache
def make_gradient_kernel(scale: int, channels: int, inner: bool) -> Callable:
    """Make the backward pass of `make_layer_kernel`: the gradients of its tables.

    The gradients are flat planes with the pitch of those that are read; those of the values begin
    at `made`, a plane each. Where `inner` is true, those of what is read are added up, too.
    """
    lanes = count_lanes(scale * scale * channels)
    count_values = scale * scale * channels

    @compile_kernel
    def kernel(
        planes, area, taps, moved, lookups, values, group, gradients, place, divisor, tables
    ):
        origin, pitch, height, width = area
        gradient_origin, made, plane = place
        rows, weights = np.empty(5 * PIXELS, np.int32), np.empty(5 * PIXELS, np.int16)
        numbers, slopes = np.empty(4 * PIXELS, np.int32), np.empty(PIXELS, np.float32)
        upright, tile = np.zeros(TILE * lanes, np.float32), np.zeros(TILE * lanes, np.float32)
        share = splat(np.float32(1 / divisor), 32, lanes)
        for row in range(height):
            for left in range(0, width, TILE):
                count = min(TILE, width - left)
                start = origin + row * pitch + left
                begin = gradient_origin + row * pitch + left
                for value in range(count_values):
                    for k in range(count):
                        upright[k * lanes + value] = gradients[made + value * plane + begin + k]
                for turn in range(len(taps)):
                    for at in range(0, count * lanes, lanes):
                        part = load_float(upright, at, lanes) * share
                        store(rotate_block(part, channels, scale, 4 - turn), tile, at)
                    for number in range(len(lookups)):
                        own, lookup = taps[turn, number], lookups[number]
                        sources = moved[turn, number]
                        for block in range(0, count, PIXELS):
                            found = find_vertices(planes, start + block, own, lookup, rows, weights)
                            if inner:
                                rank_taps(found, lookup, numbers, slopes)
                            for k in range(min(PIXELS, count - block)):
                                part = load_float(tile, (block + k) * lanes, lanes)
                                before = np.float32(0)
                                for vertex in range(5):
                                    at = rows[vertex * PIXELS + k]
                                    weight = np.float32(weights[vertex * PIXELS + k])
                                    grown = load_float(tables, at, lanes)
                                    grown = grown + part * splat(weight, 32, lanes)
                                    store(grown, tables, at)
                                    if inner:
                                        value = sum_of(load_float(values, at, lanes) * part)
                                        if vertex > 0:
                                            source = sources[numbers[(vertex - 1) * PIXELS + k]]
                                            pixel = begin + block + k + source
                                            gradients[pixel] += (value - before) * slopes[k]
                                        before = value

    return kernel
