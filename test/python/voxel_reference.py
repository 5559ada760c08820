"""What bricks must hold, computed in the plainest way: whole arrays, no tiles, no tricks."""

from __future__ import annotations

import numpy as np

from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, BrickKey, level_count


def _cells(level: np.ndarray) -> np.ndarray:
    """The 2x2x2 of each coarser voxel as a last axis of 8, NaN where there is no voxel; float64."""
    even = np.full([n + n % 2 for n in level.shape], np.nan)
    even[tuple(slice(n) for n in level.shape)] = level
    z, y, x = (n // 2 for n in even.shape)
    return even.reshape(z, 2, y, 2, x, 2).transpose(0, 2, 4, 1, 3, 5).reshape(z, y, x, 8)


def halved_mean(level: np.ndarray) -> np.ndarray:
    cells = _cells(level)
    cells[~np.isfinite(cells)] = np.nan
    count = np.isfinite(cells).sum(-1)
    with np.errstate(invalid="ignore"):
        mean = np.nansum(cells, -1) / np.where(count, count, np.nan)
    return np.floor(mean + 0.5).astype(level.dtype) if level.dtype.kind in "ui" else mean.astype(np.float32)


def halved_mode(level: np.ndarray) -> np.ndarray:
    cells = _cells(level)
    # How often each of the 8 is there (nothing is equal to NaN); of the most frequent the first.
    counts = (cells[..., :, None] == cells[..., None, :]).sum(-1)
    first = counts.argmax(-1)
    return np.take_along_axis(cells, first[..., None], -1)[..., 0].astype(level.dtype)


def pyramid(stored: np.ndarray, kind: str = "image") -> list[np.ndarray]:
    """All levels of a volume of stored values."""
    levels = [stored]
    for _ in range(1, level_count(stored.shape)):
        levels.append(halved_mode(levels[-1]) if kind == "labels" else halved_mean(levels[-1]))
    return levels


def brick(level: np.ndarray, key: BrickKey) -> np.ndarray:
    """66³ voxels of a level, by clamping each index to it."""
    axes = [
        np.clip(np.arange(-BRICK_HALO, BRICK_EDGE + BRICK_HALO) + i * BRICK_EDGE, 0, n - 1)
        for i, n in zip(key[1:4], level.shape, strict=True)
    ]
    return level[np.ix_(*axes)]


