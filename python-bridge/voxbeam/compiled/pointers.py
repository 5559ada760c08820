"""Bare memory in functions that numba compiles: no bounds, no wrapping of negative indices, nothing that can raise."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

I32, I64 = ir.IntType(32), ir.IntType(64)
#: The lanes of XXH32, and one stripe of what it sums up.
_LANES = ir.VectorType(I32, 4)
#: Bytes that LLVM copies without calling anybody.
_COPIED_AT_ONCE = 128
_PRIME_1, _PRIME_2 = 0x9E3779B1, 0x85EBCA77


def _load(_typing: Any, pointer: Any, _index: Any) -> Any:
    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.load(builder.gep(args[0], [args[1]]))

    return pointer.dtype(pointer, types.intp), code


def _store(_typing: Any, pointer: Any, _index: Any, _value: Any) -> Any:
    def code(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        builder.store(args[2], builder.gep(args[0], [args[1]]))
        return context.get_dummy_value()

    return types.void(pointer, types.intp, pointer.dtype), code


def _move(_typing: Any, pointer: Any, _index: Any) -> Any:
    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.intp), code


def _pointer_to(voxel: Any) -> Any:
    def typed(_typing: Any, _address: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return types.CPointer(voxel)(types.intp), code

    return intrinsic(typed)


def _splat(value: int, lanes: int) -> Any:
    return ir.Constant(ir.VectorType(I32, lanes), [ir.Constant(I32, value)] * lanes)


def _order(numbers: Any) -> Any:
    """Which lanes of two vectors a shuffle takes."""
    return ir.Constant(ir.VectorType(I32, len(numbers)), [ir.Constant(I32, number) for number in numbers])


def _hash_stripes(_typing: Any, pairs: Any, _count: Any) -> Any:
    """XXH32's loop over as many payloads as there are pairs of pointers: each waits for itself only, so they go side by side.

    An even number of them goes two by two in wider vectors.
    """

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        together, count = args[0], args[1]
        pointers = [builder.extract_value(together, i) for i in range(len(pairs.types))]
        vector = _LANES.as_pointer()
        payloads, states = (([builder.bitcast(p, vector) for p in pointers[i::2]]) for i in (0, 1))
        wide = 1 if len(payloads) % 2 else 2
        lanes = 4 * wide

        def both(places: Any, index: Any) -> Any:
            loaded = [builder.load(place if index is None else builder.gep(place, [index]), align=4) for place in places]
            return loaded[0] if wide == 1 else builder.shuffle_vector(loaded[0], loaded[1], _order(range(8)))

        groups = [(payloads[i : i + wide], states[i : i + wide]) for i in range(0, len(payloads), wide)]
        sums = [cgutils.alloca_once(builder, ir.VectorType(I32, lanes)) for _ in groups]
        for total, (_, places) in zip(sums, groups, strict=True):
            builder.store(both(places, None), total)
        with cgutils.for_range(builder, count) as loop:
            for total, (sources, _) in zip(sums, groups, strict=True):
                value = builder.add(builder.load(total), builder.mul(both(sources, loop.index), _splat(_PRIME_2, lanes)))
                value = builder.or_(builder.shl(value, _splat(13, lanes)), builder.lshr(value, _splat(19, lanes)))
                builder.store(builder.mul(value, _splat(_PRIME_1, lanes)), total)
        for total, (_, places) in zip(sums, groups, strict=True):
            value = builder.load(total)
            for half, place in enumerate(places):
                part = value if wide == 1 else builder.shuffle_vector(value, value, _order(range(4 * half, 4 * half + 4)))
                builder.store(part, place, align=4)
        return args[1]

    return types.intp(pairs, types.intp), code


def _copy_row(_typing: Any, target: Any, _source: Any) -> Any:
    """Copy 66 voxels."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        size = 66 * target.dtype.bitwidth // 8
        at = [builder.bitcast(pointer, ir.IntType(8).as_pointer()) for pointer in args]
        for start in range(0, size, _COPIED_AT_ONCE):
            into, out = (builder.gep(pointer, [ir.Constant(I64, start)]) for pointer in at)
            cgutils.raw_memcpy(builder, into, out, ir.Constant(I64, min(_COPIED_AT_ONCE, size - start)), 1)
        return ir.Constant(I64, 0)

    return types.intp(target, target), code


def _rank(_typing: Any, _bits: Any) -> Any:
    """A float32's bits as a number that is ordered as the floats are."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        sign = builder.ashr(args[0], ir.Constant(I32, 31))
        return builder.xor(args[0], builder.and_(sign, ir.Constant(I32, 0x7FFFFFFF)))

    return types.int32(types.uint32), code


def _bits_of(_typing: Any, pointer: Any, _index: Any) -> Any:
    """The bits of a float32 in memory."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(builder.load(builder.gep(args[0], [args[1]])), I32)

    return types.uint32(pointer, types.intp), code


#: ``load(pointer, index)``, ``store(pointer, index, value)``, and the pointer ``index`` items further.
load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
move: Any = intrinsic(_move)
#: The memory at an address.
at_u8: Any = _pointer_to(types.uint8)
at_u16: Any = _pointer_to(types.uint16)
at_u32: Any = _pointer_to(types.uint32)
at_f32: Any = _pointer_to(types.float32)
at_i32: Any = _pointer_to(types.int32)
at_i64: Any = _pointer_to(types.int64)
hash_stripes: Any = intrinsic(_hash_stripes)
copy_row: Any = intrinsic(_copy_row)
rank: Any = intrinsic(_rank)
bits_of: Any = intrinsic(_bits_of)
_compiled: Any = njit  # whose stubs lack these two
#: Decorates what kernels call: Python never does, so nothing is made that it could call.
part: Any = _compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
