"""Which points stand in which brick: an octree that halves the points, so that every brick exists and all are about as full."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import ceil, prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from voxbeam.geometry import BRICK_EDGE, BrickKey, Shape, brick_count, brick_grid, level_count
from voxbeam.points.even_sample import even_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Low z, y, x and high z, y, x in steps of the cloud's box.
Box = tuple[int, int, int, int, int, int]


@dataclass
class Octree:
    """The outcome.

    Attributes
    ----------
    shape
        Of the volume whose bricks these are.
    order
        Positions of the points, brick after brick.
    places
        Of each brick in `order`: start and end.
    boxes
        Of each brick with all finer ones under it.
    """

    shape: Shape
    order: NDArray[np.uint32]
    places: dict[BrickKey, tuple[int, int]] = field(default_factory=dict)
    boxes: dict[BrickKey, Box] = field(default_factory=dict)


def choose_shape(count: int, rows: int, extents: Sequence[float]) -> Shape:
    """The smallest grid of bricks, shaped like the cloud, that holds `count` points at `rows` a brick, as a volume's shape.

    Parameters
    ----------
    extents
        Edge lengths of the cloud along z, y, x, in any unit.
    """
    longest = max(extents)
    relative = [max(n / longest, 1e-3) if longest > 0 else 1.0 for n in extents]
    wanted = ceil(count / rows)
    low, high = 0.0, float(wanted) + 1.0

    def shape(scale: float) -> Shape:
        z, y, x = (BRICK_EDGE * max(ceil(scale * n), 1) for n in relative)
        return z, y, x

    for _ in range(48):
        middle = (low + high) / 2
        low, high = (low, middle) if brick_count(shape(middle)) >= wanted else (middle, high)
    return shape(high)


def build_octree(places: NDArray[np.uint32], shape: Shape, seed: int = 0) -> Octree:
    """Give each point its brick.

    Parameters
    ----------
    places
        (3, n) places z, y, x in steps of the cloud's box.
    shape
        From `choose_shape`.
    """
    tree = Octree(shape, np.empty(places.shape[1], np.uint32))
    everything = _Part(places, np.arange(places.shape[1], dtype=np.uint32))
    _Builder(tree, seed).place(BrickKey(level_count(shape) - 1, 0, 0, 0), everything)
    return tree


class _Part(NamedTuple):
    """Some of the points: (3, n) places and n positions."""

    places: NDArray[np.uint32]
    ids: NDArray[np.uint32]

    def without(self, taken: NDArray[np.int64]) -> _Part:
        rest = np.ones(len(self.ids), bool)
        rest[taken] = False
        return _Part(self.places.compress(rest, axis=1), self.ids.compress(rest))

    def cut(self, axis: int, count: int) -> tuple[_Part, _Part]:
        """The `count` points with the lowest places along an axis, and the others."""
        places, ids = self
        if 0 < count < len(ids):
            ranked = np.argpartition(places[axis], count)
            places, ids = places.take(ranked, axis=1), ids.take(ranked)
        return _Part(places[:, :count], ids[:count]), _Part(places[:, count:], ids[count:])


class _Builder:
    def __init__(self, tree: Octree, seed: int) -> None:
        self._tree = tree
        self._rng = np.random.default_rng(seed)
        self._grids = [brick_grid(tree.shape, level) for level in range(level_count(tree.shape))]
        self._filled = 0

    def place(self, key: BrickKey, part: _Part) -> None:
        """Take the brick's own points out, and hand the rest to its children."""
        tree, count = self._tree, len(part.ids)
        tree.boxes[key] = _box(part.places)
        # Each brick takes its share of what is under it, so that all end with as many and none with more than rows.
        own = even_sample(part.places, ceil(count / self._bricks_under(key)), self._rng) if key.level else np.arange(count)
        tree.order[self._filled : self._filled + len(own)] = part.ids[own]
        tree.places[key] = self._filled, self._filled + len(own)
        self._filled += len(own)
        if key.level:
            self._split(key, (), part.without(own))

    def _split(self, key: BrickKey, chosen: tuple[int, ...], part: _Part) -> None:
        """Cut along one axis at the rank that gives each side its share, then along the next; `chosen` are the sides so far."""
        axis = len(chosen)
        if axis == 3:
            self.place(BrickKey(key.level - 1, chosen[0], chosen[1], chosen[2]), part)
            return
        sides = self._sides(key, axis)
        if len(sides) == 1:
            self._split(key, (*chosen, sides[0]), part)
            return
        after = [self._sides(key, other) for other in range(axis + 1, 3)]
        shares = [
            sum(self._bricks_under(BrickKey(key.level - 1, *at)) for at in product(*((i,) for i in chosen), (side,), *after))
            for side in sides
        ]
        parts = part.cut(axis, ceil(len(part.ids) * shares[0] / sum(shares)))
        for side, piece in zip(sides, parts, strict=True):
            self._split(key, (*chosen, side), piece)

    def _sides(self, key: BrickKey, axis: int) -> list[int]:
        """The one or two places along an axis of the children of a brick."""
        at, n = key[1 + axis], self._grids[key.level - 1][axis]
        return [i for i in (2 * at, 2 * at + 1) if i < n]

    def _bricks_under(self, key: BrickKey) -> int:
        """Bricks of the subtree, its root included."""
        total = 0
        for level in range(key.level, -1, -1):
            scale = 2 ** (key.level - level)
            total += prod(min((at + 1) * scale, n) - at * scale for at, n in zip(key[1:4], self._grids[level], strict=True))
        return total


def _box(places: NDArray[np.uint32]) -> Box:
    if places.shape[1] == 0:
        return 0, 0, 0, 0, 0, 0
    z0, y0, x0 = places.min(axis=1).tolist()
    z1, y1, x1 = places.max(axis=1).tolist()
    return z0, y0, x0, z1, y1, x1
