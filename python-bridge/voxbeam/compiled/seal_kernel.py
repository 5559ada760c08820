"""What makes a frame of voxels: the bytes around them, and a header with its own checksum, as `voxbeam.protocol` packs it."""

from __future__ import annotations

from typing import Any

import numpy as np

from voxbeam.compiled.checksum_kernel import begin_checksum, checksum, short_checksum
from voxbeam.compiled.job_layout import BASE, CHECKSUM, DIFFER, HEADER_BYTES, PAYLOAD, X, Y, Z
from voxbeam.compiled.pointers import at_i64, at_u8, at_u32, hash_1, load, part, store

_CONSTANT = 2
#: Words of a header.
_KEY, _LENGTH, _SUM, _OWN_SUM = 4, 8, 9, 15
_FLAGS_BYTE = 7


def _surround(payload: int, template: int, before: int, voxels: int, size: int) -> None:
    """Write what stands before and behind the voxels, which take so many bytes, from a frame without any."""
    words, given = at_i64(payload), at_i64(template + HEADER_BYTES)
    for i in range(before >> 3):
        store(words, i, load(given, i))
    rest, last = at_u8(payload + before + voxels), at_u8(template + HEADER_BYTES + before)
    for i in range(size - before - voxels):
        store(rest, i, load(last, i))


def _seal(mine: Any, template: int, before: int, voxel_bytes: int, size: int, lanes: Any) -> None:
    """Write the header of a brick that is cut. Where all its voxels are the same, one of them is the payload."""
    payload = load(mine, PAYLOAD)
    frame = payload - HEADER_BYTES
    whole, words, given = at_i64(frame), at_u32(frame), at_i64(template)
    for i in range(HEADER_BYTES >> 3):
        store(whole, i, load(given, i))
    length, found = size, np.int64(load(mine, CHECKSUM))
    if load(mine, DIFFER) == 0:
        first, voxel, flags = at_u8(payload), at_u8(payload + before), at_u8(frame)
        for i in range(voxel_bytes):
            store(first, i, load(voxel, i))
        store(flags, _FLAGS_BYTE, load(flags, _FLAGS_BYTE) | _CONSTANT)
        length, found = voxel_bytes, np.int64(short_checksum(at_u32(payload), first, voxel_bytes))
    store(words, _KEY, load(mine, Z))
    store(words, _KEY + 1, load(mine, Y))
    store(words, _KEY + 2, load(mine, X))
    store(words, _LENGTH, length)
    store(words, _SUM, found)
    begin_checksum(lanes, 4 * _OWN_SUM)
    store(mine, BASE, frame)
    hash_1(mine, lanes, 0, _OWN_SUM >> 2)
    store(words, _OWN_SUM, checksum(at_u32(frame + 16 * (_OWN_SUM >> 2)), _OWN_SUM & 3, at_u8(frame), 0, lanes))


surround: Any = part(_surround)
seal: Any = part(_seal)
