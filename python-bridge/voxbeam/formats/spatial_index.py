"""Which annotations a viewer of the whole sees, and which more when it looks closer: a grid with ever smaller cells."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Annotations of a cell, about.
LIMIT = 2000
MAX_LEVELS = 10


@dataclass(frozen=True)
class SpatialLevel:
    """One grid.

    Attributes
    ----------
    grid, chunk
        Cells along x, y, z, and how long one is.
    cells
        Indices of annotations by cell; one that several cells touch is in each of them.
    """

    grid: tuple[int, int, int]
    chunk: NDArray[np.float64]
    limit: int
    cells: dict[tuple[int, ...], list[int]]


def spatial_levels(
    low: NDArray[Any], high: NDArray[Any], lower: NDArray[np.float64], upper: NDArray[np.float64], limit: int = LIMIT,
) -> list[SpatialLevel]:
    """Share annotations out, each to one level: at each level about `limit` of the fullest cell, drawn by a fixed seed.

    Parameters
    ----------
    low, high
        Corners of the box around each, of shape (n, 3).
    lower, upper
        Corners of the box around all.
    """
    left = np.random.default_rng(0).permutation(len(low))
    extent = np.maximum(upper - lower, 1e-3)
    found: list[SpatialLevel] = []
    while not found or len(left):
        # The longest axes are cut first, so that cells are about as long as high.
        chunk = extent.max() / 2 ** len(found)
        grid = np.maximum(1, np.ceil(extent / chunk - 1e-9)).astype(int)
        size = extent / grid
        first = np.clip(((low[left] - lower) / size).astype(int), 0, grid - 1)
        last = np.clip(((high[left] - lower) / size).astype(int), 0, grid - 1)
        cells = [list(product(*(range(a, b + 1) for a, b in zip(*ends, strict=True)))) for ends in zip(first, last, strict=True)]
        counts: dict[tuple[int, ...], int] = {}
        for here in cells:
            for cell in here:
                counts[cell] = counts.get(cell, 0) + 1
        most = max(counts.values(), default=1)
        last_level = len(found) + 1 == MAX_LEVELS
        taken = len(left) if most <= limit or last_level else max(1, int(len(left) * limit / most))
        held: dict[tuple[int, ...], list[int]] = {}
        for index, here in zip(left[:taken].tolist(), cells[:taken], strict=True):
            for cell in here:
                held.setdefault(cell, []).append(index)
        x, y, z = (int(n) for n in grid)
        most_held = max((len(one) for one in held.values()), default=0)
        found.append(SpatialLevel((x, y, z), size, max(1, most_held), held))
        left = left[taken:]
    return found
