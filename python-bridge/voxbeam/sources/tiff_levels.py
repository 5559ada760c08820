"""Smaller copies of the planes of a TIFF, as microscopes and slide scanners write them, as previews of coarser levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.geometry import level_count, level_shape
from voxbeam.sources.tiff_pages import TiffPages

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape


class StridedPlanes:
    """A level of planes that are smaller and not fewer: the one nearest to the middle of a voxel stands for it."""

    def __init__(self, pages: TiffPages, level: int, shape: Shape) -> None:
        self._pages = pages
        self._stride = 2**level
        self.shape = shape
        self.chunks = pages.chunks
        self.leading_chunks = pages.leading_chunks

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """Voxels of a box, plane by plane."""
        last = self._pages.shape[0] - 1
        planes = [min(z * self._stride + self._stride // 2, last) for z in range(*box[0])]
        return np.concatenate([self._pages.read(leading, ((z, z + 1), box[1], box[2])) for z in planes], axis=-3)


def planes_of_levels(path: Path, series: Any, letters: str, shape: Shape) -> dict[int, StridedPlanes]:
    """The levels of a series whose planes have the size of ours: halved and rounded up. Others are of no use."""
    found: dict[int, StridedPlanes] = {}
    ours = {level_shape(shape, level)[1:]: level for level in range(1, level_count(shape))}
    sizes = dict(zip(letters, series.shape, strict=True))
    for smaller in series.levels[1:]:
        said = dict(zip(letters, smaller.shape, strict=False))
        level = ours.get((said.get("Y", 0), said.get("X", 0)))
        alike = len(smaller.shape) == len(letters) and all(said[name] == n for name, n in sizes.items() if name not in "YX")
        if level is None or not alike or smaller.dtype != series.dtype or level in found:
            continue
        size = level_shape(shape, level)
        found[level] = StridedPlanes(TiffPages(path, smaller, letters, (shape[0], *size[1:])), level, size)
    return found
