"""Prediction voxel by voxel: features of a block, and what a classifier makes of them. A block is all that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.geometry import Box
    from voxbeam.learning.block_reader import BlockReader
    from voxbeam.learning.features import Features

#: Rows that a classifier gets at once: between two of them prediction can be given up.
ROWS = 32_768


class Predictor(Protocol):
    """What a prediction asks, from several threads."""

    #: Labels by the number of their probability.
    classes: tuple[int, ...]

    def predict(self, box: Box, check: Callable[[], None]) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Labels and shade of the voxels of `box`; `check` raises where nobody wants them any more."""


@dataclass(frozen=True)
class PixelModel:
    """A fitted classifier with the features it was fitted to.

    Attributes
    ----------
    shade
        What is kept beside the label: the uncertainty for None, else the probability of that class.
    """

    features: Features
    model: Any
    classes: tuple[int, ...]
    shade: int | None = None

    def of_block(
        self, block: NDArray[np.float32], check: Callable[[], None] = lambda: None,
    ) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Labels and shade of the inner voxels of a block (channels, z, y, x)."""
        features = self.features.of_block(block)
        check()
        rows = features.reshape(len(features), -1)
        # Where nothing is but background, all rows are one row.
        other = np.flatnonzero((rows != rows[:, :1]).any(axis=0))
        probabilities = np.empty((rows.shape[1], len(self.classes)), np.float32)
        probabilities[...] = self._ask(rows[:, :1].T)
        for start in range(0, len(other), ROWS):
            check()
            chosen = other[start : start + ROWS]
            probabilities[chosen] = self._ask(rows[:, chosen].T)
        return shaded(probabilities.T.reshape(len(self.classes), *features.shape[1:]), self.classes, self.shade)

    def _ask(self, rows: NDArray[np.float32]) -> NDArray[Any]:
        found: NDArray[Any] = np.asarray(self.model.predict_proba(np.ascontiguousarray(rows)))
        return found


def shaded(
    probabilities: NDArray[np.float32], classes: tuple[int, ...], shade: int | None,
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Labels, and uncertainty or the probability of the class `shade` as bytes, of probabilities (classes, z, y, x).

    Uncertainty is 255 where the two likeliest classes are equally likely, 0 where one is certain.
    """
    label = np.asarray(classes, label_dtype(classes))[probabilities.argmax(axis=0)]
    if shade is not None:
        kept = probabilities[classes.index(shade)]
    elif len(classes) > 1:
        last = np.partition(probabilities, len(classes) - 2, axis=0)
        kept = 1 - (last[-1] - last[-2])
    else:
        kept = np.zeros(label.shape, np.float32)
    return label, np.floor(np.clip(kept, 0, 1) * 255 + 0.5).astype(np.uint8)


def label_dtype(classes: tuple[int, ...]) -> np.dtype[Any]:
    """The smallest dtype that holds all classes."""
    return np.dtype(np.uint8 if max(classes) <= 255 else np.uint16)


class PixelPredictor:
    """A classifier on an image that is read block by block.

    Parameters
    ----------
    image, model
        What is read, and what is asked.
    cluster
        A client of `distributed`: blocks go to its workers, and labels come back.
    """

    def __init__(self, image: BlockReader, model: PixelModel, cluster: Any = None) -> None:
        self.classes = model.classes
        self._image = image
        self._model = model
        self._cluster = cluster
        self._sent = cluster.scatter(model, broadcast=True) if cluster is not None else None

    def predict(self, box: Box, check: Callable[[], None] = lambda: None) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Labels and shade of the voxels of `box`."""
        reach = self._model.features.reach
        z, y, x = ((low - reach, high + reach) for low, high in box)
        block = self._image.read((z, y, x))
        check()
        if self._cluster is None:
            return self._model.of_block(block, check)
        future = self._cluster.submit(_of_block, self._sent, block, pure=False)
        try:
            while not _finished(future):
                check()
            found: tuple[NDArray[Any], NDArray[np.uint8]] = future.result()
            return found
        finally:
            future.cancel()


def _of_block(model: PixelModel, block: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    return model.of_block(block)


def _finished(future: Any) -> bool:
    from distributed import TimeoutError as LateError  # noqa: PLC0415  only with a cluster
    from distributed import wait  # noqa: PLC0415

    try:
        wait(future, timeout=0.25)
    except (LateError, TimeoutError):
        return False
    return True
