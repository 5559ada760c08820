"""Differences of a smoothed block, and the eigenvalues of symmetric 3x3 tensors made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Pairs of axes of a symmetric tensor: zz, yy, xx, zy, zx, yx.
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def _at(block: NDArray[np.float32], by: Sequence[int]) -> NDArray[np.float32]:
    """The block without its outermost voxels, shifted."""
    return block[tuple(slice(1 + step, n - 1 + step) for step, n in zip(by, block.shape, strict=True))]


def _step(axis: int, by: int, other: int | None = None, by_other: int = 0) -> list[int]:
    steps = [0, 0, 0]
    steps[axis] += by
    if other is not None:
        steps[other] += by_other
    return steps


def gradient(block: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Central differences along z, y, x; one voxel smaller on each side."""
    half = np.float32(0.5)
    return [(_at(block, _step(axis, 1)) - _at(block, _step(axis, -1))) * half for axis in range(3)]


def hessian(block: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Second differences zz, yy, xx, zy, zx, yx; one voxel smaller on each side."""
    twice = _at(block, (0, 0, 0)) * np.float32(2)
    found = [_at(block, _step(axis, 1)) - twice + _at(block, _step(axis, -1)) for axis in range(3)]
    for a, b in PAIRS[3:]:
        same = _at(block, _step(a, 1, b, 1)) + _at(block, _step(a, -1, b, -1))
        other = _at(block, _step(a, 1, b, -1)) + _at(block, _step(a, -1, b, 1))
        found.append((same - other) * np.float32(0.25))
    return found


def eigenvalues(tensor: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Eigenvalues of symmetric tensors zz, yy, xx, zy, zx, yx, largest first.

    By the trigonometric formula, with contiguous operands, so that equal tensors have equal eigenvalues anywhere.
    """
    zz, yy, xx, zy, zx, yx = (np.ascontiguousarray(part, np.float32) for part in tensor)
    third = np.float32(1 / 3)
    mean = (zz + yy + xx) * third
    zz, yy, xx = zz - mean, yy - mean, xx - mean
    spread = zz * zz + yy * yy + xx * xx + (zy * zy + zx * zx + yx * yx) * np.float32(2)
    radius = np.sqrt(spread * np.float32(1 / 6))
    safe = np.maximum(radius, np.float32(1e-30))
    zz, yy, xx, zy, zx, yx = zz / safe, yy / safe, xx / safe, zy / safe, zx / safe, yx / safe
    det = zz * (yy * xx - yx * yx) - zy * (zy * xx - yx * zx) + zx * (zy * yx - yy * zx)
    angle = np.arccos(np.clip(det * np.float32(0.5), np.float32(-1), np.float32(1))) * third
    twice = radius * np.float32(2)
    first = mean + twice * np.cos(angle)
    last = mean + twice * np.cos(angle + np.float32(2 * np.pi / 3))
    return [first, mean * np.float32(3) - first - last, last]
