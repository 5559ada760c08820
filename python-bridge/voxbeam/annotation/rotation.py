"""Rotations as unit quaternions x, y, z, w."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.annotation.checks import numbers, shown
from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voxbeam.geometry import Vec3

Quaternion = tuple[float, float, float, float]
UNROTATED: Quaternion = (0.0, 0.0, 0.0, 1.0)
#: A quaternion this near to length 1 stays as it is, bit for bit.
_UNIT = 1e-9
#: Axes whose cosine is above this are not perpendicular.
_ASKEW = 1e-6


def unit_quaternion(value: Any) -> Quaternion:
    """Four finite numbers, not all 0, brought to length 1."""
    found = numbers(value)
    length = math.hypot(*found) if len(found) == 4 else 0.0
    if not 0 < length < math.inf:
        raise ParameterError(f"rotation is {shown(value)}.", "Give a quaternion x, y, z, w; (0, 0, 0, 1) does not rotate.")
    x, y, z, w = found if abs(length - 1) <= _UNIT else (n / length for n in found)
    return x, y, z, w


def rotation_matrix(rotation: Quaternion) -> NDArray[np.float64]:
    """The matrix of shape (3, 3), world x, y, z; its columns are the rotated axes."""
    x, y, z, w = rotation
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])


def half_axes(radii: Vec3, rotation: Quaternion) -> tuple[Vec3, Vec3, Vec3]:
    """Three vectors x, y, z: the rotated axes, as long as the radii."""
    columns = (rotation_matrix(rotation) * np.asarray(radii)).T.tolist()
    first, second, third = ((x, y, z) for x, y, z in columns)
    return first, second, third


def radii_and_rotation(axes: Sequence[Vec3]) -> tuple[Vec3, Quaternion]:
    """Half lengths and rotation of three perpendicular vectors x, y, z.

    Raises
    ------
    ParameterError
        They are not perpendicular.
    """
    vectors = np.asarray(axes, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    units = vectors / lengths[:, None]
    if np.abs(units @ units.T - np.eye(3)).max() > _ASKEW:
        raise ParameterError("The axes are not perpendicular in the world.", "Give radii and a rotation.")
    if np.linalg.det(units) < 0:
        units[2] *= -1  # the same shape, and a rotation
    a, b, c = lengths.tolist()
    return (a, b, c), _quaternion(units.T)


def _quaternion(m: NDArray[np.float64]) -> Quaternion:
    """Of a rotation matrix, by its largest part: no division by what is nearly 0."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = m.tolist()
    squares = [1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz, 1 + xx + yy + zz]
    largest = squares.index(max(squares))
    rows = (
        (squares[0], xy + yx, xz + zx, zy - yz),
        (xy + yx, squares[1], yz + zy, xz - zx),
        (xz + zx, yz + zy, squares[2], yx - xy),
        (zy - yz, xz - zx, yx - xy, squares[3]),
    )
    return unit_quaternion(rows[largest])
