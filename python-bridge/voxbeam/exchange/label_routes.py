"""What can be asked of editable labels: what they are, a region of them, what has changed, and to write a region."""

from __future__ import annotations

import copy
import threading
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.exchange.answers import BYTES, Answer, RefusedError, nothing_here, said
from voxbeam.protocol import MAX_NAME_CHARS, MAX_READ_VOXELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxbeam.exchange.answers import Asked

Triple = tuple[int, int, int]


class LabelRoutes:
    """Routes of ``view.labels(name)``. Voxels travel as they lie in an array: z, y, x, little-endian, without a header."""

    def __init__(self, labels: Any) -> None:
        self._labels = labels
        self._writing = threading.Lock()

    def about(self) -> dict[str, Any]:
        """What these labels are, and the number of their last edit."""
        labels = self._labels
        return {
            "kind": "labels",
            "name": labels.name,
            "shape": list(labels.shape),
            "dtype": str(np.dtype(labels.dtype)),
            "voxel_size": list(labels.voxel_size),
            "origin": list(labels.origin),
            "unit": labels.unit,
            "classes": {str(label): {"name": one.name, "color": one.color} for label, one in labels.classes.items()},
            "seq": self._seq(),
        }

    def answer(self, asked: Asked) -> Answer:
        """Answer ``GET`` and ``PUT`` of a region, and ``GET`` of changes."""
        if asked.path == ("region",) and asked.method == "GET":
            return self._read(*self._region(asked))
        if asked.path == ("region",) and asked.method == "PUT":
            return self._write(asked, *self._region(asked))
        if asked.path == ("changes",) and asked.method == "GET":
            since = _number(asked, "since", 0)
            changes = self._labels.changes(since)
            boxes = [[list(box.start), list(box.stop)] for box in changes.boxes]
            return said({"since": since, "seq": changes.seq, "boxes": boxes})
        raise nothing_here(asked)

    def listen(self, tell: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Tell of each edit."""

        def told(change: Any) -> None:
            box = {"start": change.start and list(change.start), "stop": change.stop and list(change.stop)}
            fields = {name: getattr(change, name) for name in ("seq", "author", "label", "voxels", "undo")}
            tell({"event": "edited", **fields, **box})

        stop: Callable[[], None] = self._labels.on_change(told)
        return stop

    def _seq(self) -> int:
        return int(self._labels.changes(2**53 - 1).seq)

    def _read(self, start: Triple, stop: Triple) -> Answer:
        seq = self._seq()  # before the voxels: whoever asks for changes since then misses none
        voxels = self._labels[_slices(start, stop)]
        return Answer(_little(voxels).tobytes(), BYTES, {"Voxbeam-Seq": str(seq)})

    def _write(self, asked: Asked, start: Triple, stop: Triple) -> Answer:
        dtype = np.dtype(self._labels.dtype).newbyteorder("<")
        shape = tuple(b - a for a, b in zip(start, stop, strict=True))
        needed = prod(shape) * dtype.itemsize
        if len(asked.body) != needed:
            raise RefusedError(400, f"the body has {len(asked.body)} bytes; {shape} voxels of {dtype.name} have {needed}")
        voxels = np.frombuffer(asked.body, dtype).reshape(shape).astype(self._labels.dtype)
        author = asked.fields.get("author")
        if author is not None and not 0 < len(author) <= MAX_NAME_CHARS:
            raise RefusedError(400, f"author has {len(author)} characters; it has 1 to {MAX_NAME_CHARS}")
        with self._writing:
            if "since" in asked.fields:
                self._refuse_changed(_number(asked, "since", 0), start, stop)
            signed = self._labels
            if author is not None:
                signed = copy.copy(signed)
                signed._author = author  # noqa: SLF001  the same labels, in somebody else's hand
            differing = int(np.count_nonzero(signed[_slices(start, stop)] != voxels))
            if differing:
                signed[_slices(start, stop)] = voxels
            return said({"seq": self._seq(), "voxels": differing})

    def _refuse_changed(self, since: int, start: Triple, stop: Triple) -> None:
        changes = self._labels.changes(since)
        met = [box for box in changes.boxes if all(box.start[n] < stop[n] and start[n] < box.stop[n] for n in range(3))]
        if met:
            boxes = [[list(box.start), list(box.stop)] for box in met]
            raise RefusedError(409, f"{len(met)} regions here were changed after edit {since}", seq=changes.seq, boxes=boxes)

    def _region(self, asked: Asked) -> tuple[Triple, Triple]:
        start, stop = (_triple(asked, name) for name in ("start", "stop"))
        shape = self._labels.shape
        if any(not 0 <= a < b <= n for a, b, n in zip(start, stop, shape, strict=True)):
            raise RefusedError(400, f"the region from {start} to {stop} does not lie in labels of shape {tuple(shape)}")
        voxels = prod(b - a for a, b in zip(start, stop, strict=True))
        if voxels > MAX_READ_VOXELS:
            raise RefusedError(413, f"the region has {voxels} voxels; at once there may be {MAX_READ_VOXELS}")
        return start, stop


def _slices(start: Triple, stop: Triple) -> tuple[slice, ...]:
    return tuple(slice(a, b) for a, b in zip(start, stop, strict=True))


def _little(voxels: Any) -> Any:
    return np.ascontiguousarray(voxels, np.dtype(voxels.dtype).newbyteorder("<"))


def _number(asked: Asked, name: str, default: int) -> int:
    text = asked.fields.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise RefusedError(400, f"{name} is {text[:40]!r}; it is a number of an edit")
    return int(text)


def _triple(asked: Asked, name: str) -> Triple:
    text = asked.fields.get(name, "")
    parts = text.split(",")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 12 for part in parts):
        raise RefusedError(400, f"{name} is {text[:40]!r}; it is three voxels, z,y,x")
    z, y, x = map(int, parts)
    return z, y, x
