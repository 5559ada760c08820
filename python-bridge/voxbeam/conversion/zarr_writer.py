"""The arrays of the levels, in chunks of 64³ and shards of whole rows of tiles, so that each shard is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam.errors import ParameterError
from voxbeam.geometry import BRICK_EDGE, Box, Shape, level_shape
from voxbeam.kept.shards import SHARD_X
from voxbeam.producer.pyramid import TILE_Y
from voxbeam.sources.places import library

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

#: What chunks are compressed by; all are lossless.
CODECS = ("zstd", "lz4", "none")


def chunks_of(shape: Shape) -> Shape:
    """Chunks of a level: bricks, as far as it is as long."""
    z, y, x = (min(BRICK_EDGE, n) for n in shape)
    return z, y, x


def shards_of(shape: Shape) -> Shape:
    """Shards of a level: a layer of bricks deep, and as high and wide as rows of tiles are cut."""
    edges = (BRICK_EDGE, TILE_Y, SHARD_X)
    z, y, x = (
        min(edge, -(-n // chunk) * chunk) for n, chunk, edge in zip(shape, chunks_of(shape), edges, strict=True)
    )
    return z, y, x


def check_codec(codec: str) -> None:
    """Raise `ParameterError` where it is not known."""
    if codec not in CODECS:
        raise ParameterError(f"codec is {codec!r}.", f"Known are {', '.join(CODECS)}.")


class ZarrWriter:
    """Levels ``0``, ``1``, … of a group in a folder. Safe from several threads; a shard is there whole or not at all.

    Parameters
    ----------
    leading
        Lengths of the axes before z, y, x.
    axes
        Names of all axes.
    """

    def __init__(
        self, folder: Path, shape: Shape, levels: int, dtype: np.dtype[Any], *, leading: tuple[int, ...], axes: str, codec: str,
    ) -> None:
        zarr = library("zarr", "zarr", folder)
        codecs = library("zarr.codecs", "zarr", folder)
        compressors = {
            "zstd": lambda: codecs.ZstdCodec(level=1),
            "lz4": lambda: codecs.BloscCodec(cname="lz4", clevel=1, shuffle="shuffle", typesize=dtype.itemsize),
            "none": lambda: None,
        }[codec]()
        self._group = zarr.open_group(str(folder), mode="a", zarr_format=3)
        self._arrays = []
        ones = (1,) * len(leading)
        for level in range(levels):
            here = level_shape(shape, level)
            if str(level) not in self._group:
                self._group.create_array(
                    str(level), shape=(*leading, *here), dtype=dtype, chunks=(*ones, *chunks_of(here)),
                    shards=(*ones, *shards_of(here)), compressors=compressors, dimension_names=list(axes), fill_value=0,
                )
            self._arrays.append(self._group[str(level)])

    def write(self, at: tuple[int, ...], level: int, box: Box, voxels: NDArray[Any]) -> None:
        """Write whole shards of the volume at `at`, indices of the leading axes."""
        self._arrays[level][at + tuple(slice(*span) for span in box)] = voxels

    def describe(self, attributes: dict[str, Any]) -> None:
        """Say what the group is: last, so that nothing takes it for whole before."""
        self._group.attrs.update(attributes)
