"""What has changed in labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voxbeam.labels.runs import runs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from voxbeam.labels.painted import Labels
    from voxbeam.labels.regions import Region


@dataclass(frozen=True)
class LabelChange:
    """One edit of labels, by whomever.

    Attributes
    ----------
    seq
        Its number in the order in which all edits of these labels were applied; rises by 1.
    author
        Whose edit it is.
    label
        What was written; 0 erases. Of an edit that wrote many it says nothing.
    voxels
        How many have another label now.
    start, stop
        Box around these, z, y, x; None where no voxel changed.
    undo
        ``"undo"`` or ``"redo"`` where it took an edit back or did one again.
    """

    seq: int
    author: str
    label: int
    voxels: int
    start: tuple[int, int, int] | None
    stop: tuple[int, int, int] | None
    undo: str | None = None


def change_of(edited: dict[str, Any]) -> LabelChange:
    """What an EDITED message tells."""
    start, stop = edited["box"] or (None, None)
    return LabelChange(
        edited["seq"], edited["author"], edited["label"], edited["voxels"],
        start and tuple(start), stop and tuple(stop), edited.get("undo"),
    )


@dataclass(frozen=True)
class LabelChanges:
    """Where labels have changed since some edit: boxes, whose labels are read when they are asked for.

    Attributes
    ----------
    since, seq
        Edits after `since`, up to `seq`.
    boxes
        Where, as ``(start, stop)``.

    Examples
    --------
    >>> changes = labels.changes(since=seq)  # doctest: +SKIP
    >>> for region, values, lengths in changes.runs():  # doctest: +SKIP
    ...     send(region, values, lengths)
    >>> seq = changes.seq  # doctest: +SKIP
    """

    labels: Labels
    since: int
    seq: int
    boxes: tuple[Region, ...]

    def arrays(self) -> Iterator[tuple[Region, NDArray[Any]]]:
        """Each box with its labels as they are now."""
        for box in self.boxes:
            yield box, self.labels[box.slices]

    def runs(self) -> Iterator[tuple[Region, NDArray[np.uint32], NDArray[np.uint32]]]:
        """Each box with label and length of its runs, in z, y, x order."""
        for box, values in self.arrays():
            yield (box, *runs_of(values))

    def __len__(self) -> int:
        return len(self.boxes)
