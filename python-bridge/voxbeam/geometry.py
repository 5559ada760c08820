"""Levels, bricks and the one mapping between voxels and the world: the mirror of ``src/volume/geometry.ts``.

Vectors are z, y, x; world points are x, y, z.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BRICK_EDGE = 64
BRICK_HALO = 1
STORED_EDGE = BRICK_EDGE + 2 * BRICK_HALO
STORED_VOXELS = STORED_EDGE**3

Shape = tuple[int, int, int]
Vec3 = tuple[float, float, float]
#: Half-open ranges along z, y, x.
Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


class BrickKey(NamedTuple):
    """Addresses a brick within its volume; `time` is the index of its time point."""

    level: int
    z: int
    y: int
    x: int
    time: int = 0


def level_count(shape: Shape) -> int:
    """Number of levels: the last is the first in which a single brick holds everything."""
    levels, longest = 1, max(shape)
    while longest > BRICK_EDGE:
        longest = -(-longest // 2)
        levels += 1
    return levels


def level_shape(shape: Shape, level: int) -> Shape:
    """Voxels of `level` along each axis: each level halves the one below, rounding up."""
    z, y, x = (-(-n // 2**level) for n in shape)
    return z, y, x


def brick_grid(shape: Shape, level: int) -> Shape:
    """Bricks of `level` along each axis."""
    z, y, x = (-(-n // BRICK_EDGE) for n in level_shape(shape, level))
    return z, y, x


def brick_count(shape: Shape, times: int = 1) -> int:
    """Bricks of all levels, at all of `times` time points."""
    return times * sum(prod(brick_grid(shape, level)) for level in range(level_count(shape)))


def has_brick(shape: Shape, key: BrickKey, times: int = 1) -> bool:
    """Whether `key` is a brick of a volume of `shape` with `times` time points."""
    if not 0 <= key.level < level_count(shape) or not 0 <= key.time < times:
        return False
    grid = brick_grid(shape, key.level)
    return all(0 <= i < n for i, n in zip((key.z, key.y, key.x), grid, strict=True))


def brick_keys(shape: Shape) -> Iterator[BrickKey]:
    """Every brick of every level, coarsest level first."""
    for level in reversed(range(level_count(shape))):
        grid = brick_grid(shape, level)
        for z in range(grid[0]):
            for y in range(grid[1]):
                for x in range(grid[2]):
                    yield BrickKey(level, z, y, x)


def level_to_voxel(i: float, level: int) -> float:
    """Centre of voxel i of `level`, in voxels of level 0 (the half-voxel rule)."""
    return (i + 0.5) * 2.0**level - 0.5


def voxel_to_world(voxel: Sequence[float], voxel_size: Sequence[float], origin: Sequence[float]) -> Vec3:
    """World position (x, y, z) of a voxel position (z, y, x) of level 0; integers are voxel centres.

    Examples
    --------
    >>> voxel_to_world((1, 0, 0), voxel_size=(2, 1, 1), origin=(0, 0, 10))
    (10.0, 0.0, 2.0)
    """
    (z, y, x), (sz, sy, sx), (oz, oy, ox) = voxel, voxel_size, origin
    return float(ox + x * sx), float(oy + y * sy), float(oz + z * sz)


def world_to_voxel(world: Sequence[float], voxel_size: Sequence[float], origin: Sequence[float]) -> Vec3:
    """Voxel position (z, y, x) of level 0 of a world position (x, y, z)."""
    (x, y, z), (sz, sy, sx), (oz, oy, ox) = world, voxel_size, origin
    return float((z - oz) / sz), float((y - oy) / sy), float((x - ox) / sx)
