"""Chunks of Zarr arrays in folders, read and decoded to where their voxels are wanted."""

from __future__ import annotations

import os
import threading
import zlib
from collections import OrderedDict
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.sources.chunk_threads import for_each, read_at
from voxbeam.sources.zarr_codecs import chunk_form
from voxbeam.warm_memory import block_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape
    from voxbeam.sources.zarr_codecs import ChunkForm

#: Indices of shards that are kept, those used last, and the chunks that an index which is kept may tell of.
KEPT_INDICES = 64
MOST_CHUNKS = 2**16
_ABSENT = 2**64 - 1


class _Unusual(Exception):  # noqa: N818  no error yet
    """A chunk that is not as it should be: the library reads it, or says what is wrong with it."""


def direct_zarr(array: Any) -> DirectZarr | None:
    """An array as one whose chunks are read here; None where it lies elsewhere than in a folder, or only the library reads it."""
    store: Any = getattr(array, "store", None)
    form = chunk_form(array) if type(store).__name__ == "LocalStore" else None
    crc = _crc32c() if form is not None and form.shard is not None else None
    if form is None or (form.shard is not None and (crc is None or _per_shard(form) > MOST_CHUNKS)):
        return None
    return DirectZarr(array, Path(store.root) / array.path, form, crc)


def _per_shard(form: ChunkForm) -> int:
    return prod(outer // inner for outer, inner in zip(form.shard or form.chunk, form.chunk, strict=True))


def _crc32c() -> Callable[[bytes], int] | None:
    try:
        from google_crc32c import value  # noqa: PLC0415  comes with zarr
    except ImportError:
        return None
    return lambda data: int(value(data))


class DirectZarr:
    """A `ChunkedArray` of the files of an array. Several threads decode at once.

    Parameters
    ----------
    folder
        Where the array's chunks lie.
    crc
        Finds the checksum of an index; needed where there are shards.
    """

    def __init__(self, array: Any, folder: Path, form: ChunkForm, crc: Callable[[bytes], int] | None) -> None:
        self._array = array
        self._folder = folder
        self._form = form
        self._crc = crc
        self._whole = tuple(int(n) for n in array.shape)
        self.shape: Shape = (self._whole[-3], self._whole[-2], self._whole[-1])
        self.chunks = (form.chunk[-3], form.chunk[-2], form.chunk[-1])
        self.leading_chunks = form.chunk[:-3]
        self._indices: OrderedDict[Path, tuple[tuple[int, ...], NDArray[np.uint64]]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """Voxels of a box, with the leading axes before them."""
        spans = [(part.start, min(part.stop, n)) for part, n in zip(leading, self._whole, strict=False)] + list(box)
        out = block_memory.take([b - a for a, b in spans], self._form.dtype)
        grids = [range(a // edge, -(-b // edge)) for (a, b), edge in zip(spans, self._form.chunk, strict=True)]
        for_each(list(product(*grids)), lambda place: self._put(place, spans, out))
        return out

    def _put(self, place: tuple[int, ...], spans: list[tuple[int, int]], out: NDArray[Any]) -> None:
        """Write one chunk's share of `out`."""
        form = self._form
        starts = [i * edge for i, edge in zip(place, form.chunk, strict=True)]
        both = [
            (max(a, start), min(b, start + edge)) for (a, b), start, edge in zip(spans, starts, form.chunk, strict=True)
        ]
        target = out[tuple(slice(a - low, b - low) for (a, b), (low, _) in zip(both, spans, strict=True))]
        try:
            raw = self._raw(place)
            if raw is None:
                target[...] = 0 if self._array.fill_value is None else self._array.fill_value
                return
            whole = target.shape == form.chunk and target.flags.c_contiguous
            chunk = target if whole else np.empty(form.chunk, form.dtype)
            form.decode(raw, chunk.reshape(-1).view(np.uint8))
        except (_Unusual, OSError, ValueError, RuntimeError, zlib.error):
            target[...] = self._array[tuple(slice(*span) for span in both)]
            return
        if not whole:
            target[...] = chunk[tuple(slice(a - start, b - start) for (a, b), start in zip(both, starts, strict=True))]

    def _raw(self, place: tuple[int, ...]) -> memoryview | None:
        """The bytes of a chunk as they are stored, until the next call; None where it was never written."""
        form = self._form
        ratio = [outer // inner for outer, inner in zip(form.shard or form.chunk, form.chunk, strict=True)]
        key = self._array.metadata.encode_chunk_key(tuple(i // n for i, n in zip(place, ratio, strict=True)))
        if ".." in key or key.startswith("/"):
            raise _Unusual
        path = self._folder / key
        try:
            file = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            found = os.fstat(file)
            offset, count = 0, found.st_size
            if form.shard is not None:
                index = self._index(file, path, (found.st_ino, found.st_size, found.st_mtime_ns), ratio)
                offset, count = (int(n) for n in index[tuple(i % n for i, n in zip(place, ratio, strict=True))])
                if offset == count == _ABSENT:
                    return None
            if offset + count > found.st_size or count > 2 * form.nbytes + 2**16:
                raise _Unusual
            raw = read_at(file, count, offset)
        finally:
            os.close(file)
        if len(raw) < count:
            raise _Unusual
        return raw

    def _index(self, file: int, path: Path, state: tuple[int, ...], ratio: list[int]) -> NDArray[np.uint64]:
        """Where chunks of a shard begin and how long they are, shape (…, 2); read anew where its file has changed."""
        with self._lock:
            kept = self._indices.get(path)
            if kept is not None and kept[0] == state:
                return kept[1]
        assert self._crc is not None
        length = 16 * prod(ratio) + 4
        raw = os.pread(file, length, 0 if self._form.index_first else max(0, state[1] - length))
        if len(raw) != length or self._crc(raw[:-4]) != int.from_bytes(raw[-4:], "little"):
            raise _Unusual
        index = np.frombuffer(raw, "<u8", 2 * prod(ratio)).reshape(*ratio, 2)
        with self._lock:
            self._indices[path] = state, index
            while len(self._indices) > KEPT_INDICES:
                self._indices.popitem(last=False)
        return index
