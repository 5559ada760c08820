"""From voxels to the world and back, as annotations need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voxbeam.annotation.checks import Points
from voxbeam.geometry import voxel_to_world, world_to_voxel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.description import VolumeDescription
    from voxbeam.geometry import Vec3

#: Noise of going to world coordinates and back stays far below this part of a voxel.
_DIGITS = 6


def to_world(voxel: Vec3, volume: VolumeDescription) -> Vec3:
    """World x, y, z of a voxel position z, y, x."""
    return voxel_to_world(voxel, volume.voxel_size, volume.origin)


def to_voxel(world: Vec3, volume: VolumeDescription) -> Vec3:
    """Voxel position z, y, x of a world position x, y, z, rounded to a millionth of a voxel."""
    z, y, x = world_to_voxel(world, volume.voxel_size, volume.origin)
    return round(z, _DIGITS), round(y, _DIGITS), round(x, _DIGITS)


def all_to_world(voxels: Sequence[Vec3], volume: VolumeDescription) -> Points:
    """World x, y, z of many voxel positions."""
    found = np.asarray(volume.origin) + np.asarray(voxels) * np.asarray(volume.voxel_size)
    return Points(map(tuple, found[:, ::-1].tolist()))


def all_to_voxel(worlds: Sequence[Vec3], volume: VolumeDescription) -> Points:
    """Voxel positions z, y, x of many world positions, rounded as one is."""
    found = (np.asarray(worlds)[:, ::-1] - np.asarray(volume.origin)) / np.asarray(volume.voxel_size)
    return Points(map(tuple, np.round(found, _DIGITS).tolist()))


def shifted(v: Vec3, by: float) -> Vec3:
    """All three moved by as much."""
    return v[0] + by, v[1] + by, v[2] + by
