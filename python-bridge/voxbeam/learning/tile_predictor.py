"""Prediction by a network that looks at tiles, which lie on one grid for the whole volume, however bricks are cut."""

from __future__ import annotations

import threading
from collections import OrderedDict
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.learning.pixel_predictor import shaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape
    from voxbeam.learning.block_reader import BlockReader
    from voxbeam.learning.onnx_model import OnnxModel

#: Bytes of results of tiles that are kept: neighbouring bricks need the same ones.
TILE_BYTES = 2**28


class TilePredictor:
    """Runs a network on the tiles that a box needs, and blends them where they overlap.

    Attributes
    ----------
    runs : int
        How many tiles the network has been given.
    """

    def __init__(self, image: BlockReader, model: OnnxModel, *, shade: int | None = None, keep_bytes: int = TILE_BYTES) -> None:
        self.classes = model.classes
        self.runs = 0
        self._image = image
        self._model = model
        self._shade = shade
        self._step: Shape = tuple(c - o for c, o in zip(model.core, model.overlap, strict=True))  # type: ignore[assignment]
        self._weights = [_ramp(c, o) for c, o in zip(model.core, model.overlap, strict=True)]
        self._kept: OrderedDict[Shape, NDArray[np.float32]] = OrderedDict()
        self._most = max(1, keep_bytes // (4 * len(self.classes) * int(np.prod(model.core))))
        self._making: dict[Shape, threading.Lock] = {}
        self._lock = threading.Lock()

    def predict(self, box: Box, check: Callable[[], None] = lambda: None) -> tuple[NDArray[Any], NDArray[np.uint8]]:
        """Labels and shade of the voxels of `box`."""
        return shaded(self.probabilities(box, check), self.classes, self._shade)

    def probabilities(self, box: Box, check: Callable[[], None] = lambda: None) -> NDArray[np.float32]:
        """Blended probabilities: float32 of shape (classes, z, y, x)."""
        size = tuple(high - low for low, high in box)
        total = np.zeros((len(self.classes), *size), np.float32)
        weight = np.zeros(size, np.float32)
        overlap = self._model.overlap
        # Tile k keeps [k * step - overlap, k * step + step): with its neighbour it shares the last `overlap` of that.
        spans = [range(low // s, (high - 1 + o) // s + 1) for (low, high), s, o in zip(box, self._step, overlap, strict=True)]
        for place in product(*spans):
            starts = [k * s - o for k, s, o in zip(place, self._step, overlap, strict=True)]
            cut = [
                (max(low, start), min(high, start + c))
                for (low, high), start, c in zip(box, starts, self._model.core, strict=True)
            ]
            if any(a >= b for a, b in cut):
                continue
            check()
            inside = tuple(slice(a - start, b - start) for (a, b), start in zip(cut, starts, strict=True))
            into = tuple(slice(a - low, b - low) for (a, b), (low, _) in zip(cut, box, strict=True))
            z, y, x = (ramp[part] for ramp, part in zip(self._weights, inside, strict=True))
            share = z[:, None, None] * y[None, :, None] * x[None, None, :]
            kept = self._tile((place[0], place[1], place[2]))
            total[:, into[0], into[1], into[2]] += kept[:, inside[0], inside[1], inside[2]] * share
            weight[into] += share
        return total / weight

    def _tile(self, place: Shape) -> NDArray[np.float32]:
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
            making = self._making.setdefault(place, threading.Lock())
        with making:
            with self._lock:
                if place in self._kept:
                    return self._kept[place]
            model = self._model
            starts = [k * s - o - h for k, s, o, h in zip(place, self._step, model.overlap, model.halo, strict=True)]
            z, y, x = ((start, start + t) for start, t in zip(starts, model.tile, strict=True))
            found = model.probabilities(self._image.read((z, y, x)))
            with self._lock:
                self.runs += 1
                self._kept[place] = found
                self._making.pop(place, None)
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        return found


def _ramp(size: int, overlap: int) -> NDArray[np.float32]:
    """Weights along an axis: rising over the overlap on one side, falling on the other."""
    rise = np.arange(1, overlap + 1, dtype=np.float32) / (overlap + 1)
    ramp = np.ones(size, np.float32)
    ramp[:overlap] = rise
    ramp[size - overlap :] = np.minimum(ramp[size - overlap :], rise[::-1])
    return ramp
