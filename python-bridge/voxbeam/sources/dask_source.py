"""Dask arrays: computed by their chunks as they are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import SourceError
from voxbeam.sources.axes import leading_axes
from voxbeam.sources.chunked_source import NO_LEADING, ChunkedImage
from voxbeam.sources.source import volume_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape
    from voxbeam.sources.source import Source

WHERE = "the Dask array"
REMEDY = "Does volume.compute() work?"


class DaskArray:
    """An array of Dask, computed by the scheduler that is set, or by the cluster of `client`."""

    def __init__(self, array: Any, shape: Shape, client: Any = None) -> None:
        self._array = array
        self._client = client
        self.shape = shape
        z, y, x = (tuple(int(n) for n in edges) for edges in array.chunks[-3:])
        self.chunks = (_edges(z), _edges(y), _edges(x))
        self.leading_chunks = tuple(int(edges[0]) if len(set(edges[:-1])) <= 1 else 1 for edges in array.chunks[:-3])

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """A box, computed."""
        part = self._array[leading + tuple(slice(*span) for span in box)]
        return np.asarray(part.compute() if self._client is None else self._client.compute(part).result())


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
    image = ChunkedImage({0: DaskArray(volume, shape)}, WHERE, volume.dtype, REMEDY)
    sources = image.sources(leading or NO_LEADING, {})
    if leading is None:
        sources[0].dask = volume
    return sources


def dask_levels(arrays: Sequence[Any], client: Any) -> Source:
    """A source of a volume's levels from 0 on, each an array of Dask in the memory of the cluster of `client`."""
    held = {level: DaskArray(array, volume_shape(array.shape), client) for level, array in enumerate(arrays)}
    image = ChunkedImage(dict(held), WHERE, arrays[0].dtype, REMEDY)
    return image.sources(NO_LEADING, {"levels": dict.fromkeys(range(1, len(arrays)), True)})[0]
