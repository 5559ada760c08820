"""The slices through a voxel, cut into tiles, those next to it first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.geometry import Box, Shape

#: Edge of a tile: so many that all threads have work, so large that their halo is little.
TILE = 128
#: Tiles of a slice that are made before bricks.
MAX_TILES = 64


def plane_tiles(shape: Shape, at: Sequence[int]) -> list[Box]:
    """Boxes one voxel thick of the slices across z, y and x through the voxel `at`; that across z comes first."""
    found: list[Box] = []
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        tiles = []
        for first in range(0, shape[others[0]], TILE):
            for second in range(0, shape[others[1]], TILE):
                spans = [(at[axis], at[axis] + 1)] * 3
                for other, start in zip(others, (first, second), strict=True):
                    spans[other] = (start, min(start + TILE, shape[other]))
                far = sum(max(low - i, i - high, 0) ** 2 for (low, high), i in zip(spans, at, strict=True))
                tiles.append((far, (spans[0], spans[1], spans[2])))
        tiles.sort(key=lambda tile: tile[0])
        found += [box for _, box in tiles[:MAX_TILES]]
    return found
