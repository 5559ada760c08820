"""What every source offers: where a volume's voxels are, and what the file or object says about them."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from voxbeam.description import Channel, Kind, Times
    from voxbeam.geometry import Box, Shape, Vec3
    from voxbeam.sources.read_planner import Chunks, ReadCounter

#: Unit names that files use, and the symbol a scale bar shows.
UNIT_SYMBOLS = {
    "angstrom": "Å",
    "nanometer": "nm",
    "micrometer": "µm",
    "micron": "µm",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "unknown": "",
}


class Changes:
    """Tells those who show an array which of its voxels have changed. Safe from any thread."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Box], None]] = []
        self._lock = threading.Lock()

    def listen(self, listener: Callable[[Box], None]) -> Callable[[], None]:
        """Call `listener` with the box of each change; returns what ends that."""
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def tell(self, box: Box) -> None:
        """Voxels in `box` are others now; an empty box is none."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners if all(high > low for low, high in box) else ():
            listener(box)


@dataclass(eq=False)
class Source:
    """A volume that can be read. Vectors are z, y, x.

    Attributes
    ----------
    shape, dtype : tuple of int, numpy.dtype
        Of level 0, as the source holds it.
    array : numpy.ndarray, optional
        Level 0 as an array that is read in place; a source without one is read by `read`.
    scale, offset : float
        ``value = voxel * scale + offset``, where the file says so.
    levels : mapping of int to bool
        Coarser levels the source holds itself, of the shape that the pyramid wants. True where it also states that they lie
        where the half-voxel rule puts them, so that they need not be made again.
    fingerprint : str
        Equal fingerprints mean equal voxels. An array, which anyone may write to, gets a new one each time.
    lasting : bool
        Whether the fingerprint is made of what a file is, so that it means the same voxels in another process.
    note : str, optional
        One sentence for people about what the source says that is not applied.
    times : Times, optional
        Its time points, where it has several; `at` gives each.
    channel : Channel, optional
        Which channel of an image it is.
    window, colormap : optional
        How it is shown at first, where the source says so.
    chunks : tuple, optional
        Of level 0 along z, y, x, where it is read by chunks.
    counter : ReadCounter, optional
        What was asked of it and read for that, where it is read by chunks.
    changes : Changes, optional
        Tells of voxels of `array` that change while they are shown.
    ranges_change : bool
        Whether what changes is read by `read`, so that the ranges of its bricks are not known before they are cut.
    dask : optional
        The array of Dask that it is, whose cluster may build levels and send bricks.
    label_metadata : mapping, optional
        What ids of labels mean, as the ``image-label`` metadata of OME-Zarr: written where these are.
    """

    shape: Shape
    dtype: np.dtype[Any]
    name: str = "volume"
    kind: Kind = "image"
    voxel_size: Vec3 = (1.0, 1.0, 1.0)
    unit: str = ""
    origin: Vec3 = (0.0, 0.0, 0.0)
    scale: float = 1.0
    offset: float = 0.0
    array: NDArray[Any] | None = None
    levels: Mapping[int, bool] = field(default_factory=dict)
    fingerprint: str = field(default_factory=lambda: uuid.uuid4().hex)
    lasting: bool = False
    note: str | None = None
    times: Times | None = None
    channel: Channel | None = None
    window: tuple[float, float] | None = None
    colormap: str | None = None
    chunks: Chunks | None = None
    counter: ReadCounter | None = None
    changes: Changes | None = None
    ranges_change: bool = False
    dask: Any = None
    label_metadata: Mapping[str, Any] | None = None

    def at(self, time: int) -> Source:
        """The volume at a time point, as a source without time points. Safe from several threads."""
        if time:
            raise IndexError(f"{self.name!r} has one time point; {time} was asked for")
        return self

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """Voxels of `level` in half-open ranges along z, y, x. Safe from several threads."""
        if self.array is None or level:
            raise NotImplementedError(f"{type(self).__name__} does not read level {level}")
        return self.array[tuple(slice(*span) for span in box)]

    def read_into(self, level: int, box: Box, out: NDArray[Any]) -> None:
        """Write what `read` gives to `out`, of any strides and dtype. Safe from several threads."""
        np.copyto(out, self.read(level, box), casting="unsafe")

    def rest(self) -> None:
        """Nobody shows it any more: let go of what was decoded. It can be read again."""


_RANK_REMEDIES = {
    2: "Add an axis: volume[None].",
    4: "Say which axis is which: axes='tzyx' for time points, axes='czyx' for channels; or choose three axes, such as volume[0].",
    5: "Say which axis is which: axes='tczyx'; or choose three axes, such as volume[0, 0].",
}


def volume_shape(shape: Sequence[int], what: str = "The volume") -> Shape:
    """`shape` as that of a volume.

    Raises
    ------
    ShapeError
        Where the rank is not 3 or an axis is empty.
    """
    if len(shape) != 3:
        remedy = _RANK_REMEDIES.get(len(shape), "Choose three axes z, y, x, such as volume[0].")
        raise ShapeError(f"{what} has {len(shape)} axes, shape {tuple(shape)}.", remedy)
    if not all(shape):
        raise ShapeError(f"{what} has an empty axis, shape {tuple(shape)}.", "Each axis needs at least one voxel.")
    return int(shape[0]), int(shape[1]), int(shape[2])
