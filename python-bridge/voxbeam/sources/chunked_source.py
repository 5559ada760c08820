"""What chunked arrays of every library have in common: blocks of whole chunks, in one pool for all time points and channels."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import SourceError, VoxbeamError, sentence
from voxbeam.sources.axes import Leading
from voxbeam.sources.block_cache import BlockCache, BlockPool
from voxbeam.sources.channels import by_channel
from voxbeam.sources.read_planner import Chunks, ReadCounter, block_cuts, cache_bytes, layout_words
from voxbeam.sources.source import Source
from voxbeam.sources.time_series import TimeSeries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape


class ChunkedArray(Protocol):
    """An array of one level, whatever library holds it."""

    @property
    def shape(self) -> Shape:
        """Along z, y, x."""

    @property
    def chunks(self) -> Chunks:
        """Edges along z, y, x."""

    @property
    def leading_chunks(self) -> tuple[int, ...]:
        """How many indices along each leading axis stand in one chunk."""

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """Voxels of a box, with the leading axes before them. Safe from several threads."""


@dataclass
class IndexedArray:
    """A `ChunkedArray` of what is indexed as NumPy's arrays are, with leading axes and z, y, x last."""

    array: Any
    shape: Shape
    chunks: Chunks
    leading_chunks: tuple[int, ...] = ()

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """What indexing gives, as an array of NumPy."""
        return np.asarray(self.array[leading + tuple(slice(*span) for span in box)])


@dataclass
class ChunkedImage:
    """The arrays of an image, one a level, with the decoded blocks that all its time points and channels share.

    Attributes
    ----------
    where
        What errors call it.
    dtype
        Of its voxels.
    remedy
        What may help where a chunk cannot be read.
    """

    arrays: Mapping[int, ChunkedArray]
    where: str
    dtype: np.dtype[Any]
    remedy: str = "Is the chunk complete?"
    counter: ReadCounter = field(default_factory=ReadCounter)

    def __post_init__(self) -> None:
        self._pools: dict[int, BlockPool] = {}
        for level, array in self.arrays.items():
            size = self.dtype.itemsize * prod(array.leading_chunks)
            self._pools[level] = BlockPool(cache_bytes(block_cuts(array.shape, array.chunks, size), size))

    def cache(self, level: int, at: tuple[int, ...]) -> BlockCache:
        """Reads one of its three-dimensional arrays."""
        array = self.arrays[level]
        edges = array.leading_chunks or (1,) * len(at)
        group = tuple(i // n for i, n in zip(at, edges, strict=True))
        leading = tuple(slice(i * n, (i + 1) * n) for i, n in zip(group, edges, strict=True))

        def read(box: Box) -> NDArray[Any]:
            try:
                block = array.read(leading, box)
            except VoxbeamError:
                raise
            except Exception as error:
                text = f"{self.where!r} cannot be read at level {level}, {box}: {sentence(error)}"
                raise SourceError(text, self.remedy) from error
            wanted = tuple(b - a for a, b in box)
            if block.shape[-3:] != wanted:
                text = f"{self.where!r} gave shape {block.shape[-3:]} at level {level}, {box}."
                raise SourceError(text, f"Its metadata promise {wanted}. {self.remedy}")
            return block

        return BlockCache(
            read, array.shape, array.chunks, self._pools[level], group,
            within=tuple(i % n for i, n in zip(at, edges, strict=True)),
            itemsize=self.dtype.itemsize * prod(edges), counter=self.counter,
        )

    def sources(self, leading: Leading, fields: dict[str, Any], times: Times | None = None) -> list[Source]:
        """One source a channel; with time points where the arrays have them."""
        finest = self.arrays[0]
        words = layout_words(finest.shape, finest.chunks, self.dtype.itemsize * prod(finest.leading_chunks))
        said = {
            "shape": finest.shape, "dtype": self.dtype, "chunks": finest.chunks, "counter": self.counter, **fields,
            "note": " ".join(filter(None, [fields.get("note"), words])) or None,
        }

        def channel(index: int) -> Source:
            first = ChunkedSource(self, leading.index(0, index), **said)
            if leading.times is None or (leading.times == 1 and times is None):
                return first
            return TimeSeries(
                first,
                lambda time: ChunkedSource(self, leading.index(time, index), **said),
                times or Times(leading.times),
            )

        return by_channel(leading.channels, channel)


class ChunkedSource(Source):
    """A volume in the arrays of an image, one for each level that it holds.

    Parameters
    ----------
    at
        Indices along the axes that stand before z, y, x.
    """

    def __init__(self, image: ChunkedImage, at: tuple[int, ...], **fields: Any) -> None:
        super().__init__(**fields)
        self._caches = {level: image.cache(level, at) for level in image.arrays}

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """Voxels of a level, through a cache of decoded chunks."""
        return self._caches[level].read(box)

    def read_into(self, level: int, box: Box, out: NDArray[Any]) -> None:
        """The same, copied once: from decoded chunks to where the voxels are wanted."""
        self._caches[level].read(box, out)

    def rest(self) -> None:
        """Let go of all blocks of the image, which its other channels then decode again."""
        for cache in self._caches.values():
            cache.rest()


NO_LEADING = Leading("", ())
