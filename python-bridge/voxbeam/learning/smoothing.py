"""Gaussian smoothing whose result at a voxel does not depend on what else is computed with it, to the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Reach of a Gaussian in multiples of its sigma.
TRUNCATE = 3.0


def gaussian_reach(sigma: float) -> int:
    """Voxels to each side that a Gaussian looks at."""
    return int(TRUNCATE * sigma + 0.5)


def smooth(block: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """`block` smoothed along z, y, x.

    Each output is made by the same operations in the same order, wherever the block begins: neither SIMD nor the size of the
    block changes a bit, which a matrix product or a transform would.

    Parameters
    ----------
    block
        Shape (z, y, x), with ``gaussian_reach(sigma)`` voxels around what is wanted.

    Returns
    -------
    numpy.ndarray
        What is wanted: smaller by the Gaussian's reach on each side.
    """
    reach = gaussian_reach(sigma)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / sigma) ** 2)
    weights = (weights / (weights[0] + 2 * weights[1:].sum())).astype(np.float32)
    for axis in range(3):
        block = _along(block, weights, axis)
    return block


def _along(block: NDArray[np.float32], weights: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    reach = len(weights) - 1
    count = block.shape[axis] - 2 * reach

    def shifted(by: int) -> NDArray[np.float32]:
        places = [slice(None)] * 3
        places[axis] = slice(reach + by, reach + by + count)
        return block[tuple(places)]

    out: NDArray[np.float32] = shifted(0) * weights[0]
    pair = np.empty_like(out)
    for by in range(1, reach + 1):
        np.add(shifted(-by), shifted(by), out=pair)
        np.multiply(pair, weights[by], out=pair)
        np.add(out, pair, out=out)
    return out
