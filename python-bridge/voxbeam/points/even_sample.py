"""A spatially even part of some points: one of each cell of a grid in Morton order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bits of a cell's place along each axis.
BITS = 10
#: Points looked at for each one taken: an even sample of a larger sample is as even, and much cheaper.
CANDIDATES = 8


def even_sample(places: NDArray[np.uint32], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose `count` of the points so that they cover the space they are in.

    Parameters
    ----------
    places
        (3, n) places.
    count
        At most n.

    Returns
    -------
    array
        Positions of the chosen ones, rising.

    Notes
    -----
    Of the finest cells of which no more than `count` are occupied, each gives a point; what is then missing is taken from the
    cells of half the edge.
    """
    total = places.shape[1]
    if count >= total:
        return np.arange(total)
    tried = min(total, CANDIDATES * count)
    candidates = np.arange(total) if tried == total else rng.choice(total, tried, replace=False, shuffle=False)
    codes = morton(places[:, candidates])
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    finer = np.ones(tried, bool)
    for shift in range(0, 3 * BITS + 1, 3):
        cells = codes >> np.uint32(shift)
        first = np.ones(tried, bool)
        first[1:] = cells[1:] != cells[:-1]
        if (found := int(first.sum())) <= count:
            break
        finer = first
    pool = np.flatnonzero(finer & ~first)
    missing = count - found
    first[pool[(np.arange(missing) * len(pool)) // max(missing, 1)]] = True
    return np.sort(candidates[order[first]])


def morton(places: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The cells of (3, n) places, numbered so that neighbours in number are neighbours in space."""
    low = places.min(axis=1).astype(np.int64)
    span = max(int((places.max(axis=1) - low).max()), 1)
    code = np.zeros(places.shape[1], np.uint32)
    for axis in range(3):
        cell = (((places[axis] - low[axis]) * (2**BITS - 1)) // span).astype(np.uint32)
        code |= _spread(cell) << np.uint32(axis)
    return code


def _spread(n: NDArray[Any]) -> NDArray[np.uint32]:
    """Each bit three places from the next."""
    n = (n | (n << 16)) & np.uint32(0x030000FF)
    n = (n | (n << 8)) & np.uint32(0x0300F00F)
    n = (n | (n << 4)) & np.uint32(0x030C30C3)
    spread: NDArray[np.uint32] = (n | (n << 2)) & np.uint32(0x09249249)
    return spread
