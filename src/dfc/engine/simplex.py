"""The simplex of sixteen lookups at once: five vertices each, as table rows, and their weights."""

from numba import njit

from dfc.engine.simd import higher, load, lower, splat, store, where_at_most

PIXELS = 16  # located at once: one vector of AVX-512, two of AVX2, four of SSE and NEON

# Columns of the description of a lookup: a block for diagonal lookups, one for non-diagonal ones,
# how far `b c d` may be from `a` in a diagonal lookup, the sum of the weights, and 2^bits values
# that a row takes.
SHIFT, UPSHIFT, BASE, STRIDES = 0, 1, 2, 3
BLOCK = 7
REACH = 2 * BLOCK
UNIT, LANE_BITS = REACH + 3, REACH + 4

# A key, from the top: fraction; lattice position, upside down: among equal fractions the lower one
# comes first (as in `dfc.models.interpolation`); stride in the table, and number, of the tap.
TAP_BITS = 2
STRIDE_BITS = 16  # the longest stride is that of `a` at interval 3: 33^3 rows
POSITION_BITS = 5
POSITION_AT = STRIDE_BITS + TAP_BITS
FRACTION_AT = POSITION_AT + POSITION_BITS


@njit(inline="always")
def _make_key(tap, shift, up, stride, number):
    """All that is known of a tap in one number: sorting by fraction moves the rest along."""
    position = tap >> shift
    fraction = (tap - (position << shift)) << up
    # Where there are more positions than bits, the table has a single tap, and order is no matter.
    ones = splat((1 << POSITION_BITS) - 1, 32, PIXELS)
    upside_down = (position ^ ones) & ones
    return (
        (fraction << splat(FRACTION_AT, 32, PIXELS))
        | (upside_down << splat(POSITION_AT, 32, PIXELS))
        | splat((stride << TAP_BITS) | number, 32, PIXELS)
    )


@njit(inline="always")
def _make_keys(a, b, c, d, lookup, start):
    """Row of the lower corner, and the four keys, in one of the two parts of a table."""
    shift = splat(lookup[start + SHIFT], 32, PIXELS)
    up = splat(lookup[start + UPSHIFT], 32, PIXELS)
    sa, sb = lookup[start + STRIDES], lookup[start + STRIDES + 1]
    sc, sd = lookup[start + STRIDES + 2], lookup[start + STRIDES + 3]
    corner = splat(lookup[start + BASE], 32, PIXELS)
    corner = corner + (a >> shift) * splat(sa, 32, PIXELS) + (b >> shift) * splat(sb, 32, PIXELS)
    corner = corner + (c >> shift) * splat(sc, 32, PIXELS) + (d >> shift) * splat(sd, 32, PIXELS)
    keys = (
        _make_key(a, shift, up, sa, 0),
        _make_key(b, shift, up, sb, 1),
        _make_key(c, shift, up, sc, 2),
        _make_key(d, shift, up, sd, 3),
    )
    return corner, keys


@njit(inline="always")
def _measure_distance(a, tap, reach):
    return higher(a, tap) - lower(a, tap) - splat(reach, 32, PIXELS)


@njit(inline="always")
def _sort_pair(a, b):
    return higher(a, b), lower(a, b)


@njit(inline="always")
def _step_row(row, key):
    stride = (key >> splat(TAP_BITS, 32, PIXELS)) & splat((1 << STRIDE_BITS) - 1, 32, PIXELS)
    return row + stride


@njit(inline="always")
def find_vertices(planes, position, taps, lookup, rows, weights):
    """Store the table rows of the five vertices of each lookup, and their weights.

    The lookups are those of sixteen pixels (flat, uint8) from a position on, by offsets [4] of
    their taps and a description. Rows, given by their first values, and weights are filled in:
    [5 * 16], vertex by vertex. Returns how far each lookup is beyond the diagonal band (at most 0:
    within), and the four keys, highest fraction first.
    """
    a = load(planes, position + taps[0], 32, PIXELS)
    b = load(planes, position + taps[1], 32, PIXELS)
    c = load(planes, position + taps[2], 32, PIXELS)
    d = load(planes, position + taps[3], 32, PIXELS)
    beyond = _measure_distance(a, b, lookup[REACH])
    beyond = higher(beyond, _measure_distance(a, c, lookup[REACH + 1]))
    beyond = higher(beyond, _measure_distance(a, d, lookup[REACH + 2]))
    diagonal, (na, nb, nc, nd) = _make_keys(a, b, c, d, lookup, 0)
    coarse, (fa, fb, fc, fd) = _make_keys(a, b, c, d, lookup, BLOCK)
    zero = splat(0, 32, PIXELS)
    row = where_at_most(beyond, zero, diagonal, coarse)
    first, second = where_at_most(beyond, zero, na, fa), where_at_most(beyond, zero, nb, fb)
    third, fourth = where_at_most(beyond, zero, nc, fc), where_at_most(beyond, zero, nd, fd)
    # A sorting network.
    first, second = _sort_pair(first, second)
    third, fourth = _sort_pair(third, fourth)
    first, third = _sort_pair(first, third)
    second, fourth = _sort_pair(second, fourth)
    second, third = _sort_pair(second, third)
    at = splat(FRACTION_AT, 32, PIXELS)
    fa, fb, fc, fd = first >> at, second >> at, third >> at, fourth >> at
    store(splat(lookup[UNIT], 32, PIXELS) - fa, weights, 0)
    store(fa - fb, weights, PIXELS)
    store(fb - fc, weights, 2 * PIXELS)
    store(fc - fd, weights, 3 * PIXELS)
    store(fd, weights, 4 * PIXELS)
    lanes = splat(lookup[LANE_BITS], 32, PIXELS)
    store(row << lanes, rows, 0)
    row = _step_row(row, first)
    store(row << lanes, rows, PIXELS)
    row = _step_row(row, second)
    store(row << lanes, rows, 2 * PIXELS)
    row = _step_row(row, third)
    store(row << lanes, rows, 3 * PIXELS)
    store(_step_row(row, fourth) << lanes, rows, 4 * PIXELS)
    return beyond, first, second, third, fourth


@njit(inline="always")
def rank_taps(found, lookup, numbers, slopes):
    """Store which tap each fraction belongs to, and the slope of a weight over its pixel.

    From what `find_vertices` returned, `numbers` [4 * 16] of the taps are filled in, highest
    fraction first, and `slopes` [16], units of weight for one grey level.
    """
    beyond, first, second, third, fourth = found
    mask = splat((1 << TAP_BITS) - 1, 32, PIXELS)
    store(first & mask, numbers, 0)
    store(second & mask, numbers, PIXELS)
    store(third & mask, numbers, 2 * PIXELS)
    store(fourth & mask, numbers, 3 * PIXELS)
    diagonal = splat(1 << lookup[UPSHIFT], 32, PIXELS)
    coarse = splat(1 << lookup[BLOCK + UPSHIFT], 32, PIXELS)
    store(where_at_most(beyond, splat(0, 32, PIXELS), diagonal, coarse), slopes, 0)
