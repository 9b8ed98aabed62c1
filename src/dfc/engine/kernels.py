"""The kernels: one layer of a LUT over some rows of an image, forwards and backwards.

For sixteen pixels at once they find the five vertices of each simplex and their weights; then they
work on the table rows of one pixel after the other, all values of a row in one vector. They take
the fields of NamedTuples one by one: handed over whole, a kernel is up to 15 % slower.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dfc.engine.simd import (
    divide,
    higher,
    load,
    load_block,
    load_float,
    lower,
    rotate_block,
    splat,
    splat_float,
    store,
    store_block,
    sum_of,
    to_float,
)
from dfc.engine.simplex import PIXELS, find_vertices, rank_taps


class Source(NamedTuple):
    """Pixels that a layer reads."""

    planes: NDArray[np.uint8]  # Flat: planes that extend beyond the image as far as the layer reads
    origin: int  # where the first pixel is
    pitch: int  # elements from row to row
    height: int
    width: int


class Output(NamedTuple):
    """Where a layer writes."""

    values: NDArray  # Flat: uint8 for pixels, float32 for sums
    origin: int  # where the first pixel goes
    pitch: int  # elements from row to row
    plane: int  # elements from one output channel to the next


class Tables(NamedTuple):
    """The tables of a layer, and how values become pixels (docs/numerics.md, 6 and 8)."""

    lookups: NDArray[np.int32]  # a row a lookup, of the columns that `dfc.engine.simplex` names
    values: NDArray[np.int8]
    """Flat: all tables, one after the other; float32 gradients have the same places."""
    unit: int  # the sum of the weights of a lookup: sums are multiples of 1 / unit
    group: int  # so many lookups add up within 16 bits
    divisor: int  # that of the layer, times unit
    bias: int


TILE = 64  # pixels whose sums are kept in the first-level cache (6 kB at 16 values)


def count_lanes(values: int) -> int:
    """Count the bytes that a table row of `values` values takes: the next power of two."""
    return 1 << (values - 1).bit_length()


def round_up_pitch(columns: int) -> int:
    """Elements from row to row of a plane, so that sixteen pixels can be read from any column."""
    return -(-(columns + PIXELS) // PIXELS) * PIXELS


@njit(inline="always")
def _rotate(part, scale, turns):
    """Turn a block by quarters whose number is known only while the kernel runs."""
    if turns == 1:
        part = rotate_block(part, scale, 1)
    elif turns == 2:
        part = rotate_block(part, scale, 2)
    elif turns == 3:
        part = rotate_block(part, scale, 3)
    return part


@cache
def make_layer_kernel(scale: int, channels: int, sums: bool = False) -> Callable:
    """Make the kernel of layers that give `scale` x `scale` pixels in `channels` channels.

    It writes pixels (uint8), or the sums that pixels are made of (float32).
    """
    lanes = count_lanes(scale * scale * channels)
    lane_bits = lanes.bit_length() - 1
    side, runs = (scale, scale) if scale > 1 else (1, channels)

    @njit(nogil=True, cache=True)
    def kernel(
        planes,
        origin,
        pitch,
        height,
        width,
        taps,
        lookups,
        values,
        unit,
        group,
        divisor,
        bias,
        written,
        output_origin,
        output_pitch,
        output_plane,
    ) -> None:
        rows = np.empty(5 * PIXELS, np.int32)
        weights = np.empty(5 * PIXELS, np.int16)
        partial = np.empty(TILE * lanes, np.int16)
        total = np.empty(TILE * lanes, np.int32)
        lowest = splat(0, 32, lanes)
        highest = splat(255 * divisor, 32, lanes)
        shift = splat(bias * divisor, 32, lanes)
        divisors = splat(divisor, 32, lanes)
        share = splat_float(1 / unit, lanes)
        run = output_pitch if scale > 1 else output_plane
        for row in range(height):
            for left in range(0, width, TILE):
                count = min(TILE, width - left)
                start = origin + row * pitch + left
                total[:] = 0
                for turn in range(len(taps)):
                    for first in range(0, len(lookups), group):
                        partial[:] = 0
                        for lookup in range(first, min(first + group, len(lookups))):
                            for block in range(0, count, PIXELS):
                                find_vertices(
                                    planes,
                                    start + block,
                                    taps[turn, lookup],
                                    lookups[lookup],
                                    unit,
                                    lane_bits,
                                    rows,
                                    weights,
                                )
                                for k in range(PIXELS):
                                    at = (block + k) * lanes
                                    added = load(partial, at, 16, lanes)
                                    for vertex in range(0, 5 * PIXELS, PIXELS):
                                        row_values = load(values, rows[vertex + k], 16, lanes)
                                        weight = splat(weights[vertex + k], 16, lanes)
                                        added = added + row_values * weight
                                    store(added, partial, at)
                        for k in range(count):
                            part = load(partial, k * lanes, 32, lanes)
                            part = _rotate(part, scale, turn)
                            store(load(total, k * lanes, 32, lanes) + part, total, k * lanes)
                for k in range(count):
                    at = output_origin + row * scale * output_pitch + (left + k) * scale
                    result = load(total, k * lanes, 32, lanes)
                    if sums:
                        store_block(to_float(result) * share, written, at, run, side, runs)
                    else:
                        result = lower(higher(result + shift, lowest), highest)
                        store_block(divide(result, divisors), written, at, run, side, runs)

    return kernel


@cache
def make_gradient_kernel(scale: int, channels: int, inner: bool) -> Callable:
    """Make the backward pass of `make_layer_kernel`: the gradients of its tables.

    Where `inner` is true, it adds up the gradient of its source, too.
    """
    lanes = count_lanes(scale * scale * channels)
    lane_bits = lanes.bit_length() - 1
    side, runs = (scale, scale) if scale > 1 else (1, channels)

    @njit(nogil=True, cache=True)
    def kernel(
        planes,
        origin,
        pitch,
        height,
        width,
        taps,
        lookups,
        values,
        unit,
        sums,
        sums_origin,
        sums_pitch,
        sums_plane,
        table_gradient,
        source_gradient,
    ) -> None:
        rows = np.empty(5 * PIXELS, np.int32)
        weights = np.empty(5 * PIXELS, np.int16)
        numbers = np.empty(4 * PIXELS, np.int32)
        slopes = np.empty(PIXELS, np.float32)
        tile = np.zeros(TILE * lanes, np.float32)
        share = splat_float(1 / unit, lanes)
        run = sums_pitch if scale > 1 else sums_plane
        for row in range(height):
            for left in range(0, width, TILE):
                count = min(TILE, width - left)
                start = origin + row * pitch + left
                for turn in range(len(taps)):
                    for k in range(count):
                        at = sums_origin + row * scale * sums_pitch + (left + k) * scale
                        part = load_block(sums, at, run, side, runs, lanes) * share
                        store(_rotate(part, scale, 4 - turn), tile, k * lanes)
                    for lookup in range(len(lookups)):
                        offsets = taps[turn, lookup]
                        for block in range(0, count, PIXELS):
                            position = start + block
                            found = find_vertices(
                                planes,
                                position,
                                offsets,
                                lookups[lookup],
                                unit,
                                lane_bits,
                                rows,
                                weights,
                            )
                            if inner:
                                rank_taps(found, lookups[lookup], numbers, slopes)
                            for k in range(min(PIXELS, count - block)):
                                part = load_float(tile, (block + k) * lanes, lanes)
                                before = np.float32(0)
                                for vertex in range(5):
                                    at = rows[vertex * PIXELS + k]
                                    weight = splat_float(weights[vertex * PIXELS + k], lanes)
                                    grown = load_float(table_gradient, at, lanes) + part * weight
                                    store(grown, table_gradient, at)
                                    if inner:
                                        value = sum_of(load_float(values, at, lanes) * part)
                                        if vertex > 0:
                                            number = numbers[(vertex - 1) * PIXELS + k]
                                            pixel = position + k + offsets[number]
                                            source_gradient[pixel] += (value - before) * slopes[k]
                                        before = value

    return kernel
