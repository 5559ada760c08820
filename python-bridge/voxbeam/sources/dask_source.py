"""Dask arrays: computed by their chunks as they are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import SourceError
from voxbeam.sources.axes import leading_axes
from voxbeam.sources.chunked_source import NO_LEADING, ChunkedImage
from voxbeam.sources.source import volume_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape
    from voxbeam.sources.source import Source


class DaskArray:
    """An array of Dask; `compute` uses the scheduler that is set, a cluster's where there is one."""

    def __init__(self, array: Any, shape: Shape) -> None:
        self._array = array
        self.shape = shape
        z, y, x = (tuple(int(n) for n in edges) for edges in array.chunks[-3:])
        self.chunks = (_edges(z), _edges(y), _edges(x))
        self.leading_chunks = tuple(int(edges[0]) if len(set(edges[:-1])) <= 1 else 1 for edges in array.chunks[:-3])

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """A box, computed."""
        return np.asarray(self._array[leading + tuple(slice(*span) for span in box)].compute())


def _edges(edges: tuple[int, ...]) -> int | tuple[int, ...]:
    """One number where all chunks but the last are as long."""
    regular = len(set(edges[:-1])) <= 1 and edges[-1] <= edges[0]
    return edges[0] if regular else edges


def open_dask(volume: Any, axes: str | None = None) -> list[Source] | None:
    """Sources for an array of Dask, or None where it is none."""
    if not (type(volume).__module__.startswith("dask.array") and hasattr(volume, "chunks")):
        return None
    if not all(np.isfinite(n) for n in volume.shape):
        raise SourceError(f"The Dask array has shape {volume.shape}.", "Compute its chunk sizes: volume.compute_chunk_sizes().")
    leading = leading_axes(volume.shape, axes)
    shape = volume_shape(volume.shape if leading is None else volume.shape[-3:])
    image = ChunkedImage({0: DaskArray(volume, shape)}, "the Dask array", volume.dtype, "Does volume.compute() work?")
    return image.sources(leading or NO_LEADING, {})
