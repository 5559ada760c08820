"""Deterministic volumes with structure at every scale, for figures that should not depend on empty space."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def make(side: int, dtype: str) -> np.ndarray:
    """Make a cube of `side` voxels, an axis: ripples in a ball, and noise of one part in sixteen."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    noise = np.random.default_rng(7).random((side, side), dtype=np.float32) / 16
    top = np.float32(65535) if dtype == "uint16" else np.float32(1)
    volume = np.empty((side, side, side), dtype)
    for index, z in enumerate(axis):
        radius = np.sqrt(z * z + axis[:, None] ** 2 + axis[None, :] ** 2)
        ripples = (np.cos(24 * radius) * 0.25 + 0.5) * (radius < 0.9)
        volume[index] = np.roll(noise, 13 * index, axis=1) * top + ripples * top * np.float32(0.9)
    return volume


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
