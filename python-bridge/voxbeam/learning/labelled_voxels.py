"""The labelled voxels of an array of labels: where somebody has said what is there. 0 is where nobody has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.geometry import BRICK_EDGE, brick_grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape

#: The largest id that may be learnt: predictions are stored as bytes or 16-bit numbers.
MAX_CLASS = 65_535


@dataclass(frozen=True, eq=False)
class LabelledVoxels:
    """Labelled voxels in the order of the volume.

    Attributes
    ----------
    shape : tuple of int
        Of the volume, z, y, x.
    index : numpy.ndarray
        Places as numbers in C order, int64, rising.
    label : numpy.ndarray
        Their labels, int64, above 0.
    """

    shape: Shape
    index: NDArray[np.int64]
    label: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.index)

    @property
    def voxels(self) -> NDArray[np.int64]:
        """Places as rows z, y, x."""
        return np.stack(np.unravel_index(self.index, self.shape), axis=1).astype(np.int64)

    @property
    def counts(self) -> dict[int, int]:
        """How many there are of each class."""
        ids, counts = np.unique(self.label, return_counts=True)
        return {int(i): int(n) for i, n in zip(ids, counts, strict=True)}

    def take(self, chosen: NDArray[Any]) -> LabelledVoxels:
        """Some of them, by a mask or rising numbers."""
        return LabelledVoxels(self.shape, self.index[chosen], self.label[chosen])

    def replaced(self, boxes: Iterable[Box], others: LabelledVoxels) -> LabelledVoxels:
        """Those outside all `boxes`, and `others`, which lie in them."""
        outside = np.ones(len(self), bool)
        voxels = self.voxels
        for box in boxes:
            low, high = np.array(box).T
            outside &= ~((voxels >= low) & (voxels < high)).all(axis=1)
        index = np.concatenate([self.index[outside], others.index])
        label = np.concatenate([self.label[outside], others.label])
        index, first = np.unique(index, return_index=True)
        return LabelledVoxels(self.shape, index, label[first])

    def limited(self, most: int, seed: int) -> LabelledVoxels:
        """At most so many: of classes that have more than their share, some by chance."""
        if len(self) <= most:
            return self
        rng = np.random.default_rng(seed)
        left, chosen = most, []
        by_size = sorted(self.counts, key=lambda one: self.counts[one])
        for number, one in enumerate(by_size):
            places = np.flatnonzero(self.label == one)
            share = min(len(places), left // (len(by_size) - number))
            chosen.append(rng.choice(places, share, replace=False))
            left -= share
        return self.take(np.sort(np.concatenate(chosen)))


def gather(labels: Any, boxes: Iterable[Box] | None = None) -> LabelledVoxels:
    """Read the labelled voxels of an array-like of whole numbers, box by box.

    Parameters
    ----------
    labels
        Anything with `shape` that slices into arrays: NumPy, Dask, Zarr, or editable labels of an instance.
    boxes
        Where to look; everywhere where left out.

    Raises
    ------
    ParameterError
        Labels are no whole numbers, negative, or above 65,535.
    """
    shape: Shape = tuple(int(n) for n in labels.shape)  # type: ignore[assignment]
    dtype = getattr(labels, "dtype", None)
    if dtype is not None and np.dtype(dtype).kind not in "biu":
        raise ParameterError(f"The labels are {np.dtype(dtype)}.", "Give whole numbers; 0 is where nothing is labelled.")
    index, label = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for box in _slabs(shape) if boxes is None else boxes:
        block = np.asarray(labels[tuple(slice(*span) for span in box)])
        found = np.nonzero(block)
        if not len(found[0]):
            continue
        values = block[found].astype(np.int64)
        if values.min() < 0 or values.max() > MAX_CLASS:
            bad = int(values.min()) if values.min() < 0 else int(values.max())
            raise ParameterError(f"The labels have {bad}.", f"Classes are numbers from 1 to {MAX_CLASS:,}.")
        places = [part + low for part, (low, _) in zip(found, box, strict=True)]
        index.append(np.ravel_multi_index(places, shape).astype(np.int64))
        label.append(values)
    numbers, first = np.unique(np.concatenate(index), return_index=True)
    return LabelledVoxels(shape, numbers, np.concatenate(label)[first])


def _slabs(shape: Shape) -> Iterator[Box]:
    """Boxes of whole bricks, as long along x as there are, so that arrays in memory are read in their order."""
    grid = brick_grid(shape, 0)
    for z in range(grid[0]):
        for y in range(grid[1]):
            spans = [(i * BRICK_EDGE, min((i + 1) * BRICK_EDGE, n)) for i, n in zip((z, y), shape, strict=False)]
            yield spans[0], spans[1], (0, shape[2])
