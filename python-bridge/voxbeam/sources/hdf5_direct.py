"""Chunks of HDF5 that are compressed by deflate, read by their place in the file and inflated outside the library's one lock."""

from __future__ import annotations

import os
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape

DEFLATE, SHUFFLE = 1, 2
#: Threads that inflate the chunks of a block; a reading that needs one chunk uses the caller's.
THREADS = min(4, os.cpu_count() or 1)


def reads_directly(dataset: Any) -> bool:
    """Whether chunks of a dataset are only deflated, after bytes were shuffled or not, and stand in the file that is open."""
    if not dataset.chunks or dataset.is_virtual or dataset.file.userblock_size or dataset.dtype.hasobject:
        return False
    plist = dataset.id.get_create_plist()
    codes = [plist.get_filter(index)[0] for index in range(plist.get_nfilters())]
    return codes in ([DEFLATE], [SHUFFLE, DEFLATE]) and dataset.file.driver == "sec2"


class DirectChunks:
    """A dataset as a chunked array. Several threads inflate at once, where the library would let one.

    Parameters
    ----------
    ones
        Leading axes of length 1 that are left out.
    """

    def __init__(self, dataset: Any, ones: int) -> None:
        self._dataset = dataset
        self._ones = (0,) * ones
        self._chunk: tuple[int, ...] = tuple(int(n) for n in dataset.chunks)
        self.dtype = np.dtype(dataset.dtype.str)
        z, y, x = (int(n) for n in dataset.shape[-3:])
        self.shape: Shape = (z, y, x)
        self.chunks = (self._chunk[-3], self._chunk[-2], self._chunk[-1])
        self.leading_chunks = self._chunk[ones:-3]
        self._shuffled = dataset.id.get_create_plist().get_nfilters() == 2
        self._inflate = _inflater(prod(self._chunk) * self.dtype.itemsize)
        self._file = os.open(dataset.file.filename, os.O_RDONLY)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """Voxels of a box, with the leading axes before them."""
        spans = [(0, 1) for _ in self._ones]
        spans += [(part.start, min(part.stop, n)) for part, n in zip(leading, self._dataset.shape[len(spans) :], strict=False)]
        spans += list(box)
        out = np.empty([b - a for a, b in spans], self.dtype)
        grids = [range(a // edge, -(-b // edge)) for (a, b), edge in zip(spans, self._chunk, strict=True)]
        places = list(product(*grids))
        if len(places) == 1 or THREADS == 1:
            for place in places:
                self._copy(place, spans, out)
        else:
            list(_pool().map(lambda place: self._copy(place, spans, out), places))
        found: NDArray[Any] = out[self._ones]
        return found

    def _copy(self, place: tuple[int, ...], spans: list[tuple[int, int]], out: NDArray[Any]) -> None:
        """Write one chunk's share of `out`."""
        starts = [i * edge for i, edge in zip(place, self._chunk, strict=True)]
        both = [
            (max(a, start), min(b, start + edge)) for (a, b), start, edge in zip(spans, starts, self._chunk, strict=True)
        ]
        target = tuple(slice(a - low, b - low) for (a, b), (low, _) in zip(both, spans, strict=True))
        info = self._dataset.id.get_chunk_info_by_coord(tuple(starts))
        if info.byte_offset is None or info.filter_mask:  # never written, or written without a filter
            out[target] = self._dataset[tuple(slice(*span) for span in both)]
            return
        raw = os.pread(self._file, info.size, info.byte_offset)
        if len(raw) < info.size:
            raise ValueError(f"the chunk at {tuple(starts)} ends beyond the end of the file")
        try:
            chunk = self._unshuffled(self._inflate(raw)).reshape(self._chunk)
        except Exception as error:
            raise ValueError(f"the chunk at {tuple(starts)} cannot be inflated: {error}") from error
        out[target] = chunk[tuple(slice(a - start, b - start) for (a, b), start in zip(both, starts, strict=True))]

    def _unshuffled(self, raw: Any) -> NDArray[Any]:
        size = self.dtype.itemsize
        if not self._shuffled or size == 1:
            return np.frombuffer(raw, self.dtype)
        planes = np.frombuffer(raw, np.uint8).reshape(size, -1)
        voxels = np.empty((planes.shape[1], size), np.uint8)
        for index in range(size):
            voxels[:, index] = planes[index]
        return voxels.view(self.dtype)


def _inflater(size: int) -> Callable[[bytes], Any]:
    """Inflates to `size` bytes, no more: by libdeflate where imagecodecs is installed, twice as fast as zlib."""
    try:
        from imagecodecs import deflate_decode  # noqa: PLC0415  optional

        return lambda raw: _exactly(size, deflate_decode(raw, out=size))
    except ImportError:
        return lambda raw: _zlib(size, raw)


def _zlib(size: int, raw: bytes) -> bytes:
    stream = zlib.decompressobj()
    data = stream.decompress(raw, size)
    more = stream.decompress(stream.unconsumed_tail, 1)
    return bytes(_exactly(size, data + more))


def _exactly(size: int, data: Any) -> Any:
    if len(data) != size:
        raise ValueError(f"it holds {len(data):,} bytes instead of {size:,}")
    return data


_lock = threading.Lock()
_executor: ThreadPoolExecutor | None = None
_owner = 0


def _pool() -> ThreadPoolExecutor:
    """One for the process; a forked child makes its own."""
    global _executor, _owner
    with _lock:
        if _executor is None or _owner != os.getpid():
            _executor, _owner = ThreadPoolExecutor(THREADS, "voxbeam-inflate"), os.getpid()
        return _executor
