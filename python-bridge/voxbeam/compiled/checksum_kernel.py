"""XXH32 of several payloads at once: each step waits for the one before, so that many of them go side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from voxbeam.compiled.job_layout import JOB_WORDS, STATE_WORDS
from voxbeam.compiled.pointers import hash_1, hash_4, hash_8, load, move, part, store

_P1, _P2, _P3, _P4, _P5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1
_MASK = 0xFFFFFFFF


def _finish(total: int, words: Any, count: int, tail: Any, rest: int) -> Any:
    """The end of XXH32: `count` words and `rest` bytes that fill no stripe, and a last mixing."""
    for i in range(count):
        total = (total + ((np.int64(load(words, i)) * _P3) & _MASK)) & _MASK
        total = ((((total << 17) | (total >> 15)) & _MASK) * _P4) & _MASK
    for i in range(rest):
        total = (total + np.int64(load(tail, i)) * _P5) & _MASK
        total = ((((total << 11) | (total >> 21)) & _MASK) * _P1) & _MASK
    total = ((total ^ (total >> 15)) * _P2) & _MASK
    total = ((total ^ (total >> 13)) * _P3) & _MASK
    return total ^ (total >> 16)


finish: Any = part(_finish)


def _checksum(words: Any, count: int, tail: Any, rest: int, lanes: Any) -> Any:
    """The lanes together, then what fills no stripe."""
    a, b, c, d = np.int64(load(lanes, 0)), np.int64(load(lanes, 1)), np.int64(load(lanes, 2)), np.int64(load(lanes, 3))
    total = (((a << 1) | (a >> 31)) & _MASK) + (((b << 7) | (b >> 25)) & _MASK)
    total += (((c << 12) | (c >> 20)) & _MASK) + (((d << 18) | (d >> 14)) & _MASK)
    return finish((total + np.int64(load(lanes, 4))) & _MASK, words, count, tail, rest)


def _short_checksum(words: Any, tail: Any, size: int) -> Any:
    """Of fewer bytes than a stripe: of whole words, or of less than one."""
    return finish((_P5 + size) & _MASK, words, size >> 2, tail, size & 3)


def _begin_checksum(lanes: Any, size: int) -> None:
    store(lanes, 0, np.uint32((_P1 + _P2) & _MASK))
    store(lanes, 1, np.uint32(_P2))
    store(lanes, 2, np.uint32(0))
    store(lanes, 3, np.uint32((-_P1) & _MASK))
    store(lanes, 4, np.uint32(size))


def _hash_jobs(jobs: Any, count: int, words: Any, first: int, end: int) -> int:
    """Sum up whole stripes of 16 bytes of all payloads from byte `first` to at most byte `end`; where the next one begins."""
    stripes = (end - first) >> 4
    number = 0
    while number < count:
        job, state = move(jobs, JOB_WORDS * number), move(words, STATE_WORDS * number)
        if number + 8 <= count:
            hash_8(job, state, first, stripes)
            number += 8
        elif number + 4 <= count:
            hash_4(job, state, first, stripes)
            number += 4
        else:
            hash_1(job, state, first, stripes)
            number += 1
    return first + 16 * stripes


# Voxels of any type are summed up by the same functions: numba takes long over each.
hash_jobs: Any = part(_hash_jobs)
checksum: Any = part(_checksum)
short_checksum: Any = part(_short_checksum)
begin_checksum: Any = part(_begin_checksum)
