"""Triton kernels of layers of one tap: the forward pass.

Planes are uint8 [planes, pixels], levels from the lowest of their range on; their gradients are
float32, likewise; pixels are those of all crops [B, H, W], one after the other. A lookup is a list
of rows, each of which reads one plane: a place of an ordinary lookup, which yields all values of
the layer, or a channel of a depthwise one, which yields what it adds at each of the places. So a
row holds `WIDTH` entries a level, a power of 2, of which the first are used. Borders repeat the
edge.
"""

import triton
import triton.language as tl

SIZES = ["HEIGHT", "WIDTH_IMAGE", "FIRST", "SOURCE", "VALUES", "POINTS", "INPUTS"]
"""What need not be compiled for anew."""
ROUND = tl.constexpr(12582912.0)  # 1.5 * 2^23: adding and subtracting it rounds half to even


@triton.jit
def expand_table(
    values, lower, upper, fraction, steps, gain, lowest, expanded, slopes, COUNT, COLUMNS, VALUES,
    LEVELS: tl.constexpr, PLACES: tl.constexpr, WIDTH: tl.constexpr, DEPTHWISE: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Round the values of a table, -1..1 times the gain, and interpolate it and its slope at every
    level."""
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < COUNT
    level, column = index // COLUMNS, index % COLUMNS
    place, value = column // VALUES, column % VALUES
    below = tl.load(values + tl.load(lower + index, mask, 0), mask, 0.0) * gain * 127
    above = tl.load(values + tl.load(upper + index, mask, 0), mask, 0.0) * gain * 127
    below = (tl.minimum(tl.maximum(below, lowest), 127.0) + ROUND) - ROUND
    above = (tl.minimum(tl.maximum(above, lowest), 127.0) + ROUND) - ROUND
    slope = (above - below) / tl.load(steps + index, mask, 1)
    found = below + slope * tl.load(fraction + index, mask, 0)
    if DEPTHWISE:
        at = (value * PLACES + place) * LEVELS + level
    else:
        at = (place * LEVELS + level) * WIDTH + value
    tl.store(expanded + at, found.to(expanded.dtype.element_ty), mask)
    tl.store(slopes + at, slope.to(tl.bfloat16), mask)


@triton.jit
def _finish(total, residual, divisor, bias, lowest, highest):
    rounded = (tl.math.div_rn(total, divisor) + bias + ROUND) - ROUND
    return tl.minimum(tl.maximum(rounded + residual, lowest), highest) - lowest


@triton.jit
def clamp(at, LENGTH):
    return tl.minimum(tl.maximum(at, 0), LENGTH - 1)


@triton.jit
def locate(n, down, right, HEIGHT, WIDTH_IMAGE, MOVED: tl.constexpr):
    """Find the pixels at an offset from others, `MOVED` unless it is 0; borders repeat the edge."""
    if MOVED:
        x, y = n % WIDTH_IMAGE, n // WIDTH_IMAGE % HEIGHT
        yy, xx = clamp(y + down, HEIGHT), clamp(x + right, WIDTH_IMAGE)
        return n + (yy - y) * WIDTH_IMAGE + (xx - x)
    else:
        return n


@triton.jit(do_not_specialize=SIZES)
def sum_rows(
    planes, expanded, taps, residuals, divisor, bias, lowest, highest,
    PIXELS, HEIGHT, WIDTH_IMAGE, FIRST, VALUES,
    ROWS: tl.constexpr, RESIDUALS: tl.constexpr, LEVELS: tl.constexpr, WIDTH: tl.constexpr,
    MOVED: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Make the planes of a layer, from `FIRST` on, of the rows [plane, row, column] of `taps`."""
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    k = tl.arange(0, WIDTH)
    mask = n < PIXELS
    total = tl.zeros([BLOCK, WIDTH], tl.float32)
    for row in range(ROWS):
        tap = taps + 3 * row
        at = locate(n, tl.load(tap + 1), tl.load(tap + 2), HEIGHT, WIDTH_IMAGE, MOVED)
        level = tl.load(planes + tl.load(tap) * PIXELS + at, mask, 0).to(tl.int32)
        entries = tl.load(expanded + ((row * LEVELS + level) * WIDTH)[:, None] + k[None, :])
        total += entries.to(tl.float32)
    added = tl.zeros([BLOCK, WIDTH], tl.float32)
    used = mask[:, None] & (k < VALUES)[None, :]
    for each in tl.static_range(RESIDUALS):
        tap = residuals + ((each * WIDTH + k) * 4)[None, :]
        plane, down, right = tl.load(tap), tl.load(tap + 1), tl.load(tap + 2)
        at = plane * PIXELS + locate(n[:, None], down, right, HEIGHT, WIDTH_IMAGE, True)
        level = tl.load(planes + at, used & (plane >= 0), 0).to(tl.float32)
        added += level + tl.load(tap + 3)
    made = _finish(total, added, divisor, bias, lowest, highest)
    tl.store(planes + (FIRST + k)[None, :] * PIXELS + n[:, None], made.to(tl.uint8), used)


@triton.jit(do_not_specialize=SIZES)
def sum_depthwise(
    planes, expanded, taps, residuals, divisor, bias, lowest, highest,
    PIXELS, HEIGHT, WIDTH_IMAGE, FIRST, SOURCE,
    PLACES: tl.constexpr, RESIDUALS: tl.constexpr, LEVELS: tl.constexpr, WIDTH: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Make a plane of a depthwise layer of the one `SOURCE` and further, at [row, column] taps."""
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    channel = tl.program_id(1)
    mask = n < PIXELS
    total = tl.zeros([BLOCK], tl.float32)
    for place in tl.static_range(PLACES):
        down, right = tl.load(taps + 2 * place), tl.load(taps + 2 * place + 1)
        at = (SOURCE + channel) * PIXELS + locate(n, down, right, HEIGHT, WIDTH_IMAGE, True)
        level = tl.load(planes + at, mask, 0).to(tl.int32)
        entry = tl.load(expanded + (channel * PLACES + place) * LEVELS + level)
        total += entry.to(tl.float32)
    added = tl.zeros([BLOCK], tl.float32)
    for each in tl.static_range(RESIDUALS):
        tap = residuals + (each * WIDTH + channel) * 4
        plane, down, right = tl.load(tap), tl.load(tap + 1), tl.load(tap + 2)
        at = plane * PIXELS + locate(n, down, right, HEIGHT, WIDTH_IMAGE, True)
        added += tl.load(planes + at, mask & (plane >= 0), 0).to(tl.float32) + tl.load(tap + 3)
    made = _finish(total, added, divisor, bias, lowest, highest)
    tl.store(planes + (FIRST + channel) * PIXELS + n, made.to(tl.uint8), mask)
