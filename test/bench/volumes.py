"""Deterministic volumes with structure at every scale, for figures that should not depend on empty space."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voxbeam import cache
from voxbeam.compiled import loader

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


def machine_code() -> bool:
    """A cache of its own, with machine code that was compiled once for all runs; whether there is any."""
    folder = Path(tempfile.mkdtemp(prefix="voxbeam-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[cache.ENVIRONMENT] = str(folder)
    path = loader.image_path()
    if path is None:
        return False
    kept = Path(__file__).parents[2] / "out" / "code" / path.name
    if not kept.exists() and loader.compile_now(path):
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, kept)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kept.exists():
        shutil.copyfile(kept, path)
        path.chmod(0o600)
    return loader.kernels() is not None
