"""Compressed chunks of HDF5, read by their place in the file and decoded outside the library's one lock."""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.sources.chunk_threads import for_each, read_at
from voxbeam.sources.hdf5_filters import undo_filters
from voxbeam.warm_memory import block_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape


def reads_directly(dataset: Any) -> bool:
    """Whether chunks of a dataset stand in the file that is open, and their filters can be undone here."""
    if not dataset.chunks or dataset.is_virtual or dataset.file.userblock_size or dataset.dtype.hasobject:
        return False
    return dataset.file.driver == "sec2" and undo_filters(dataset) is not None


class DirectChunks:
    """A dataset as a chunked array. Several threads decode at once, where the library would let one.

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
        undo = undo_filters(dataset)
        assert undo is not None, "reads_directly was not asked"
        self._undo = undo
        self._file = os.open(dataset.file.filename, os.O_RDONLY)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """Voxels of a box, with the leading axes before them."""
        spans = [(0, 1) for _ in self._ones]
        spans += [(part.start, min(part.stop, n)) for part, n in zip(leading, self._dataset.shape[len(spans) :], strict=False)]
        spans += list(box)
        out = block_memory.take([b - a for a, b in spans], self.dtype)
        grids = [range(a // edge, -(-b // edge)) for (a, b), edge in zip(spans, self._chunk, strict=True)]
        places = list(product(*grids))
        for_each(places, lambda place: self._copy(place, spans, out))
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
        raw = read_at(self._file, info.size, info.byte_offset)
        if len(raw) < info.size:
            raise ValueError(f"the chunk at {tuple(starts)} ends beyond the end of the file")
        try:
            chunk = self._undo(raw).view(self.dtype).reshape(self._chunk)
        except Exception as error:
            raise ValueError(f"the chunk at {tuple(starts)} cannot be decoded: {error}") from error
        out[target] = chunk[tuple(slice(a - start, b - start) for (a, b), start in zip(both, starts, strict=True))]
