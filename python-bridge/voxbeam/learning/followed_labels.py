"""The labelled voxels of labels that change: read once, and then only where somebody has drawn."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from voxbeam.learning.accept import bricks_in
from voxbeam.learning.labelled_voxels import LabelledVoxels, gather

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voxbeam.geometry import Box

#: Voxels of a changed region that are read at once.
MAX_READ = 2**24


class FollowedLabels:
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
        self.read = [part for one in news.boxes for part in _parts(one)]
        found = gather(self._labels, self.read)
        self._known = found if self._known is None else self._known.replaced(self.read, found)
        self._since = int(news.seq)
        return self._known


def _parts(region: Any) -> Iterable[Box]:
    """A region, with `start` and `stop` along z, y, x, as boxes that may be read at once."""
    z, y, x = ((int(low), int(high)) for low, high in zip(region.start, region.stop, strict=True))
    box: Box = (z, y, x)
    return [box] if prod(high - low for low, high in box) <= MAX_READ else bricks_in(box)
