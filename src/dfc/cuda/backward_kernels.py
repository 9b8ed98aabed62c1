"""Triton kernels of layers of one tap: the backward pass, of planes as in `forward_kernels`."""

import triton
import triton.language as tl

from dfc.cuda.forward_kernels import SIZES, clamp, locate


@triton.jit(do_not_specialize=SIZES)
def pass_clip(
    planes, gradients, turned, residuals, divisor, top,
    PIXELS, HEIGHT, WIDTH_IMAGE, FIRST, VALUES, INPUTS,
    RESIDUALS: tl.constexpr, WIDTH: tl.constexpr, DEPTHWISE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Take the gradients of what a layer made back to what was clipped, and to its residuals.

    They are left in place; for an ordinary lookup, those of its sums in `turned`, bfloat16
    [pixels, WIDTH], too.
    """
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    k = tl.arange(0, WIDTH)
    used = (n < PIXELS)[:, None] & (k < VALUES)[None, :]
    at = (FIRST + k)[None, :] * PIXELS + n[:, None]
    gradient = tl.load(gradients + at, used, 0.0)
    made = tl.load(planes + at, used, 1)
    outwards = ((made == 0) & (gradient > 0)) | ((made == top) & (gradient < 0))
    gradient = tl.where(outwards, 0.0, gradient)
    if DEPTHWISE:
        tl.store(gradients + at, gradient, used)
    else:
        part = (gradient / divisor).to(tl.bfloat16)
        tl.store(turned + n[:, None] * WIDTH + k[None, :], part, (n < PIXELS)[:, None])
    for each in tl.static_range(RESIDUALS):
        tap = residuals + ((each * WIDTH + k) * 4)[None, :]
        plane, down, right = tl.load(tap), tl.load(tap + 1), tl.load(tap + 2)
        at = plane * PIXELS + locate(n[:, None], down, right, HEIGHT, WIDTH_IMAGE, True)
        tl.atomic_add(gradients + at, gradient, used & (plane >= INPUTS), sem="relaxed")


@triton.jit(do_not_specialize=SIZES)
def pass_rows(
    planes, gradients, turned, slopes, taps,
    PIXELS, HEIGHT, WIDTH_IMAGE,
    ROWS: tl.constexpr, LEVELS: tl.constexpr, WIDTH: tl.constexpr, MOVED: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Add the gradients of the planes that the rows of an ordinary lookup read."""
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    k = tl.arange(0, WIDTH)
    mask = n < PIXELS
    gradient = tl.load(turned + n[:, None] * WIDTH + k[None, :], mask[:, None], 0.0)
    gradient = gradient.to(tl.float32)
    for row in range(ROWS):
        tap = taps + 3 * row
        at = locate(n, tl.load(tap + 1), tl.load(tap + 2), HEIGHT, WIDTH_IMAGE, MOVED)
        at += tl.load(tap) * PIXELS
        level = tl.load(planes + at, mask, 0).to(tl.int32)
        slope = tl.load(slopes + ((row * LEVELS + level) * WIDTH)[:, None] + k[None, :])
        moved = tl.sum(slope.to(tl.float32) * gradient, 1)
        tl.atomic_add(gradients + at, moved, mask, sem="relaxed")


HAT = tl.constexpr("""{
    .reg .b32 one, minus, apart;
    mov.b32 one, 0x3F803F80;
    mov.b32 minus, 0xBF80BF80;
    fma.rn.bf16x2 apart, $2, minus, $1;
    abs.bf16x2 apart, apart;
    fma.rn.relu.bf16x2 $0, apart, minus, one;
}""")


@triton.jit
def _weigh(level, STEP, CELLS: tl.constexpr, BLOCK: tl.constexpr, FACTOR: tl.constexpr):
    """Weigh the points of a lattice at levels: [CELLS, BLOCK], and the last point, if one more.

    They are exact in bfloat16, since levels have 8 bits.
    """
    cell = tl.arange(0, CELLS).to(FACTOR)
    place = level.to(tl.float32) / STEP
    here = tl.broadcast_to(place.to(FACTOR)[None, :], [CELLS, BLOCK])
    there = tl.broadcast_to(cell[:, None], [CELLS, BLOCK])
    if FACTOR == tl.bfloat16:  # two at once
        weights = tl.inline_asm_elementwise(
            HAT, "=r,r,r", [here, there], dtype=tl.bfloat16, is_pure=True, pack=2
        )
    else:
        weights = tl.maximum(1 - tl.abs(here - there), 0.0)
    return weights, tl.maximum(place - (CELLS - 1), 0.0)


@triton.jit
def _store_points(points, row, total, last, POINTS, CELLS: tl.constexpr, WIDTH: tl.constexpr):
    cell, k = tl.arange(0, CELLS), tl.arange(0, WIDTH)
    at = (row * POINTS + cell[:, None]) * WIDTH + k[None, :]
    tl.atomic_add(points + at, total, cell[:, None] < POINTS, sem="relaxed")
    if POINTS > CELLS:
        tl.atomic_add(points + (row * POINTS + CELLS) * WIDTH + k, last, sem="relaxed")


@triton.jit(do_not_specialize=SIZES)
def add_rows(
    planes, turned, taps, points, PIXELS, HEIGHT, WIDTH_IMAGE, POINTS, STEP,
    TURNS: tl.constexpr, WIDTH: tl.constexpr, CELLS: tl.constexpr, MOVED: tl.constexpr,
    FACTOR: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Add up the gradients of a row of an ordinary lookup, at the points of its lattice: `points`
    [rows, POINTS, WIDTH].

    The weights of the points at the levels of a block of pixels are a matrix, multiplied by the
    gradients of the entries.
    """
    row = tl.program_id(0)
    k = tl.arange(0, WIDTH)
    total = tl.zeros([CELLS, WIDTH], tl.float32)
    last = tl.zeros([WIDTH], tl.float32)
    read = planes + tl.load(taps + 3 * row) * PIXELS
    down, right = tl.load(taps + 3 * row + 1), tl.load(taps + 3 * row + 2)
    n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    stride = tl.num_programs(1) * BLOCK
    at = locate(n, down, right, HEIGHT, WIDTH_IMAGE, MOVED)
    level = tl.load(read + at, n < PIXELS, 0)
    for _ in range(TURNS):
        mask = n < PIXELS
        gradient = tl.load(turned + n[:, None] * WIDTH + k[None, :], mask[:, None], 0.0)
        n += stride
        at = locate(n, down, right, HEIGHT, WIDTH_IMAGE, MOVED)
        following = tl.load(read + at, n < PIXELS, 0)  # ahead, so that nothing waits
        weights, beyond = _weigh(level, STEP, CELLS, BLOCK, FACTOR)
        total = tl.dot(weights, gradient.to(FACTOR), total)
        if POINTS > CELLS:
            last += tl.sum(beyond[:, None] * gradient.to(tl.float32), 0)
        level = following
    _store_points(points, row, total, last, POINTS, CELLS, WIDTH)


@triton.jit(do_not_specialize=SIZES)
def pass_depthwise(
    planes, gradients, slopes, taps, divisor,
    PIXELS, HEIGHT, WIDTH_IMAGE, FIRST, SOURCE,
    REACH: tl.constexpr, PLACES: tl.constexpr, LEVELS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Add the gradients of a plane that a depthwise lookup reads.

    Every pixel, `REACH` beyond the borders too, takes what was made of it from around.
    """
    channel = tl.program_id(1)
    high, wide = HEIGHT + 2 * REACH, WIDTH_IMAGE + 2 * REACH
    n = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = n < PIXELS // (HEIGHT * WIDTH_IMAGE) * high * wide
    x, y = n % wide - REACH, n // wide % high - REACH
    origin = n // (high * wide) * (HEIGHT * WIDTH_IMAGE)
    at = origin + clamp(y, HEIGHT) * WIDTH_IMAGE + clamp(x, WIDTH_IMAGE)
    source = (SOURCE + channel) * PIXELS + at
    level = tl.load(planes + source, mask, 0).to(tl.int32)
    total = tl.zeros([BLOCK], tl.float32)
    for place in tl.static_range(PLACES):
        ty, tx = y - tl.load(taps + 2 * place), x - tl.load(taps + 2 * place + 1)
        inside = mask & (ty >= 0) & (ty < HEIGHT) & (tx >= 0) & (tx < WIDTH_IMAGE)
        at = (FIRST + channel) * PIXELS + origin + ty * WIDTH_IMAGE + tx
        slope = tl.load(slopes + (channel * PLACES + place) * LEVELS + level).to(tl.float32)
        total += tl.load(gradients + at, inside, 0.0) * slope
    tl.atomic_add(gradients + source, total / divisor, mask, sem="relaxed")


@triton.jit(do_not_specialize=SIZES)
def add_depthwise(
    planes, gradients, taps, points, divisor,
    PIXELS, HEIGHT, WIDTH_IMAGE, FIRST, SOURCE, POINTS, STEP,
    TURNS: tl.constexpr, REACH: tl.constexpr, USED: tl.constexpr, WIDTH: tl.constexpr,
    CELLS: tl.constexpr, FACTOR: tl.constexpr, LINES: tl.constexpr, SPAN: tl.constexpr,
):  # fmt: skip
    """Add up the gradients of a channel of a depthwise lookup at the points of its lattice, as
    `add_rows` does.

    It takes `LINES` lines of `SPAN` pixels at once, and looks at what `pass_depthwise` looks at.
    """
    row = tl.program_id(0)
    k, lane = tl.arange(0, WIDTH), tl.arange(0, LINES * SPAN)
    total = tl.zeros([CELLS, WIDTH], tl.float32)
    last = tl.zeros([WIDTH], tl.float32)
    across = tl.cdiv(WIDTH_IMAGE + 2 * REACH, SPAN)
    tiles = tl.cdiv(HEIGHT + 2 * REACH, LINES) * across
    count = PIXELS // (HEIGHT * WIDTH_IMAGE) * tiles
    down = tl.load(taps + 2 * k, k < USED, 0)
    right = tl.load(taps + 2 * k + 1, k < USED, 0)
    for turn in range(TURNS):
        tile = turn * tl.num_programs(1) + tl.program_id(1)
        origin = tile // tiles * (HEIGHT * WIDTH_IMAGE)
        y = tile % tiles // across * LINES - REACH + lane // SPAN
        x = tile % across * SPAN - REACH + lane % SPAN
        mask = (tile < count) & (y < HEIGHT + REACH) & (x < WIDTH_IMAGE + REACH)
        source = (SOURCE + row) * PIXELS + origin
        source += clamp(y, HEIGHT) * WIDTH_IMAGE + clamp(x, WIDTH_IMAGE)
        level = tl.load(planes + source, mask, 0)
        ty, tx = y[None, :] - down[:, None], x[None, :] - right[:, None]
        inside = (ty >= 0) & (ty < HEIGHT) & (tx >= 0) & (tx < WIDTH_IMAGE)
        inside = inside & mask[None, :] & (k < USED)[:, None]
        at = (FIRST + row) * PIXELS + origin + ty * WIDTH_IMAGE + tx
        gradient = tl.load(gradients + at, inside, 0.0)
        weights, beyond = _weigh(level, STEP, CELLS, LINES * SPAN, FACTOR)
        total = tl.dot(weights, tl.trans(gradient.to(FACTOR)), total)
        if POINTS > CELLS:
            last += tl.sum(beyond[None, :] * gradient, 1)
    _store_points(points, row, total / divisor, last / divisor, POINTS, CELLS, WIDTH)


@triton.jit
def collect_table(
    points, values, lower, upper, weight, gain, found, COUNT, COLUMNS, VALUES, POINTS,
    WIDTH: tl.constexpr, DEPTHWISE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Take the gradients of points [rows, POINTS, WIDTH] back to the values of a table."""
    index = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = index < COUNT
    point, column = index // COLUMNS, index % COLUMNS
    place, value = column // VALUES, column % VALUES
    if DEPTHWISE:
        at = (value * POINTS + point) * WIDTH + place
    else:
        at = (place * POINTS + point) * WIDTH + value
    gradient = tl.load(points + at, mask, 0.0) * (127 * gain)
    share = tl.load(weight + index, mask, 0.0)
    for end in tl.static_range(2):
        to = tl.load((lower if end == 0 else upper) + index, mask, 0)
        value_there = tl.load(values + to, mask, 0.0) * gain * 127
        inside = (value_there >= -128) & (value_there <= 127)
        part = gradient * (1 - share if end == 0 else share)
        tl.atomic_add(found + to, part, mask & inside & (part != 0), sem="relaxed")
