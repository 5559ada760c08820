"""The levels of an array of Dask as arrays of Dask, and the ranges of their bricks: nothing is computed here."""

from __future__ import annotations

from typing import Any

import numpy as np

from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, level_count
from voxbeam.producer.mean import halve_by_mean
from voxbeam.producer.mode import halve_by_mode
from voxbeam.producer.ranges import tile_ranges
from voxbeam.sources.source import volume_shape

#: Chunks of levels while they are made: a layer of bricks deep; all edges are even, so that no 2³ lies in two of them.
CHUNKS = (BRICK_EDGE, 4 * BRICK_EDGE, 4 * BRICK_EDGE)


def level_arrays(array: Any, *, labels: bool) -> list[Any]:
    """Levels from 0 on, each in chunks of `CHUNKS`."""
    dtype = np.dtype("u1") if array.dtype.kind == "b" else array.dtype.newbyteorder("=")
    levels = [array.astype(dtype).rechunk(CHUNKS)]
    for _ in range(1, level_count(volume_shape(array.shape))):
        finer = levels[-1]
        chunks = tuple(tuple((n + 1) // 2 for n in axis) for axis in finer.chunks)
        levels.append(finer.map_blocks(_halve, labels=labels, dtype=dtype, chunks=chunks, meta=_empty(dtype)).rechunk(CHUNKS))
    return levels


def _empty(dtype: np.dtype[Any], axes: int = 3) -> Any:
    return np.empty((0,) * axes, dtype)


def _halve(block: Any, *, labels: bool) -> Any:
    block = np.ascontiguousarray(block)
    out = np.empty([(n + 1) // 2 for n in block.shape], block.dtype)
    if labels:
        halve_by_mode(block, out)
    else:
        halve_by_mean(block, out, finite=block.dtype.kind != "f" or bool(np.isfinite(block).all()))
    return out


def range_array(level: Any) -> Any:
    """Lowest and highest voxel of each brick of a level, halo included: shape (z, y, x, 2), float64."""
    from dask.array.overlap import overlap  # noqa: PLC0415  whoever has such an array has it

    wide = overlap(level, depth=BRICK_HALO, boundary="none")
    bricks = tuple(tuple(-(-n // BRICK_EDGE) for n in axis) for axis in level.chunks)
    numbers = [len(axis) for axis in level.chunks]
    return wide.map_blocks(
        _ranges, numbers=numbers, dtype="f8", new_axis=3, chunks=(*bricks, (2,)), meta=_empty(np.dtype("f8"), 4),
    )


def _ranges(block: Any, *, numbers: list[int], block_info: Any = None) -> Any:
    at = block_info[0]["chunk-location"]
    halos = [BRICK_HALO * ((i > 0) + (i < n - 1)) for i, n in zip(at, numbers, strict=True)]
    z, y, x = (n - halo for n, halo in zip(block.shape, halos, strict=True))
    starts = (at[0] * CHUNKS[0], at[1] * CHUNKS[1], at[2] * CHUNKS[2])
    found, _ = tile_ranges(np.ascontiguousarray(block), starts, (z, y, x))
    out = np.empty((1, -(-y // BRICK_EDGE), -(-x // BRICK_EDGE), 2))
    for index, low, high in found:
        _, row, column = (i - start // BRICK_EDGE for i, start in zip(index, starts, strict=True))
        out[0, row, column] = low, high
    return out
