"""The labelled voxels of labels that change: read once, and then only where somebody has drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam.learning.labelled_voxels import LabelledVoxels, gather

if TYPE_CHECKING:
    from voxbeam.geometry import Box


class LabelChanges:
    """Follows labels that tell what has changed since (`changes(since)`); of a plain array, everything is read each time."""

    def __init__(self, labels: Any) -> None:
        self._labels = labels
        self._known: LabelledVoxels | None = None
        self._since = 0
        #: Boxes read for the last `gather`; None: all.
        self.read: list[Box] | None = None

    def gather(self) -> LabelledVoxels:
        """All that is labelled now."""
        told = getattr(self._labels, "changes", None)
        if told is None:
            self.read = None
            return gather(self._labels)
        news = told(self._since)
        self.read = [_box(one) for one in news.boxes]
        found = gather(self._labels, self.read)
        self._known = found if self._known is None else self._known.replaced(self.read, found)
        self._since = int(news.seq)
        return self._known


def _box(corners: Any) -> Box:
    """``[[z0, y0, x0], [z1, y1, x1]]`` as ranges."""
    z, y, x = ((int(low), int(high)) for low, high in zip(*corners, strict=True))
    return z, y, x
