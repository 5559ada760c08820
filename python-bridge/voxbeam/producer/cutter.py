"""Cuts one brick with its halo; where the volume ends, the edge voxel is repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, STORED_EDGE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import BrickKey
    from voxbeam.producer.scratch import Scratch
    from voxbeam.producer.voxels import Voxels


def cut_brick(voxels: Voxels, key: BrickKey, out: NDArray[Any], scratch: Scratch) -> None:
    """Write brick `key` of the level that `voxels` holds to `out`, 66³ stored voxels."""
    spans, targets = [], []
    for index, n in zip((key.z, key.y, key.x), voxels.shape, strict=True):
        first = index * BRICK_EDGE - BRICK_HALO
        low, high = max(first, 0), min(first + STORED_EDGE, n)
        spans.append((low, high))
        targets.append((low - first, high - first))
    z, y, x = (slice(*target) for target in targets)
    voxels.copy((spans[0], spans[1], spans[2]), out[z, y, x], scratch)
    _repeat_edges(out, targets)
    voxels.mapping.finish(out)


def _repeat_edges(out: NDArray[Any], filled: list[tuple[int, int]]) -> None:
    """Fill `out` around the box `filled`, along x, then y, then z: each step repeats what the last one has completed."""
    z, y, _ = (slice(*span) for span in filled)
    for part, axis in ((out[z, y], 2), (out[z], 1), (out, 0)):
        low, high = filled[axis]
        lines = np.moveaxis(part, axis, 0)
        if low > 0:
            lines[:low] = lines[low]
        if high < STORED_EDGE:
            lines[high:] = lines[high - 1]
