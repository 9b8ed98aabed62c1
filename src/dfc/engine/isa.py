"""Instruction sets: what looks up many bytes of a table at once, where the processor can.

Of 64 bytes, that is one permutation of AVX-512 (`vpermb`), or four shuffles of AVX2. The number of
lanes of a vector says which it is.
"""

import os
from functools import cache

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from dfc.common.errors import UserError
from dfc.engine.simd import Vector, address, number_lanes

LANES = {"avx512-vbmi": 64, "avx2": 32, "portable": 16}
"""Pixels of a vector, by instruction set."""
FEATURES = {"avx512-vbmi": "avx512vbmi", "avx2": "avx2"}
TABLE = 64  # bytes that are looked up at once


@cache
def list_isas() -> list[str]:
    """List the instruction sets that this processor has, the fastest first."""
    found = binding.get_host_cpu_features()
    return [name for name in LANES if name not in FEATURES or found.get(FEATURES[name])]


def choose_isa() -> str:
    """Choose the fastest instruction set, or what the environment variable DFC_ISA names."""
    isas = list_isas()
    wanted = os.environ.get("DFC_ISA") or isas[0]
    if wanted not in isas:
        raise UserError(f"DFC_ISA: expected one of {', '.join(isas)} here, got {wanted!r}")
    return wanted


def _call(builder, name: str, result, *arguments):
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, arguments)


def _find_by_permutation(builder, pointer, index, size: int):
    """Permute each 64 bytes by the low six bits of the indices; the others say which count."""
    kind, parts = index.type, []
    for k in range(0, size, TABLE):
        at = builder.gep(pointer, [ir.Constant(ir.IntType(64), k)])
        table = builder.load(builder.bitcast(at, kind.as_pointer()), align=1)
        name = "llvm.x86.avx512.permvar.qi.512"
        parts.append(_call(builder, name, kind, table, index))
    bit = TABLE
    while len(parts) > 1:
        mask = builder.and_(index, ir.Constant(kind, [bit] * 64))
        upper = builder.icmp_unsigned("!=", mask, ir.Constant(kind, [0] * 64))
        pairs = zip(parts[::2], parts[1::2], strict=True)
        parts = [builder.select(upper, above, below) for below, above in pairs]
        bit *= 2
    return parts[0]


def _find_by_shuffles(builder, pointer, index, size: int):
    """Shuffle each 16 bytes by indices that are 128 or more elsewhere, and so give 0 there."""
    kind, quarter = index.type, ir.VectorType(ir.IntType(8), 16)
    found, limit = ir.Constant(kind, [0] * 32), ir.Constant(kind, [0x70] * 32)
    for k in range(0, size, 16):
        at = builder.gep(pointer, [ir.Constant(ir.IntType(64), k)])
        part = builder.load(builder.bitcast(at, quarter.as_pointer()), align=1)
        both = builder.shuffle_vector(part, part, number_lanes([*range(16)] * 2))
        local = builder.sub(index, ir.Constant(kind, [k] * 32))
        local = _call(builder, "llvm.uadd.sat.v32i8", kind, local, limit)
        found = builder.or_(found, _call(builder, "llvm.x86.avx2.pshuf.b", kind, both, local))
    return found


def _find_one_by_one(builder, pointer, index, size: int):
    """Load each byte by itself; indices beyond the table, where nothing counts, stay within it."""
    index = builder.and_(index, ir.Constant(index.type, [size - 1] * index.type.count))
    found = ir.Constant(index.type, ir.Undefined)
    for k in range(index.type.count):
        lane = ir.Constant(ir.IntType(32), k)
        at = builder.zext(builder.extract_element(index, lane), ir.IntType(64))
        value = builder.load(builder.gep(pointer, [at]), align=1)
        found = builder.insert_element(found, value, lane)
    return found


@intrinsic(prefer_literal=True)
def find_bytes(typingctx, tables, offset, index, size):
    """Find bytes of a table of 64 or 256, from an offset on, by a vector of indices."""

    def codegen(context, builder, sig, args):
        methods = {64: _find_by_permutation, 32: _find_by_shuffles, 16: _find_one_by_one}
        pointer = address(context, builder, tables, args[0], args[1], ir.IntType(8))
        return methods[index.lanes](builder, pointer, args[2], size.literal_value)

    return index(tables, types.intp, index, size), codegen


def _list_interleaved(lanes: int, part: int) -> list[int]:
    """List the bytes of two vectors that are interleaved in each sixteen, as x86 does it."""
    firsts = (block + 8 * part + k for block in range(0, lanes, 16) for k in range(8))
    return [at for first in firsts for at in (first, first + lanes)]


@intrinsic(prefer_literal=True)
def interleave(typingctx, low, high, part):
    """Make 16-bit integers of low and high bytes: part 0 or 1, half of the lanes each."""
    half = Vector(16, low.lanes // 2)
    order = number_lanes(_list_interleaved(low.lanes, part.literal_value))

    def codegen(context, builder, sig, args):
        return builder.bitcast(builder.shuffle_vector(*args[:2], order), half.llvm)

    return half(low, high, part), codegen


@intrinsic
def join_halves(typingctx, first, second):
    """Put the low bytes of the two parts that `interleave` gave back in order."""
    joined = Vector(8, 2 * first.lanes)
    places = [at for part in (0, 1) for at in _list_interleaved(joined.lanes, part)[::2]]
    order = number_lanes([places.index(k) for k in range(joined.lanes)])

    def codegen(context, builder, sig, args):
        narrow = ir.VectorType(ir.IntType(8), first.lanes)
        return builder.shuffle_vector(*(builder.trunc(arg, narrow) for arg in args), order)

    return joined(first, second), codegen
