"""Passes over a tile once: the range of each of its bricks, and the level below it while its voxels are in cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from voxbeam.compiled.pointers import at_f32, at_i32, at_i64, at_u8, at_u16, at_u32, bits_of, load, move, part, rank, store

if TYPE_CHECKING:
    from collections.abc import Callable

_INFINITE = 0x7F800000


def _mean(a: Any, b: Any, c: Any, d: Any, target: Any, whole: int, left: int) -> None:
    """Rounded half up; of four rows, of which the last voxel stands for two where their length is odd."""
    for i in range(whole):
        pairs = np.int32(load(a, 2 * i)) + np.int32(load(a, 2 * i + 1)) + np.int32(load(b, 2 * i)) + np.int32(load(b, 2 * i + 1))
        pairs += np.int32(load(c, 2 * i)) + np.int32(load(c, 2 * i + 1)) + np.int32(load(d, 2 * i)) + np.int32(load(d, 2 * i + 1))
        store(target, i, (pairs + 4) >> 3)
    if left:
        i = 2 * whole
        four = np.int32(load(a, i)) + np.int32(load(b, i)) + np.int32(load(c, i)) + np.int32(load(d, i))
        store(target, whole, (2 * four + 4) >> 3)


def _float_mean(a: Any, b: Any, c: Any, d: Any, target: Any, whole: int, left: int) -> None:
    """Sums along z, then y, then x, each rounded to float32. `a` and `b` are one below the other, `c` and `d` behind them."""
    for i in range(whole):
        even = (load(a, 2 * i) + load(c, 2 * i)) + (load(b, 2 * i) + load(d, 2 * i))
        odd = (load(a, 2 * i + 1) + load(c, 2 * i + 1)) + (load(b, 2 * i + 1) + load(d, 2 * i + 1))
        store(target, i, (even + odd) * np.float32(0.125))
    if left:
        i = 2 * whole
        last = (load(a, i) + load(c, i)) + (load(b, i) + load(d, i))
        store(target, whole, (last + last) * np.float32(0.125))


def _mode(a: Any, b: Any, c: Any, d: Any, target: Any, whole: int, left: int) -> None:
    """The most frequent of eight, the first of equals; rows in the order z, y. No branches, so that many go side by side."""
    for i in range(whole):
        j = 2 * i
        v0, v1, v2, v3 = load(a, j), load(a, j + 1), load(b, j), load(b, j + 1)
        v4, v5, v6, v7 = load(c, j), load(c, j + 1), load(d, j), load(d, j + 1)
        store(target, i, most(v0, v1, v2, v3, v4, v5, v6, v7))
    if left:
        j = 2 * whole
        v0, v2, v4, v6 = load(a, j), load(b, j), load(c, j), load(d, j)
        store(target, whole, most(v0, v0, v2, v2, v4, v4, v6, v6))


def _most(v0: Any, v1: Any, v2: Any, v3: Any, v4: Any, v5: Any, v6: Any, v7: Any) -> Any:
    best, winner = votes(v0, v1, v2, v3, v4, v5, v6, v7), v0
    n1 = votes(v1, v0, v2, v3, v4, v5, v6, v7)
    best, winner = max(best, n1), v1 if n1 > best else winner
    n2 = votes(v2, v0, v1, v3, v4, v5, v6, v7)
    best, winner = max(best, n2), v2 if n2 > best else winner
    n3 = votes(v3, v0, v1, v2, v4, v5, v6, v7)
    best, winner = max(best, n3), v3 if n3 > best else winner
    n4 = votes(v4, v0, v1, v2, v3, v5, v6, v7)
    best, winner = max(best, n4), v4 if n4 > best else winner
    n5 = votes(v5, v0, v1, v2, v3, v4, v6, v7)
    best, winner = max(best, n5), v5 if n5 > best else winner
    n6 = votes(v6, v0, v1, v2, v3, v4, v5, v7)
    # The eighth never wins: whoever is equal to it came before.
    return v6 if n6 > best else winner


def _votes(label: Any, v0: Any, v1: Any, v2: Any, v3: Any, v4: Any, v5: Any, v6: Any) -> Any:
    first = np.uint8(v0 == label) + np.uint8(v1 == label) + np.uint8(v2 == label) + np.uint8(v3 == label)
    return np.uint8(first + np.uint8(v4 == label) + np.uint8(v5 == label) + np.uint8(v6 == label))


votes: Any = njit(_votes, inline="always")
most: Any = njit(_most, inline="always")


def make_pass(voxel: Any, how: str) -> Callable[..., None]:
    """The function that passes over a tile of stored voxels.

    Its arguments: address of the tile with its halo, its strides along z and y in voxels (rows are contiguous), its shape; the
    margins before the tile itself, and its shape without; address of the target and its strides, 0 where none is wanted; address
    of two planes of scratch, of voxels or of the ranks of floats; address of what is found: for each brick the lowest and the
    highest, and before them one number, 1 where a float, or a mean of floats, is not finite: nothing else holds then.

    Parameters
    ----------
    how
        ``"mean"``, ``"float"`` or ``"mode"``.
    """
    floats, labels = how == "float", how == "mode"
    at = {np.uint8: at_u8, np.uint16: at_u16, np.uint32: at_u32}[voxel]
    at_value = at_f32 if floats else at
    top = np.iinfo(voxel).max
    halve = part({"mean": _mean, "float": _float_mean, "mode": _mode}[how])
    kept: Any = np.int32 if floats else voxel
    lowest, highest = (0x7FFFFFFF, -0x80000000) if floats else (top, 0)

    def _widen(row: Any, lows: Any, highs: Any, length: int) -> None:
        for i in range(length):
            value = rank(load(row, i)) if floats else load(row, i)
            store(lows, i, min(kept(load(lows, i)), value))
            store(highs, i, max(kept(load(highs, i)), value))

    def _begin(row: Any, lows: Any, highs: Any, length: int) -> None:
        for i in range(length):
            value = rank(load(row, i)) if floats else load(row, i)
            store(lows, i, value)
            store(highs, i, value)

    widen, begin = part(_widen), part(_begin)

    def _rows(
        values: Any, sz: int, sy: int, front: int, back: int, y0: int, y1: int, end: int, mx: int, x0: int, x1: int,
        target: Any, ty: int,
    ) -> None:
        """Halve two planes, from row `y0` to `y1` of the tile that ends at row `end`, and from column `x0` to `x1`."""
        for y in range(y0, y1, 2):
            below = min(y + 1, end - 1)
            a, b = move(values, front * sz + y * sy + mx + x0), move(values, front * sz + below * sy + mx + x0)
            c, d = move(values, back * sz + y * sy + mx + x0), move(values, back * sz + below * sy + mx + x0)
            halve(a, b, c, d, move(target, ((y - y0) >> 1) * ty), (x1 - x0) >> 1, (x1 - x0) & 1)

    rows = part(_rows)

    def _ends(lows: Any, highs: Any, ny: int, nx: int, my: int, mx: int, iy: int, ix: int, found: Any) -> None:
        number = 0
        for y in range(0, iy, 64):
            for x in range(0, ix, 64):
                low, high = kept(lowest), kept(highest)
                for row in range(max(y + my - 1, 0), min(y + my + 65, ny)):
                    for column in range(max(x + mx - 1, 0), min(x + mx + 65, nx)):
                        low, high = min(low, kept(load(lows, row * nx + column))), max(high, kept(load(highs, row * nx + column)))
                store(found, 2 * number, np.int64(low))
                store(found, 2 * number + 1, np.int64(high))
                number += 1

    ends = part(_ends)

    def tile(
        address: int, sz: int, sy: int, nz: int, ny: int, nx: int, mz: int, my: int, mx: int, iz: int, iy: int, ix: int,
        target: int, tz: int, ty: int, scratch: int, results: int,
    ) -> None:
        source, values, half, found = at(address), at_value(address), at_value(target), at_i64(results)
        lows = at_ranks(scratch)
        highs = move(lows, ny * nx)
        bad = 0
        for z in range(nz):
            for y in range(ny):
                row = move(source, z * sz + y * sy)
                if z == 0:
                    begin(row, move(lows, y * nx), move(highs, y * nx), nx)
                else:
                    widen(row, move(lows, y * nx), move(highs, y * nx), nx)
            inner = z - mz
            ready = 0 <= inner < iz and (inner & 1 == 1 or inner == iz - 1)
            if not labels and target != 0 and ready:
                out = move(half, (inner >> 1) * tz)
                rows(values, sz, sy, z - (inner & 1), z, my, my + iy, my + iy, mx, 0, ix, out, ty)
                if floats:
                    for y in range((iy + 1) >> 1):
                        for x in range((ix + 1) >> 1):
                            bad |= int((bits_of(out, y * ty + x) & _INFINITE) == _INFINITE)
        ends(lows, highs, ny, nx, my, mx, iy, ix, move(found, 1))
        if floats:
            for number in range(((iy + 63) >> 6) * ((ix + 63) >> 6)):
                low, high = load(found, 1 + 2 * number), load(found, 2 + 2 * number)
                bad |= int(high >= _INFINITE or low < -_INFINITE)
        if labels and target != 0:
            number = 0
            for y in range(0, iy, 64):
                for x in range(0, ix, 64):
                    low, high = load(found, 1 + 2 * number), load(found, 2 + 2 * number)
                    y1, x1 = min(y + 64, iy), min(x + 64, ix)
                    for z in range(0, iz, 2):
                        out = move(half, (z >> 1) * tz + (y >> 1) * ty + (x >> 1))
                        if low == high:
                            for i in range((y1 - y + 1) >> 1):
                                for j in range((x1 - x + 1) >> 1):
                                    store(out, i * ty + j, low)
                        else:
                            back = min(mz + z + 1, mz + iz - 1)
                            rows(values, sz, sy, mz + z, back, my + y, my + y1, my + iy, mx, x, x1, out, ty)
                    number += 1
        store(found, 0, bad)

    at_ranks = at_i32 if floats else at
    return tile
