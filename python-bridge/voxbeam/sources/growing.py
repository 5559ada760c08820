"""A volume that is written while it is shown: an acquisition that appends frames."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import KINDS, triple
from voxbeam.errors import ParameterError, ShapeError, SourceError
from voxbeam.sources.region import region_box
from voxbeam.sources.source import Changes, Source, volume_shape

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from voxbeam.description import Kind


class GrowingVolume(Source):
    """An array of the shape it will have in the end, written frame by frame. Made by :func:`growing`.

    What is written is seen by everyone who looks at it, at every level, some thirty milliseconds later. Safe from any thread.

    Attributes
    ----------
    frames : int
        How many have been appended.
    """

    changes: Changes

    def __init__(self, array: NDArray[Any], **said: Any) -> None:
        super().__init__(shape=volume_shape(array.shape), dtype=array.dtype, array=array, changes=Changes(), **said)
        self.frames = 0
        self._lock = threading.Lock()

    def append(self, frames: ArrayLike) -> int:
        """Write the next frame (y, x), or several (n, y, x); returns how many there are now.

        Raises
        ------
        ShapeError
            They are of another size, or more than the volume was declared for.
        """
        block = np.asarray(frames)
        block = block[None] if block.ndim == 2 else block
        if block.ndim != 3 or block.shape[1:] != self.shape[1:]:
            raise ShapeError(f"The frames have shape {block.shape}.", f"Each is {self.shape[1:]}.")
        with self._lock:
            first, last = self.frames, self.frames + len(block)
            if last > self.shape[0]:
                text = f"{self.name!r} was declared for {self.shape[0]} frames; these would make {last}."
                raise ShapeError(text, "Declare as many as may come: what does not come stays empty.")
            self._array()[first:last] = block
            self.frames = last
        self.changes.tell(((first, last), (0, self.shape[1]), (0, self.shape[2])))
        return last

    def __setitem__(self, index: Any, values: ArrayLike) -> None:
        """Write voxels anywhere: ``volume[z, y, x] = values``, by whole numbers and slices of step 1."""
        box = region_box(index, self.shape)
        self._array()[index] = values
        self.changes.tell(box)

    def __getitem__(self, index: Any) -> Any:
        """What has been written."""
        return self._array()[index]

    def _array(self) -> NDArray[Any]:
        if self.array is None:
            raise SourceError(f"{self.name!r} was closed.", "Make another: rv.growing(…).")
        return self.array


def growing(
    shape: Sequence[int],
    dtype: DTypeLike,
    *,
    path: str | os.PathLike[str] | None = None,
    name: str = "volume",
    voxel_size: float | Sequence[float] = 1.0,
    unit: str = "",
    origin: float | Sequence[float] = 0.0,
    kind: Kind = "image",
    window: tuple[float, float] | None = None,
) -> GrowingVolume:
    """A volume that is shown while it is acquired.

    Parameters
    ----------
    shape
        Frames that may come, and the rows and columns of each. A volume's shape cannot change while it is shown, so the final one
        is declared; frames that have not come are zero.
    dtype
        Of the voxels.
    path
        A raw file to write to, which is made or overwritten; left out, they are kept in memory, of which pages are taken as
        frames come.
    window
        Values of black and white at first. Before the first frame there is nothing to find them from.
    name, voxel_size, unit, origin, kind
        As for :func:`render_volume`.

    Examples
    --------
    >>> scan = growing((100, 4, 5), "uint16", window=(0, 4000))
    >>> scan.append([[7] * 5] * 4)
    1
    >>> int(scan[0, 0, 0]), scan.frames
    (7, 1)
    """
    whole, voxels = volume_shape(shape), np.dtype(dtype)
    if kind not in KINDS:
        raise ParameterError(f"kind is {kind!r}.", "Give 'image' or 'labels'.")
    array: NDArray[Any] = np.zeros(whole, voxels) if path is None else np.memmap(path, voxels, "w+", shape=whole)
    return GrowingVolume(
        array, name=name, voxel_size=triple("voxel_size", voxel_size, positive=True), unit=unit, origin=triple("origin", origin),
        kind=kind, window=window,
    )
