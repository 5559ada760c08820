"""Bare memory in functions that numba compiles: no bounds, no wrapping of negative indices, nothing that can raise."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from voxbeam.compiled.job_layout import BASE, JOB_WORDS, STATE_WORDS

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


def _hash_stripes(payloads: int) -> Any:
    """XXH32's loop over the payloads of so many jobs: each waits for itself only, so they go side by side, two in a vector."""
    wide = 2 if payloads > 1 else 1
    lanes = 4 * wide

    def typed(_typing: Any, jobs: Any, states: Any, _first: Any, _stripes: Any) -> Any:
        def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            vector = _LANES.as_pointer()
            sources, places = [], []
            for number in range(payloads):
                base = builder.load(builder.gep(args[0], [ir.Constant(I64, JOB_WORDS * number + BASE)]))
                sources.append(builder.inttoptr(builder.add(base, args[2]), vector))
                places.append(builder.bitcast(builder.gep(args[1], [ir.Constant(I64, STATE_WORDS * number)]), vector))

            def together(pointers: Any, index: Any) -> Any:
                parts = [builder.load(at if index is None else builder.gep(at, [index]), align=4) for at in pointers]
                return parts[0] if wide == 1 else builder.shuffle_vector(parts[0], parts[1], _order(range(lanes)))

            groups = [slice(i, i + wide) for i in range(0, payloads, wide)]
            sums = [cgutils.alloca_once(builder, ir.VectorType(I32, lanes)) for _ in groups]
            for total, group in zip(sums, groups, strict=True):
                builder.store(together(places[group], None), total)
            with cgutils.for_range(builder, args[3]) as loop:
                for total, group in zip(sums, groups, strict=True):
                    value = builder.mul(together(sources[group], loop.index), _splat(_PRIME_2, lanes))
                    value = builder.add(builder.load(total), value)
                    value = builder.or_(builder.shl(value, _splat(13, lanes)), builder.lshr(value, _splat(19, lanes)))
                    builder.store(builder.mul(value, _splat(_PRIME_1, lanes)), total)
            for total, group in zip(sums, groups, strict=True):
                value = builder.load(total)
                for number, place in enumerate(places[group]):
                    part = value if wide == 1 else builder.shuffle_vector(value, value, _order(range(4 * number, 4 * number + 4)))
                    builder.store(part, place, align=4)
            return args[3]

        return types.intp(jobs, states, types.intp, types.intp), code

    return intrinsic(typed)


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


def _expect_row(_typing: Any, source: Any) -> Any:
    """66 voxels from here on will be read soon: memory is asked for them now. They need not exist."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, I32, I32, I32]))
        at = builder.bitcast(args[0], byte)
        for line in range(0, 66 * source.dtype.bitwidth // 8, 64):
            builder.call(fetch, [builder.gep(at, [ir.Constant(I64, line)]), I32(0), I32(3), I32(1)])
        return ir.Constant(I64, 0)

    return types.intp(source), code


def _stream_lines(_typing: Any, target: Any, _source: Any, _count: Any) -> Any:
    """Copy cache lines to memory that begins with one, past the caches: lines that are written whole need not be read before."""

    def code(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        line = ir.VectorType(I64, 8)
        into, out = (builder.bitcast(pointer, line.as_pointer()) for pointer in args[:2])
        beside = builder.module.add_metadata([ir.Constant(I32, 1)])
        with cgutils.for_range(builder, args[2]) as loop:
            value = builder.load(builder.gep(out, [loop.index]), align=1)
            written = builder.store(value, builder.gep(into, [loop.index]), align=64)
            written.set_metadata("nontemporal", beside)
        return args[2]

    return types.intp(target, target, types.intp), code


def _finish_streams(_typing: Any) -> Any:
    """Whoever hears of it from now on finds what was written past the caches."""

    def code(_context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
        fence = builder.module.declare_intrinsic("llvm.x86.sse.sfence", (), ir.FunctionType(ir.VoidType(), []))
        builder.call(fence, [])
        return ir.Constant(I64, 0)

    return types.intp(), code


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
hash_1, hash_4, hash_8 = (_hash_stripes(payloads) for payloads in (1, 4, 8))
copy_row: Any = intrinsic(_copy_row)
expect_row: Any = intrinsic(_expect_row)
stream_lines: Any = intrinsic(_stream_lines)
finish_streams: Any = intrinsic(_finish_streams)
rank: Any = intrinsic(_rank)
bits_of: Any = intrinsic(_bits_of)
_compiled: Any = njit  # whose stubs lack these two
#: Decorates what kernels call: Python never does, so nothing is made that it could call.
part: Any = _compiled(no_cpython_wrapper=True, no_cfunc_wrapper=True)
