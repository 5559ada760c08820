"""What a file, URL or array turned out to be: looked at before it is shown, and shown as it is."""

from __future__ import annotations

import html
from math import prod
from typing import TYPE_CHECKING, Any, NoReturn

from voxbeam.background_fill import size_words
from voxbeam.errors import ParameterError
from voxbeam.geometry import level_shape
from voxbeam.keywords import refuse_unknown
from voxbeam.sources.places import FileList, PlaceInFile, RawFile, Url, find_place
from voxbeam.sources.read_planner import describe_chunks
from voxbeam.sources.registry import open_sources

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import DTypeLike

    from voxbeam.description import Kind, Times
    from voxbeam.geometry import Shape, Vec3
    from voxbeam.sources.read_planner import Chunks
    from voxbeam.sources.source import Source

OPTIONS = (
    "axes", "shape", "dtype", "offset", "order", "name", "voxel_size", "unit", "origin", "kind", "channels", "time_step",
    "time_unit",
)


class OpenedVolume:
    """What :func:`open` found. Pass it to :func:`render_volume` or :func:`view`; nothing of it has been read as a whole.

    Attributes
    ----------
    shape : tuple of int
        Voxels along z, y, x.
    dtype : numpy.dtype
        As the source holds them.
    axes : str
        Such as ``'tczyx'``.
    voxel_size, origin : tuple of float
        Edge lengths of a voxel and centre of the first one, z, y, x, in `unit`.
    channels : list of str
        Their names; empty where there are none.
    times : Times, optional
        Time points.
    chunks : tuple, optional
        Along z, y, x; None where voxels are read in place or as one stream.
    levels : list of tuple
        Shapes of the levels that the source holds itself, the finest first.
    note : str, optional
        What is not applied, or slow, in words.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = list(sources)
        first = self.sources[0]
        self.name: str = first.name
        self.kind: Kind = first.kind
        self.shape: Shape = first.shape
        self.dtype: np.dtype[Any] = first.dtype
        self.voxel_size: Vec3 = first.voxel_size
        self.origin: Vec3 = first.origin
        self.unit: str = first.unit
        self.times: Times | None = first.times
        self.channels: list[str] = [source.channel.name for source in self.sources if source.channel]
        self.axes: str = f"{'t' if first.times else ''}{'c' if self.channels else ''}zyx"
        self.chunks: Chunks | None = first.chunks
        self.levels: list[Shape] = [level_shape(first.shape, level) for level in (0, *sorted(first.levels))]
        self.note: str | None = first.note

    @property
    def nbytes(self) -> int:
        """Bytes of all voxels of level 0."""
        return prod(self.shape) * self.dtype.itemsize * len(self.sources) * (self.times.count if self.times else 1)

    @property
    def amplification(self) -> float | None:
        """Bytes read for each byte asked of it until now; None where it is read in place."""
        counters = {id(source.counter): source.counter for source in self.sources if source.counter}
        asked = sum(counter.asked for counter in counters.values())
        return sum(counter.read for counter in counters.values()) / asked if asked else None

    def _rows(self) -> list[tuple[str, str]]:
        size = " × ".join(f"{n:g}" for n in self.voxel_size)
        rows = [
            ("shape", f"{' × '.join(map(str, self.shape))} ({self.axes})"),
            ("dtype", f"{self.dtype}, {size_words(self.nbytes)}"),
            ("voxel size", f"{size} {self.unit}".strip()),
        ]
        if any(self.origin):
            rows.append(("origin", " × ".join(f"{n:g}" for n in self.origin)))
        if self.times:
            step = f", {self.times.step:g} {self.times.unit} apart" if self.times.step else ""
            rows.append(("time points", f"{self.times.count}{step}"))
        if self.channels:
            rows.append(("channels", ", ".join(self.channels)))
        rows.append(("chunks", describe_chunks(self.chunks) if self.chunks else "none"))
        if len(self.levels) > 1:
            rows.append(("levels", ", ".join("×".join(map(str, shape)) for shape in self.levels)))
        if self.kind != "image":
            rows.append(("kind", self.kind))
        if self.note:
            rows.append(("note", self.note))
        return rows

    def __repr__(self) -> str:
        return "\n".join([f"<{self.name}>", *(f"  {name}: {value}" for name, value in self._rows())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{name}</th><td style="text-align:left">{html.escape(value)}</td></tr>'
            for name, value in self._rows()
        )
        return f"<table><caption><strong>{html.escape(self.name)}</strong></caption>{rows}</table>"


def open(  # noqa: A001  rv.open is what it is called
    volume: Any,
    *,
    axes: str | None = None,
    shape: Sequence[int] | None = None,
    dtype: DTypeLike | None = None,
    offset: int | None = None,
    order: str | None = None,
    name: str | None = None,
    voxel_size: float | Sequence[float] | None = None,
    unit: str | None = None,
    origin: float | Sequence[float] | None = None,
    kind: Kind | None = None,
    channels: Sequence[str] | None = None,
    time_step: float | None = None,
    time_unit: str | None = None,
    **unknown: NoReturn,
) -> OpenedVolume:
    """Open a volume and tell what it is, without reading it as a whole.

    Parameters
    ----------
    volume
        A path, such as ``'scan.h5'``, ``'scan.nxs:/entry/data'``, ``'planes/*.tif'``, ``'cells.zarr'`` or
        ``'precomputed://https://…'``; an array of NumPy, Dask, Zarr or h5py, or one with ``__array__`` or DLPack.
    axes
        Which axis is which where nothing else says it, such as ``'tzyx'`` or ``'czyx'``.
    shape, dtype, offset, order
        Of a raw file: voxels along z, y, x, their dtype, bytes before the first one, ``'C'`` (x fastest) or ``'F'``. Left out,
        a JSON file beside it says them.
    name, voxel_size, unit, origin, kind, time_step, time_unit
        Replace what the source says.
    channels
        Names of the channels.

    Raises
    ------
    SourceError
        It is missing, damaged, of no known kind, or needs a library that is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> found = open(np.zeros((4, 5, 6), "uint16"), voxel_size=(2, 1, 1), unit="µm")
    >>> found.shape, found.axes, found.voxel_size
    ((4, 5, 6), 'zyx', (2.0, 1.0, 1.0))
    """
    refuse_unknown("open", unknown, OPTIONS)
    given = {"shape": shape, "dtype": dtype, "offset": offset, "order": order}
    facts = {fact: value for fact, value in given.items() if value is not None}
    if facts:
        volume = _raw(volume, facts)
    sources = open_sources(
        volume, axes=axes, time_step=time_step, time_unit=time_unit, name=name, voxel_size=voxel_size, unit=unit, origin=origin,
        kind=kind,
    )
    if channels is not None:
        from voxbeam.sources.channels import name_channels  # noqa: PLC0415

        image = sources[0].name
        name_channels(sources, image, channels)
        for source in sources:
            source.name = image
    return OpenedVolume(sources)


def _raw(volume: str | os.PathLike[str], facts: dict[str, Any]) -> RawFile:
    place = find_place(volume) if isinstance(volume, str) or hasattr(volume, "__fspath__") else None
    if place is None or isinstance(place, (PlaceInFile, Url, FileList)):
        raise ParameterError(f"{', '.join(facts)} were given for {volume!r:.80}.", "They are for the path of a raw file.")
    return RawFile(place, facts)
