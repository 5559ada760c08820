"""Strokes: labelled voxels that hang together. What a model is judged by is whole strokes that it was not shown."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from voxbeam.geometry import Box
    from voxbeam.learning.labelled_voxels import LabelledVoxels

#: The half of the 26 neighbours that come later in the volume.
_LATER = [step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]
#: Labelled voxels of each class that are held out, where there are strokes enough.
HELD_OUT_SHARE = 0.2
#: Features are computed for boxes of at most so many voxels along an axis.
_CELL = 64


def find_strokes(voxels: LabelledVoxels) -> NDArray[np.int64]:
    """A number for each labelled voxel, equal where they touch, also by a corner, and are of one class; from 0 on."""
    from scipy.sparse import coo_array  # noqa: PLC0415  heavy
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    count = len(voxels)
    # One voxel of room on each side, so that no neighbour wraps around.
    wide = tuple(n + 2 for n in voxels.shape)
    places = np.ravel_multi_index(tuple(voxels.voxels.T + 1), wide).astype(np.int64)
    starts, ends = [], []
    for z, y, x in _LATER:
        wanted = places + (z * wide[1] + y) * wide[2] + x
        at = np.minimum(np.searchsorted(places, wanted), count - 1)
        touching = (places[at] == wanted) & (voxels.label[at] == voxels.label) if count else np.zeros(0, bool)
        starts.append(np.flatnonzero(touching))
        ends.append(at[touching])
    start, end = np.concatenate(starts), np.concatenate(ends)
    graph = coo_array((np.ones(len(start), np.int8), (start, end)), shape=(count, count))
    found: NDArray[Any] = connected_components(graph, directed=False)[1]
    return found.astype(np.int64)


def hold_out(label: NDArray[np.int64], stroke: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Which voxels to hold out: of each class whole strokes by chance, about a fifth of its voxels, never its last stroke."""
    rng = np.random.default_rng(seed)
    held = np.zeros(len(label), bool)
    for one in np.unique(label):
        mine = label == one
        ids, sizes = np.unique(stroke[mine], return_counts=True)
        order = rng.permutation(len(ids))[:-1]
        taken = 0
        for at in order:
            if taken >= HELD_OUT_SHARE * mine.sum() or taken + sizes[at] > 0.5 * mine.sum():
                continue
            held |= mine & (stroke == ids[at])
            taken += sizes[at]
    return held


def find_cells(voxels: LabelledVoxels) -> NDArray[np.int64]:
    """A number for each labelled voxel, equal in one class and one cell of 64³: stands for strokes where these are thinned."""
    key = np.concatenate([voxels.label[:, None], voxels.voxels // _CELL], axis=1)
    return np.unique(key, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


def stroke_boxes(voxels: LabelledVoxels, reach: int) -> Iterator[tuple[Box, NDArray[np.intp]]]:
    """Small boxes that hold all labelled voxels, each with the numbers of those in it: a stroke on a slice makes a flat one.

    Where many strokes lie in one cell of 64³, one box is less to read than all of theirs with `reach` voxels around each.
    """
    if not len(voxels):
        return
    cell = np.unique(voxels.voxels // _CELL, axis=0, return_inverse=True)[1].ravel()
    stroke = find_strokes(voxels)
    for members in _groups(cell):
        one = _box_of(voxels, members)
        parts = [(_box_of(voxels, members[part]), members[part]) for part in _groups(stroke[members])]
        if sum(_cost(box, reach) for box, _ in parts) < _cost(one, reach):
            yield from parts
        else:
            yield one, members


def _groups(number: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    order = np.argsort(number, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(number[order])) + 1)


def _box_of(voxels: LabelledVoxels, members: NDArray[np.intp]) -> Box:
    places = np.stack(np.unravel_index(voxels.index[members], voxels.shape), axis=1)
    z, y, x = ((int(low), int(high) + 1) for low, high in zip(places.min(axis=0), places.max(axis=0), strict=True))
    return z, y, x


def _cost(box: Box, reach: int) -> int:
    return prod(high - low + 2 * reach for low, high in box)
