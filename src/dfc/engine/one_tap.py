"""The kernels of layers whose lookups read a single tap: sums of functions of one level.

A table is expanded to a value for every level, in units, so that nothing is interpolated, and it is
looked up for many pixels at once, as the processor can (`dfc.engine.isa`).
"""

from collections.abc import Callable
from functools import cache

from dfc.engine.isa import find_bytes, interleave, join_halves
from dfc.engine.kernel_cache import compile_kernel
from dfc.engine.simd import convert, divide, higher, load, lower, splat, store


@cache
def make_one_tap_kernel(lanes: int, size: int) -> Callable:
    """Make the kernel that takes so many pixels at once, with tables of a size.

    The lookups of value v are `firsts[v]` .. `firsts[v + 1] - 1`; each reads a tap at an offset
    from the pixel, and has a table: the low bytes of `size` levels, then the high bytes. So many
    lookups as a `group` add up within 16 bits. The other arguments are those of `Source`, `Finish`
    and `Output` of `dfc.engine.kernels`; every value has a plane of its own.
    """
    half = lanes // 2

    @compile_kernel
    def kernel(
        planes, area, taps, added, firsts, tables, group, finish, constants, starts, written, place
    ) -> None:
        origin, pitch, height, width = area
        divisor, bias, lowest, highest, top = finish
        output_origin, output_pitch, output_plane = place
        zero, none = splat(0, 16, half), splat(0, 8, lanes)
        limit = splat(top, 16, half)
        divisors = splat(divisor, 32, half)
        least, most = splat(lowest, 32, half), splat(highest, 32, half)
        for row in range(height):
            for left in range(0, width, lanes):
                start = origin + row * pitch + left
                for value in range(len(constants)):
                    first, second = splat(bias, 32, half), splat(bias, 32, half)
                    end = firsts[value + 1]
                    for begin in range(firsts[value], end, group):
                        part, other = zero, zero
                        for lookup in range(begin, min(begin + group, end)):
                            index = load(planes, start + taps[lookup], 8, lanes)
                            low = find_bytes(tables, 2 * size * lookup, index, size)
                            high = find_bytes(tables, (2 * lookup + 1) * size, index, size)
                            part = part + interleave(low, high, 0)
                            other = other + interleave(low, high, 1)
                        first = first + convert(part, 32)
                        second = second + convert(other, 32)
                    constant = splat(constants[value], 16, half)
                    first = divide(lower(higher(first, least), most), divisors)
                    second = divide(lower(higher(second, least), most), divisors)
                    part, other = convert(first, 16) + constant, convert(second, 16) + constant
                    for residual in range(starts[value], starts[value + 1]):
                        index = load(planes, start + added[residual], 8, lanes)
                        part = part + interleave(index, none, 0)
                        other = other + interleave(index, none, 1)
                    part = lower(higher(part, zero), limit)
                    other = lower(higher(other, zero), limit)
                    at = output_origin + value * output_plane + row * output_pitch + left
                    store(join_halves(part, other), written, at)

    return kernel
