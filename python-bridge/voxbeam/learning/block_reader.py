"""Reads a box of an image as float32, mirrored where it reaches beyond the volume, so that a brick sees what the whole would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError, ShapeError
from voxbeam.sources import open_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape, Vec3
    from voxbeam.sources import Source


class BlockReader:
    """The channels of an image, read by boxes. Safe from several threads.

    Attributes
    ----------
    shape : tuple of int
        Voxels along z, y, x.
    channels : int
    voxel_size, origin : tuple of float
        z, y, x, in `unit`.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        first = sources[0]
        if first.times is not None:
            text = f"{first.name!r} has {first.times.count} time points."
            raise ParameterError(text, "Give one of them, such as volume[0].")
        self._sources = list(sources)
        self.shape: Shape = first.shape
        self.channels = len(self._sources)
        self.name = first.channel.group if first.channel else first.name
        self.voxel_size: Vec3 = first.voxel_size
        self.origin: Vec3 = first.origin
        self.unit = first.unit

    def read(self, box: Box) -> NDArray[np.float32]:
        """Voxels of `box`, which may reach beyond the volume: float32 of shape (channels, z, y, x); what is not finite is 0."""
        spans, picks = zip(*(_mirrored(a, b, n) for (a, b), n in zip(box, self.shape, strict=True)), strict=True)
        blocks = []
        for source in self._sources:
            block = np.asarray(source.read(0, spans)).astype(np.float32)
            if source.dtype.kind == "f":
                np.nan_to_num(block, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
            for axis, pick in enumerate(picks):
                if pick is not None:
                    block = np.take(block, pick, axis=axis)
            blocks.append(block)
        return np.ascontiguousarray(np.stack(blocks))


def open_image(volume: Any) -> BlockReader:
    """A reader of whatever :func:`voxbeam.open` takes: an array z, y, x, a path, or a source."""
    return volume if isinstance(volume, BlockReader) else BlockReader(open_sources(volume))


def same_shape(shape: Sequence[int], reader: BlockReader, what: str) -> None:
    """Refuse what does not lie on the image.

    Raises
    ------
    ShapeError
        The shapes differ.
    """
    if tuple(shape) != reader.shape:
        raise ShapeError(f"{what} have shape {tuple(shape)}.", f"The image has {reader.shape}: give labels of the same shape.")


def _mirrored(low: int, high: int, n: int) -> tuple[tuple[int, int], NDArray[np.intp] | None]:
    """What to read of an axis of `n` voxels for [low, high), and which of those stand where; None where it is what is read."""
    if low >= 0 and high <= n:
        return (low, high), None
    places = np.arange(low, high) % (2 * n)
    places = np.where(places < n, places, 2 * n - 1 - places)
    first, last = int(places.min()), int(places.max()) + 1
    return (first, last), places - first
