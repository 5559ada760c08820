"""Cuts bricks with their halo: each voxel is read once, and looked at and summed up for the checksum while it is in cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from voxbeam.compiled.pointers import at_i64, at_u8, at_u16, at_u32, copy_row, hash_stripes, load, move, part, rank, store

if TYPE_CHECKING:
    from collections.abc import Callable

#: What is said of a job and found of it, each 8 bytes.
JOB_WORDS = 10
#: Words of a checksum under way: four lanes, and the length of all.
STATE_WORDS = 8
_NOT_A_NUMBER, _EXPONENT = 0x7FC00000, 0x7F800000
_P1, _P2, _P3, _P4, _P5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
_MASK = 0xFFFFFFFF
_EDGE, _PLANE = 66, 4356


def _checksum(words: Any, count: int, tail: Any, rest: int, lanes: Any) -> Any:
    """The end of XXH32: the lanes together, then `count` words and `rest` bytes that fill no stripe."""
    a, b, c, d = np.int64(load(lanes, 0)), np.int64(load(lanes, 1)), np.int64(load(lanes, 2)), np.int64(load(lanes, 3))
    total = (((a << 1) | (a >> 31)) & _MASK) + (((b << 7) | (b >> 25)) & _MASK)
    total += (((c << 12) | (c >> 20)) & _MASK) + (((d << 18) | (d >> 14)) & _MASK)
    total = (total + np.int64(load(lanes, 4))) & _MASK
    for i in range(count):
        total = (total + ((np.int64(load(words, i)) * _P3) & _MASK)) & _MASK
        total = ((((total << 17) | (total >> 15)) & _MASK) * _P4) & _MASK
    for i in range(rest):
        total = (total + np.int64(load(tail, i)) * _P5) & _MASK
        total = ((((total << 11) | (total >> 21)) & _MASK) * _P1) & _MASK
    total = ((total ^ (total >> 15)) * _P2) & _MASK
    total = ((total ^ (total >> 13)) * _P3) & _MASK
    return total ^ (total >> 16)


def _begin_checksum(lanes: Any, size: int) -> None:
    store(lanes, 0, np.uint32((_P1 + _P2) & _MASK))
    store(lanes, 1, np.uint32(_P2))
    store(lanes, 2, np.uint32(0))
    store(lanes, 3, np.uint32((-_P1) & _MASK))
    store(lanes, 4, np.uint32(size))


def _hash_jobs(jobs: Any, count: int, words: Any, first: int, end: int) -> int:
    """Sum up whole stripes of 16 bytes of all payloads from byte `first` to at most byte `end`; where the next one begins."""
    stripes = (end - first) >> 4
    at = first >> 2
    number = 0
    while number + 8 <= count:
        a, b = at_u32(load(jobs, JOB_WORDS * number + 4)), at_u32(load(jobs, JOB_WORDS * (number + 1) + 4))
        c, d = at_u32(load(jobs, JOB_WORDS * (number + 2) + 4)), at_u32(load(jobs, JOB_WORDS * (number + 3) + 4))
        e, f = at_u32(load(jobs, JOB_WORDS * (number + 4) + 4)), at_u32(load(jobs, JOB_WORDS * (number + 5) + 4))
        g, h = at_u32(load(jobs, JOB_WORDS * (number + 6) + 4)), at_u32(load(jobs, JOB_WORDS * (number + 7) + 4))
        first_of, last_of = move(words, STATE_WORDS * number), move(words, STATE_WORDS * (number + 4))
        hash_stripes(
            (
                move(a, at), first_of, move(b, at), move(first_of, STATE_WORDS),
                move(c, at), move(first_of, 2 * STATE_WORDS), move(d, at), move(first_of, 3 * STATE_WORDS),
                move(e, at), last_of, move(f, at), move(last_of, STATE_WORDS),
                move(g, at), move(last_of, 2 * STATE_WORDS), move(h, at), move(last_of, 3 * STATE_WORDS),
            ),
            stripes,
        )
        number += 8
    while number + 4 <= count:
        a, b = at_u32(load(jobs, JOB_WORDS * number + 4)), at_u32(load(jobs, JOB_WORDS * (number + 1) + 4))
        c, d = at_u32(load(jobs, JOB_WORDS * (number + 2) + 4)), at_u32(load(jobs, JOB_WORDS * (number + 3) + 4))
        state = move(words, STATE_WORDS * number)
        of_b, of_c, of_d = move(state, STATE_WORDS), move(state, 2 * STATE_WORDS), move(state, 3 * STATE_WORDS)
        hash_stripes((move(a, at), state, move(b, at), of_b, move(c, at), of_c, move(d, at), of_d), stripes)
        number += 4
    while number < count:
        a = at_u32(load(jobs, JOB_WORDS * number + 4))
        hash_stripes((move(a, at), move(words, STATE_WORDS * number)), stripes)
        number += 1
    return first + 16 * stripes


# Voxels of any type are summed up by the same functions: numba takes long over each.
hash_jobs: Any = part(_hash_jobs)
checksum: Any = part(_checksum)
begin_checksum: Any = part(_begin_checksum)


def _swapped_2(value: Any) -> Any:
    return ((value & 0xFF) << 8) | ((value >> 8) & 0xFF)


def _swapped_4(value: Any) -> Any:
    return ((value & 0xFF) << 24) | ((value & 0xFF00) << 8) | ((value >> 8) & 0xFF00) | ((value >> 24) & 0xFF)


def _same(value: Any) -> Any:
    return value


def make_cut(voxel: Any, *, floats: bool) -> Callable[..., None]:
    """The function that cuts bricks of voxels of a type of stored size, in place in their frames.

    Its arguments: address of voxel (0, 0, 0), strides in voxels, shape; what is flipped in each voxel; whether the bytes of
    voxels are swapped; addresses of a brick of scratch, and of 8 words a job; address of the jobs, their number; bytes of each
    payload, 0 where no checksum is wanted. A job is ten words: brick z, y, x; addresses of its voxels and its payload; one of its
    own; then what is found: lowest and highest voxel (floats: their rank), whether bits differ, the checksum.
    """
    at = {np.uint8: at_u8, np.uint16: at_u16, np.uint32: at_u32}[voxel]
    top = np.iinfo(voxel).max
    voxel_bytes = np.dtype(voxel).itemsize
    swapped = njit({np.uint8: _same, np.uint16: _swapped_2, np.uint32: _swapped_4}[voxel], inline="always")

    def _run(source: Any, step: int, low: int, high: int, target: Any, swap: int) -> None:
        """66 voxels in a row: those from `low` to `high` exist, the others are as the nearest of these."""
        if swap:
            for i in range(low, high):
                store(target, i, voxel(swapped(load(source, i * step))))
        elif step == 1 and low == 0 and high == _EDGE:
            copy_row(target, source)
        elif step == 2 and low == 0:
            for i in range(high):
                store(target, i, load(source, 2 * i))
        else:
            for i in range(low, high):
                store(target, i, load(source, i * step))
        for i in range(low):
            store(target, i, load(target, low))
        for i in range(high, _EDGE):
            store(target, i, load(target, high - 1))

    run = part(_run)

    def _look(plane: Any, flip: int, first: Any, found: Any) -> None:
        """Finish a plane of voxels and widen what was found: lowest, highest, differences to the first voxel."""
        flipped = voxel(flip)
        low, high, differ = voxel(load(found, 0)), voxel(load(found, 1)), voxel(load(found, 2))
        if flip:
            for i in range(_PLANE):
                store(plane, i, voxel(load(plane, i) ^ flipped))
        for i in range(_PLANE):
            value = load(plane, i)
            low, high, differ = min(low, value), max(high, value), voxel(differ | (value ^ first))
        store(found, 0, np.int64(low))
        store(found, 1, np.int64(high))
        store(found, 2, np.int64(differ))

    def _look_at_floats(plane: Any, _flip: int, first: Any, found: Any) -> None:
        low, high = np.int32(load(found, 0)), np.int32(load(found, 1))
        differ = np.uint32(load(found, 2))
        for i in range(_PLANE):
            bits = load(plane, i)
            finite = (bits & _EXPONENT) != _EXPONENT
            value = bits if finite else np.uint32(_NOT_A_NUMBER)
            store(plane, i, value)
            place = rank(value)
            low = min(low, place if finite else np.int32(0x7FFFFFFF))
            high = max(high, place if finite else np.int32(-0x80000000))
            differ = np.uint32(differ | (value ^ first))
        store(found, 0, np.int64(low))
        store(found, 1, np.int64(high))
        store(found, 2, np.int64(differ))

    look = part(_look_at_floats if floats else _look)
    lowest, highest = (0x7FFFFFFF, -0x80000000) if floats else (top, 0)

    def _turn(source: Any, across: int, target: Any, along: int) -> None:
        """Columns of a plane become the rows of another: `target[along * i + x] = source[across * x + i]`."""
        for i in range(_EDGE):
            row, column = move(target, along * i), move(source, i)
            for x in range(_EDGE):
                store(row, x, load(column, across * x))

    turn = part(_turn)

    def _cut_columns(
        source: Any, sz: int, sy: int, sx: int, nz: int, ny: int, nx: int, swap: int, scratch: Any, mine: Any,
    ) -> None:
        """A brick whose voxels stand closest along z: read in the order of memory, then turned while it is in cache."""
        z0, y0, x0 = 64 * load(mine, 0) - 1, 64 * load(mine, 1) - 1, 64 * load(mine, 2) - 1
        low, high = max(0, -z0), min(_EDGE, nz - z0)
        x_outside = abs(sx) >= abs(sy)
        for a in range(_EDGE):
            for b in range(_EDGE):
                x, y = (a, b) if x_outside else (b, a)
                column = move(source, min(max(x0 + x, 0), nx - 1) * sx + min(max(y0 + y, 0), ny - 1) * sy + z0 * sz)
                run(column, sz, low, high, move(scratch, _PLANE * x + _EDGE * y), swap)
        voxels = at(load(mine, 3))
        for y in range(_EDGE):
            turn(move(scratch, _EDGE * y), _PLANE, move(voxels, _EDGE * y), _PLANE)

    cut_columns = part(_cut_columns)

    def _cut_plane(
        slab: Any, sy: int, sx: int, ny: int, nx: int, swap: int, scratch: Any, z: int, mine: Any,
    ) -> None:
        """Plane `z` of a brick whose voxels stand closest along y: turned while it is in cache."""
        y0, x0 = 64 * load(mine, 1) - 1, 64 * load(mine, 2) - 1
        low, high = max(0, -y0), min(_EDGE, ny - y0)
        for x in range(_EDGE):
            run(move(slab, min(max(x0 + x, 0), nx - 1) * sx + y0 * sy), sy, low, high, move(scratch, _EDGE * x), swap)
        turn(scratch, _EDGE, move(at(load(mine, 3)), _PLANE * z), _EDGE)

    cut_plane = part(_cut_plane)

    def _cut_rows(
        source: Any, sz: int, sy: int, sx: int, nz: int, ny: int, nx: int, swap: int, z: int, job: Any, count: int,
    ) -> None:
        """Plane `z` of all bricks, row after row: what lies side by side in memory is read one after the other."""
        for y in range(_EDGE):
            for number in range(count):
                mine = move(job, JOB_WORDS * number)
                z0, y0, x0 = 64 * load(mine, 0) - 1, 64 * load(mine, 1) - 1, 64 * load(mine, 2) - 1
                low, high = max(0, -x0), min(_EDGE, nx - x0)
                row = move(source, min(max(z0 + z, 0), nz - 1) * sz + min(max(y0 + y, 0), ny - 1) * sy + x0 * sx)
                target = move(at(load(mine, 3)), _PLANE * z + _EDGE * y)
                if sx == 1 and low == 0 and high == _EDGE and swap == 0:
                    copy_row(target, row)
                else:
                    run(row, sx, low, high, target, swap)

    cut_rows = part(_cut_rows)

    def cut(
        address: int, sz: int, sy: int, sx: int, nz: int, ny: int, nx: int, flip: int, swap: int, brick: int, states: int,
        jobs: int, count: int, size: int,
    ) -> None:
        source, scratch, words, job = at(address), at(brick), at_u32(states), at_i64(jobs)
        x_first = abs(sx) <= abs(sy) and abs(sx) <= abs(sz)
        y_first = not x_first and abs(sy) <= abs(sz)
        before = load(job, 3) - load(job, 4)
        for number in range(count):
            mine = move(job, JOB_WORDS * number)
            if not x_first and not y_first:
                cut_columns(source, sz, sy, sx, nz, ny, nx, swap, scratch, mine)
            store(mine, 6, np.int64(lowest))
            store(mine, 7, np.int64(highest))
            store(mine, 8, 0)
            begin_checksum(move(words, STATE_WORDS * number), size)
        done = 0
        for z in range(_EDGE):
            if x_first:
                cut_rows(source, sz, sy, sx, nz, ny, nx, swap, z, job, count)
            for number in range(count):
                mine = move(job, JOB_WORDS * number)
                if y_first:
                    slab = move(source, min(max(64 * load(mine, 0) - 1 + z, 0), nz - 1) * sz)
                    cut_plane(slab, sy, sx, ny, nx, swap, scratch, z, mine)
                layer = move(at(load(mine, 3)), _PLANE * z)
                if z == 0:
                    first = voxel(load(layer, 0) ^ voxel(flip))
                    if floats and (first & _EXPONENT) == _EXPONENT:
                        first = voxel(_NOT_A_NUMBER & top)
                    store(mine, 5, np.int64(first))
                look(layer, flip, voxel(load(mine, 5)), move(mine, 6))
            if size:
                done = hash_jobs(job, count, words, done, before + _PLANE * (z + 1) * voxel_bytes)
        if size:
            done = hash_jobs(job, count, words, done, size)
            rest = size - done
            for number in range(count):
                mine, lanes = move(job, JOB_WORDS * number), move(words, STATE_WORDS * number)
                payload = load(mine, 4)
                tail = at_u8(payload + done + (rest & 12))
                store(mine, 9, checksum(at_u32(payload + done), rest >> 2, tail, rest & 3, lanes))

    return cut
