"""Where each id lies: the first and last voxel along each axis, gathered part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box


class Runs(NamedTuple):
    """Stretches of equal ids along x: index of the line, first and behind the last voxel, id. Those of id 0 are left out."""

    line: NDArray[np.intp]
    start: NDArray[np.intp]
    stop: NDArray[np.intp]
    label: NDArray[Any]


def runs_of(block: NDArray[Any]) -> Runs:
    """Runs of a block, line by line in the order of its voxels.

    Examples
    --------
    >>> runs_of(np.array([[[0, 5, 5], [7, 0, 7]]])).label.tolist()
    [5, 7, 7]
    """
    flat = block.reshape(-1, block.shape[-1])
    width = flat.shape[1]
    begins = np.ones(flat.shape, bool)
    np.not_equal(flat[:, 1:], flat[:, :-1], out=begins[:, 1:])
    at = np.flatnonzero(begins)
    label = flat.reshape(-1)[at]
    behind = np.append(at[1:], flat.size)
    here = label != 0
    at, behind, label = at[here], behind[here], label[here]
    line = at // width
    return Runs(line, at - line * width, behind - line * width, label)


class Extents:
    """Boxes of ids."""

    def __init__(self) -> None:
        self._boxes: dict[int, list[list[int]]] = {}

    def add(self, box: Box, block: NDArray[Any]) -> None:
        """Count in the voxels of `box`."""
        runs = runs_of(block)
        if not runs.label.size:
            return
        (z0, _), (y0, y1), (x0, _) = box
        order = np.argsort(runs.label, kind="stable")
        labels = runs.label[order]
        first = np.flatnonzero(np.append(True, labels[1:] != labels[:-1]))
        z, y = np.divmod(runs.line[order], y1 - y0)
        lows = [np.minimum.reduceat(n, first) for n in (z + z0, y + y0, runs.start[order] + x0)]
        highs = [np.maximum.reduceat(n, first) for n in (z + z0, y + y0, runs.stop[order] - 1 + x0)]
        for number, label in enumerate(labels[first].tolist()):
            low, high = [int(n[number]) for n in lows], [int(n[number]) for n in highs]
            known = self._boxes.setdefault(int(label), [low, high])
            known[0] = [min(a, b) for a, b in zip(known[0], low, strict=True)]
            known[1] = [max(a, b) for a, b in zip(known[1], high, strict=True)]

    def ids(self) -> list[int]:
        """Ids that were met, in order."""
        return sorted(self._boxes)

    def of(self, label: int) -> tuple[list[int], list[int]] | None:
        """First and last voxel z, y, x of an id; None where there is none."""
        found = self._boxes.get(label)
        return (found[0], found[1]) if found else None
