"""Plans how a chunked array is read: in blocks of whole chunks, through a cache as large as the way through the array asks."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any, overload

from voxbeam.geometry import BRICK_EDGE, STORED_EDGE, STORED_VOXELS, Shape

#: Chunks along z, y, x: the edge of all along an axis, or the edge of each where they differ.
Chunks = tuple["int | tuple[int, ...]", "int | tuple[int, ...]", "int | tuple[int, ...]"]
#: Small chunks are read together up to this size, so that Python's share of a reading is small.
BLOCK_BYTES = 8 * 2**20
#: More blocks along an axis, all of one edge, are counted and not listed.
MANY_BLOCKS = 2**14
#: No budget of a cache is smaller, and none takes more than its share of the memory.
LEAST_CACHE_BYTES = 128 * 2**20
CACHE_SHARE = 1 / 8
#: A brick that reads more than this is hopeless, and the source says so; so is one that reads so many times what it shows, unless
#: it is read in a moment all the same.
HOPELESS_BYTES = 2**30
HOPELESS_FACTOR = 1000
MOMENT_BYTES = 2**28


class ReadCounter:
    """What was asked of a source and what was read for it, in bytes of voxels. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.asked = 0
        self.read = 0
        self.readings = 0

    def ask(self, count: int) -> None:
        """Somebody wants `count` bytes."""
        with self._lock:
            self.asked += count

    def took(self, count: int) -> None:
        """`count` bytes were read and decoded in one go."""
        with self._lock:
            self.read += count
            self.readings += 1

    @property
    def amplification(self) -> float:
        """Bytes read for each byte asked; below 1 where the cache answered."""
        return self.read / self.asked if self.asked else 0.0

    def __repr__(self) -> str:
        return f"<{self.read:,} bytes read in {self.readings:,} readings for {self.asked:,} asked: {self.amplification:.2f}>"


class EvenCuts(Sequence[int]):
    """``0, step, 2 step, …, n`` without a number for each: a file may promise any size."""

    def __init__(self, n: int, step: int) -> None:
        self._n, self._step = n, step

    def __len__(self) -> int:
        return -(-self._n // self._step) + 1

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...

    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(index)
        return min(at * self._step, self._n)


def block_cuts(shape: Shape, chunks: Chunks, itemsize: int) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """Where blocks begin and end along z, y, x: at ends of chunks, some chunks together where they are small.

    Examples
    --------
    >>> block_cuts((10, 64, 64), (4, 64, 64), 1)
    ([0, 10], [0, 64], [0, 64])
    >>> block_cuts((10, 2048, 2048), (4, 2048, 2048), 2)
    ([0, 4, 8, 10], [0, 2048], [0, 2048])
    """
    edges = [min(n, chunk if isinstance(chunk, int) else max(chunk)) for n, chunk in zip(shape, chunks, strict=True)]
    groups = [1, 1, 1]
    for axis in (2, 1, 0):
        room = BLOCK_BYTES // max(1, prod(edges) * itemsize)
        groups[axis] = max(1, min(-(-BRICK_EDGE // edges[axis]), room))
        edges[axis] = min(shape[axis], edges[axis] * groups[axis])
    z, y, x = (_cuts(n, chunk, group) for n, chunk, group in zip(shape, chunks, groups, strict=True))
    return z, y, x


def _cuts(n: int, chunk: int | tuple[int, ...], group: int) -> Sequence[int]:
    if isinstance(chunk, int):
        if n // (chunk * group) > MANY_BLOCKS:
            return EvenCuts(n, chunk * group)
        return [*range(0, n, chunk * group), n]
    ends, total = [0], 0
    for edge in chunk:
        total += edge
        ends.append(total)
    return [*ends[:-1:group], n]


def cache_bytes(cuts: Sequence[Sequence[int]], itemsize: int, limit: int | None = None) -> int:
    """Budget of a cache with which bricks are cut layer by layer and no block is read twice, as far as memory allows.

    A layer of bricks with its halo crosses some layers of blocks; while it is cut, all of these are in use, and the last one is
    still needed by the next layer.
    """
    most = cache_limit() if limit is None else limit
    return max(min(LEAST_CACHE_BYTES, most), min(front_bytes(cuts, itemsize), most))


def widest(cuts: Sequence[int]) -> int:
    """The edge of the largest block along an axis."""
    first = cuts[: MANY_BLOCKS + 1] if isinstance(cuts, EvenCuts) else cuts  # beyond, all are alike
    return max(b - a for a, b in pairwise(first))


def front_bytes(cuts: Sequence[Sequence[int]], itemsize: int) -> int:
    """Bytes of the blocks that a layer of bricks crosses, wherever it lies."""
    edge = widest(cuts[0])
    layers = -(-(STORED_EDGE - 1) // edge) + 1
    planes = min(cuts[0][-1], (layers + 1) * edge)
    return planes * cuts[1][-1] * cuts[2][-1] * itemsize


def cache_limit() -> int:
    """The most that one cache may take."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(LEAST_CACHE_BYTES, int(memory * CACHE_SHARE))


def brick_bytes(shape: Shape, edges: Sequence[int], itemsize: int) -> int:
    """Bytes of the chunks that one brick with its halo crosses, where it crosses most."""
    spans = [min(n, (-(-(STORED_EDGE - 1) // edge) + 1) * edge) for n, edge in zip(shape, edges, strict=True)]
    return prod(spans) * itemsize


def layout_words(shape: Shape, chunks: Chunks | None, itemsize: int) -> str | None:
    """A sentence for people where the layout makes every view slow; None where it does not.

    Parameters
    ----------
    chunks
        None: one compressed stream, which can only be read from its beginning.
    """
    whole = prod(shape) * itemsize
    remedy = 'rv.convert(source, "out.ome.zarr") writes it as OME-Zarr in chunks of 64³, which is read brick by brick.'
    if chunks is None:
        words = f"It is one compressed stream: {_words(whole)} are read before a brick is. {remedy}"
        return words if whole > HOPELESS_BYTES else None
    edges = [min(n, chunk if isinstance(chunk, int) else max(chunk)) for n, chunk in zip(shape, chunks, strict=True)]
    needed = brick_bytes(shape, edges, itemsize)
    times = needed / (STORED_VOXELS * itemsize)
    if needed <= HOPELESS_BYTES and (times <= HOPELESS_FACTOR or needed <= MOMENT_BYTES):
        front, limit = front_bytes(block_cuts(shape, chunks, itemsize), itemsize), cache_limit()
        if front <= limit:
            return None
        return (
            f"A layer of its bricks crosses {_words(front)} of chunks, of which {_words(limit)} are kept: "
            f"a full pass reads chunks up to three times. {remedy}"
        )
    size = " × ".join(map(str, edges))
    return f"Its chunks are {size} voxels: one brick of 64³ reads {_words(needed)}, {times:,.0f} times what it shows. {remedy}"


def _words(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"


def describe_chunks(chunks: Any) -> str:
    """Chunks as people write them."""
    return " × ".join(str(chunk if isinstance(chunk, int) else f"≤{max(chunk)}") for chunk in chunks)
