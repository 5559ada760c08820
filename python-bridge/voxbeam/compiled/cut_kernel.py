"""Cuts bricks with their halo: each voxel is read once, and looked at and summed up for the checksum while it is in cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from voxbeam.compiled.checksum_kernel import begin_checksum, checksum, hash_jobs
from voxbeam.compiled.job_layout import (
    BASE,
    CHECKSUM,
    DIFFER,
    FIRST,
    HIGH,
    JOB_WORDS,
    LOW,
    PAYLOAD,
    STAGE_BYTES,
    STATE_WORDS,
    X,
    Y,
    Z,
)
from voxbeam.compiled.pointers import (
    at_i64,
    at_u8,
    at_u16,
    at_u32,
    copy_row,
    expect_row,
    finish_streams,
    load,
    move,
    part,
    rank,
    store,
    stream_lines,
)
from voxbeam.compiled.seal_kernel import seal, surround

if TYPE_CHECKING:
    from collections.abc import Callable

_NOT_A_NUMBER, _EXPONENT = 0x7FC00000, 0x7F800000
_EDGE, _PLANE = 66, 4356


def _send(target: int, stage: int, lines: int) -> None:
    """Write whole lines of a stage to where they belong; what is left of it comes first in the next."""
    to, whole, left = at_i64(target), at_i64(stage), at_i64(stage + 64 * lines)
    if target & 63:
        for i in range(8 * lines):
            store(to, i, load(whole, i))
    else:
        stream_lines(to, whole, lines)
    for i in range(8):
        store(whole, i, load(left, i))


send: Any = part(_send)


def _swapped_2(value: Any) -> Any:
    return ((value & 0xFF) << 8) | ((value >> 8) & 0xFF)


def _swapped_4(value: Any) -> Any:
    return ((value & 0xFF) << 24) | ((value & 0xFF00) << 8) | ((value >> 8) & 0xFF00) | ((value >> 24) & 0xFF)


def _same(value: Any) -> Any:
    return value


def make_cut(voxel: Any, *, floats: bool) -> Callable[..., None]:
    """The function that cuts bricks of voxels of a type of stored size, in place in their frames.

    Its arguments: address of voxel (0, 0, 0), strides in voxels, shape; what is flipped in each voxel; whether the bytes of
    voxels are swapped; addresses of a brick of scratch, of a stage a job, and of 8 words a job; address of the jobs
    (`job_layout`), their number; bytes of each payload, and of these before its voxels (whole lines, as the frame's header is);
    address of a frame without voxels, with which all are sealed, or 0 where what surrounds them stands there already.
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
        source: Any, sz: int, sy: int, sx: int, nz: int, ny: int, nx: int, swap: int, scratch: Any, mine: Any, voxels: Any,
    ) -> None:
        """A brick whose voxels stand closest along z: read in the order of memory, then turned while it is in cache."""
        z0, y0, x0 = 64 * load(mine, Z) - 1, 64 * load(mine, Y) - 1, 64 * load(mine, X) - 1
        low, high = max(0, -z0), min(_EDGE, nz - z0)
        x_outside = abs(sx) >= abs(sy)
        for a in range(_EDGE):
            for b in range(_EDGE):
                x, y = (a, b) if x_outside else (b, a)
                column = move(source, min(max(x0 + x, 0), nx - 1) * sx + min(max(y0 + y, 0), ny - 1) * sy + z0 * sz)
                run(column, sz, low, high, move(scratch, _PLANE * x + _EDGE * y), swap)
        for y in range(_EDGE):
            turn(move(scratch, _EDGE * y), _PLANE, move(voxels, _EDGE * y), _PLANE)

    cut_columns = part(_cut_columns)

    def _cut_plane(
        slab: Any, sy: int, sx: int, ny: int, nx: int, swap: int, scratch: Any, mine: Any, layer: Any,
    ) -> None:
        """A plane of a brick whose voxels stand closest along y: turned while it is in cache."""
        y0, x0 = 64 * load(mine, Y) - 1, 64 * load(mine, X) - 1
        low, high = max(0, -y0), min(_EDGE, ny - y0)
        for x in range(_EDGE):
            run(move(slab, min(max(x0 + x, 0), nx - 1) * sx + y0 * sy), sy, low, high, move(scratch, _EDGE * x), swap)
        turn(scratch, _EDGE, layer, _EDGE)

    cut_plane = part(_cut_plane)

    def _cut_rows(
        source: Any, sz: int, sy: int, sx: int, nz: int, ny: int, nx: int, swap: int, z: int, job: Any, count: int, start: int,
    ) -> None:
        """Plane `z` of all bricks, row after row: what lies side by side in memory is read one after the other."""
        ahead = max(4, 64 // count)
        for y in range(_EDGE):
            for number in range(count):
                mine = move(job, JOB_WORDS * number)
                z0, y0, x0 = 64 * load(mine, Z) - 1, 64 * load(mine, Y) - 1, 64 * load(mine, X) - 1
                low, high = max(0, -x0), min(_EDGE, nx - x0)
                row = move(source, min(max(z0 + z, 0), nz - 1) * sz + min(max(y0 + y, 0), ny - 1) * sy + x0 * sx)
                target = move(at(load(mine, BASE) + start), _EDGE * y)
                expect_row(move(row, ahead * sy))
                if sx == 1 and low == 0 and high == _EDGE and swap == 0:
                    copy_row(target, row)
                else:
                    run(row, sx, low, high, target, swap)

    cut_rows = part(_cut_rows)

    def cut(
        address: int, sz: int, sy: int, sx: int, nz: int, ny: int, nx: int, flip: int, swap: int, brick: int, stages: int,
        states: int, jobs: int, count: int, size: int, before: int, template: int,
    ) -> None:
        source, scratch, words, job = at(address), at(brick), at_u32(states), at_i64(jobs)
        x_first = abs(sx) <= abs(sy) and abs(sx) <= abs(sz)
        y_first = not x_first and abs(sy) <= abs(sz)
        staged = x_first or y_first
        for number in range(count):
            mine = move(job, JOB_WORDS * number)
            payload = load(mine, PAYLOAD)
            if template:
                surround(payload, template, before, _EDGE * _PLANE * voxel_bytes, size)
            if not staged:
                cut_columns(source, sz, sy, sx, nz, ny, nx, swap, scratch, mine, at(payload + before))
            store(mine, BASE, payload)
            store(mine, LOW, np.int64(lowest))
            store(mine, HIGH, np.int64(highest))
            store(mine, DIFFER, 0)
            begin_checksum(move(words, STATE_WORDS * number), size)
        done = hash_jobs(job, count, words, 0, before)
        for z in range(_EDGE):
            start = before + _PLANE * z * voxel_bytes
            lines = (start + _PLANE * voxel_bytes - done) >> 6
            if staged:
                for number in range(count):
                    store(job, JOB_WORDS * number + BASE, stages + STAGE_BYTES * number - done)
            if x_first:
                cut_rows(source, sz, sy, sx, nz, ny, nx, swap, z, job, count, start)
            for number in range(count):
                mine = move(job, JOB_WORDS * number)
                layer = at(load(mine, BASE) + start)
                if y_first:
                    slab = move(source, min(max(64 * load(mine, Z) - 1 + z, 0), nz - 1) * sz)
                    cut_plane(slab, sy, sx, ny, nx, swap, scratch, mine, layer)
                if z == 0:
                    first = voxel(load(layer, 0) ^ voxel(flip))
                    if floats and (first & _EXPONENT) == _EXPONENT:
                        first = voxel(_NOT_A_NUMBER & top)
                    store(mine, FIRST, np.int64(first))
                look(layer, flip, voxel(load(mine, FIRST)), move(mine, LOW))
            hash_jobs(job, count, words, done, done + 64 * lines)
            if staged:
                for number in range(count):
                    send(load(job, JOB_WORDS * number + PAYLOAD) + done, stages + STAGE_BYTES * number, lines)
            done += 64 * lines
        for number in range(count):
            mine = move(job, JOB_WORDS * number)
            payload = load(mine, PAYLOAD)
            if staged:
                left, stage = at_u8(payload + done), at_u8(stages + STAGE_BYTES * number)
                for i in range(before + _EDGE * _PLANE * voxel_bytes - done):
                    store(left, i, load(stage, i))
            store(mine, BASE, payload)
        finish_streams()
        done = hash_jobs(job, count, words, done, size)
        rest = size - done
        for number in range(count):
            mine, lanes = move(job, JOB_WORDS * number), move(words, STATE_WORDS * number)
            payload = load(mine, PAYLOAD)
            tail = at_u8(payload + done + (rest & 12))
            store(mine, CHECKSUM, checksum(at_u32(payload + done), rest >> 2, tail, rest & 3, lanes))
            if template:
                seal(mine, template, before, voxel_bytes, size, lanes)

    return cut
