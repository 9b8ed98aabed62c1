"""Vectors for Numba: Numba widens small integers to 64 bits, and then nothing vectorises.

A vector is a value of its own type, `<lanes x i16>` and the like of LLVM, which lowers it to what
the processor has (SSE, AVX, NEON). Kernels add, multiply and shift vectors as they would numbers.
"""

import operator
from collections.abc import Callable

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import lower_builtin
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import intrinsic, models, register_model

from dfc.models.taps import rotate_block as list_rotated


class Vector(types.Type):
    """A vector of `lanes` integers of `bits` bits, or of single-precision numbers."""

    def __init__(self, bits: int, lanes: int, floating: bool = False) -> None:
        self.bits = bits
        self.lanes = lanes
        self.floating = floating
        super().__init__(name=f"{'float' if floating else 'int'}{bits}x{lanes}")

    @property
    def llvm(self) -> ir.VectorType:
        """The type of LLVM."""
        return ir.VectorType(ir.FloatType() if self.floating else ir.IntType(self.bits), self.lanes)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type) -> None:
        super().__init__(dmm, fe_type, fe_type.llvm)


def _stored(array_type: types.Array, lanes: int) -> Vector:
    """What `lanes` elements of an array are."""
    return Vector(array_type.dtype.bitwidth, lanes, isinstance(array_type.dtype, types.Float))


def number_lanes(indices: list[int]) -> ir.Constant:
    """Make the order of the lanes of a shuffle."""
    return ir.Constant(Vector(32, len(indices)).llvm, indices)


def _define_operator(symbol: Callable, name: str) -> None:
    @infer_global(symbol)
    class _Template(AbstractTemplate):
        def generic(self, args, kws):
            alike = len(args) == 2 and isinstance(args[0], Vector) and args[0] == args[1]
            return signature(args[0], *args) if alike else None

    @lower_builtin(symbol, Vector, Vector)
    def _(context, builder, sig, args):
        return getattr(builder, "f" + name if sig.return_type.floating else name)(*args)


for _name, _instruction in (("lshift", "shl"), ("rshift", "lshr")):
    _define_operator(getattr(operator, _name), _instruction)
for _name in ("add", "sub", "mul", "and_", "or_", "xor"):
    _define_operator(getattr(operator, _name), _name)


def address(context, builder, array_type, array, offset, pointee):
    """A pointer to an element of a flat array."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), pointee.as_pointer())


def _converted(builder, value, have: Vector, want: Vector, signed: bool = True):
    """Widen, narrow or change to floating point."""
    if have == want:
        return value
    if want.floating:
        return builder.sitofp(value, want.llvm)
    if have.bits > want.bits:
        return builder.trunc(value, want.llvm)
    return (builder.sext if signed else builder.zext)(value, want.llvm)


def _lower_load(array_type, vector: Vector) -> Callable:
    """Load elements of an array from an offset on, converted to a vector."""
    stored = _stored(array_type, vector.lanes)
    signed = getattr(array_type.dtype, "signed", True)

    def codegen(context, builder, sig, args):
        pointer = address(context, builder, array_type, args[0], args[1], stored.llvm)
        value = builder.load(pointer, align=stored.bits // 8)
        return _converted(builder, value, stored, vector, signed)

    return codegen


@intrinsic(prefer_literal=True)
def load(typingctx, array, offset, bits, lanes):
    """Load `lanes` integers of a flat array, uint8 or signed, widened to `bits` bits."""
    vector = Vector(bits.literal_value, lanes.literal_value)
    return vector(array, types.intp, bits, lanes), _lower_load(array, vector)


@intrinsic(prefer_literal=True)
def load_float(typingctx, array, offset, lanes):
    """Load `lanes` numbers of a flat array from `offset` on, as single-precision numbers."""
    vector = Vector(32, lanes.literal_value, floating=True)
    return vector(array, types.intp, lanes), _lower_load(array, vector)


@intrinsic
def store(typingctx, vector, array, offset):
    """Store a vector to a flat array from `offset` on, in the type of the array."""
    stored = _stored(array, vector.lanes)

    def codegen(context, builder, sig, args):
        pointer = address(context, builder, array, args[1], args[2], stored.llvm)
        value = _converted(builder, args[0], vector, stored)
        builder.store(value, pointer, align=stored.bits // 8)

    return types.void(vector, array, types.intp), codegen


@intrinsic(prefer_literal=True)
def splat(typingctx, number, bits, lanes):
    """A vector with the same integer, or single-precision number, in every lane."""
    vector = Vector(bits.literal_value, lanes.literal_value, isinstance(number, types.Float))

    def codegen(context, builder, sig, args):
        wide = types.float32 if vector.floating else types.int64
        element = context.cast(builder, args[0], sig.args[0], wide)
        if not vector.floating:
            element = builder.trunc(element, ir.IntType(vector.bits))
        undefined = ir.Constant(vector.llvm, ir.Undefined)
        first = builder.insert_element(undefined, element, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(first, undefined, number_lanes([0] * vector.lanes))

    return vector(types.unliteral(number), bits, lanes), codegen


@intrinsic(prefer_literal=True)
def convert(typingctx, vector, bits):
    """Widen or narrow the integers of a vector."""
    converted = Vector(bits.literal_value, vector.lanes)

    def codegen(context, builder, sig, args):
        return _converted(builder, args[0], vector, converted)

    return converted(vector, bits), codegen


@intrinsic
def sum_of(typingctx, vector):
    """The sum of all lanes of a single-precision vector, added up pairwise."""

    def codegen(context, builder, sig, args):
        value, lanes = args[0], vector.lanes
        while lanes > 1:
            lanes //= 2
            low = builder.shuffle_vector(value, value, number_lanes(list(range(lanes))))
            high = builder.shuffle_vector(value, value, number_lanes(list(range(lanes, 2 * lanes))))
            value = builder.fadd(low, high)
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return types.float32(vector), codegen


def _define_choice(name: str, comparison: str, doc: str) -> Callable:
    def choice(typingctx, a, b):
        def codegen(context, builder, sig, args):
            return builder.select(builder.icmp_signed(comparison, *args), *args)

        return a(a, b), codegen

    choice.__name__ = choice.__qualname__ = name
    choice.__doc__ = doc
    return intrinsic(choice)


lower = _define_choice("lower", "<", "The lower number, lane by lane.")
higher = _define_choice("higher", ">", "The higher number, lane by lane.")


@intrinsic
def where_at_most(typingctx, a, b, yes, no):
    """Lane by lane: `yes` where a <= b, `no` elsewhere."""

    def codegen(context, builder, sig, args):
        return builder.select(builder.icmp_signed("<=", args[0], args[1]), args[2], args[3])

    return yes(a, b, yes, no), codegen


@intrinsic(prefer_literal=True)
def rotate_block(typingctx, vector, channels, scale, turns):
    """Turn the blocks that a vector holds, `scale` x `scale` of each channel, clockwise: by
    quarters, 0 to 4, whose number may be known only while the kernel runs."""

    def codegen(context, builder, sig, args):
        rotated, turns = args[0], context.cast(builder, args[3], sig.args[3], types.int64)
        for turn in (1, 2, 3):
            order = list_rotated(channels.literal_value, scale.literal_value, turn).tolist()
            order = number_lanes([*order, *range(len(order), vector.lanes)])
            now = builder.icmp_signed("==", turns, ir.Constant(ir.IntType(64), turn))
            turned = builder.shuffle_vector(args[0], args[0], order)
            rotated = builder.select(now, turned, rotated)
        return rotated

    return vector(vector, channels, scale, types.unliteral(turns)), codegen


@intrinsic
def divide(typingctx, vector, divisor):
    """Divide every lane (0 to 2^24) by an integer up to 2^16, rounding half to even: a
    single-precision quotient is exact half way, and near enough to the true one elsewhere."""
    floats = Vector(32, vector.lanes, floating=True)

    def codegen(context, builder, sig, args):
        dividend, divisor = (builder.sitofp(arg, floats.llvm) for arg in args)
        kind, name = ir.FunctionType(floats.llvm, [floats.llvm]), f"llvm.rint.v{vector.lanes}f32"
        rint = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.fptosi(builder.call(rint, [builder.fdiv(dividend, divisor)]), vector.llvm)

    return vector(vector, divisor), codegen


@intrinsic(prefer_literal=True)
def store_block(typingctx, vector, array, offset, pitch, side, count):
    """Store the first `count` x `side` lanes: `count` runs, `pitch` elements apart."""
    length, runs = side.literal_value, count.literal_value
    stored = _stored(array, vector.lanes)
    run_type = _stored(array, length).llvm

    def codegen(context, builder, sig, args):
        value = _converted(builder, args[0], vector, stored)
        offset = args[2]
        for first in range(0, runs * length, length):
            order = number_lanes(list(range(first, first + length)))
            pointer = address(context, builder, array, args[1], offset, run_type)
            part = builder.shuffle_vector(value, value, order)
            builder.store(part, pointer, align=stored.bits // 8)
            offset = builder.add(offset, args[3])

    return types.void(vector, array, types.intp, types.intp, side, count), codegen
