"""``rv.convert``: any source to OME-Zarr, in one reading, in bounded memory, taken up where it was left."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from voxbeam.conversion.native_mapping import native_mapping
from voxbeam.conversion.ome_metadata import attributes, axes_of
from voxbeam.conversion.zarr_writer import ZarrWriter, check_codec
from voxbeam.errors import ParameterError, SourceError
from voxbeam.geometry import level_count
from voxbeam.kept.folder_lock import FolderLock
from voxbeam.kept.journal import Journal
from voxbeam.kept.kept_pyramid import KeptPyramid
from voxbeam.keywords import refuse_unknown
from voxbeam.producer.voxels import ArrayVoxels, SourceVoxels, Voxels
from voxbeam.progress import Progress
from voxbeam.sources.registry import open_sources

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from voxbeam.conversion.native_mapping import NativeMapping
    from voxbeam.geometry import Box
    from voxbeam.sources import Source

#: Of what lies in a folder that is not whole: another form begins anew.
FORM = 1
_SCRATCH = "scratch"


def convert(
    volume: Any, path: str | os.PathLike[str], *, codec: str = "zstd", overwrite: bool = False,
    progress: bool | Callable[[int, int], None] = True, **unknown: NoReturn,
) -> Path:
    """Write a volume as OME-Zarr 0.5 (Zarr v3, sharded), with its pyramid, axes, units, channels and time points.

    The source is read once, along its chunks. Chunks are 64³, so that what a viewer needs is what it reads. Coarser levels are
    means, of labels the most frequent one, where the half-voxel rule puts them. It is written aside, into ``.NAME.part`` beside
    `path`, and takes its name when it is whole. A conversion of a file that was interrupted goes on where it was when it is
    called again.

    Memory: a few tiles a processor, decoded chunks in use (at most an eighth of the memory), whatever the volume. Disk: besides
    what is written, a seventh of one time point and channel while it is converted.

    Parameters
    ----------
    volume
        What `open` takes or gives; options of reading are its.
    path
        A folder that does not exist, such as ``'scan.ome.zarr'``.
    codec
        ``'zstd'``, ``'lz4'`` (sooner written and read, larger) or ``'none'``.
    overwrite
        Replace what is at `path` once the new one is whole.
    progress
        False: no bar; a function is called with the rows of tiles that are done and all of them.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    ParameterError
        `path` exists, or another process is writing it.
    SourceError
        Voxels cannot be read.
    NotKeptError
        The disk is full. What was written stays; called again it goes on.

    Examples
    --------
    >>> rv.convert("scan.h5:/entry/data", "scan.ome.zarr")  # doctest: +SKIP
    """
    refuse_unknown("convert", unknown, ("codec", "overwrite", "progress"))
    target = Path(path).expanduser().absolute()
    if target.exists() and not overwrite:
        raise ParameterError(f"{str(target)!r} exists.", "Give another path, or overwrite=True.")
    if not target.parent.is_dir():
        raise ParameterError(f"There is no folder {str(target.parent)!r}.", "Make it first.")
    check_codec(codec)
    sources = open_sources(volume)
    for source in sources:
        native_mapping(source)
    part = target.with_name(f".{target.name}.part")
    lock = FolderLock(part, mode=0o777)
    if not lock.take():
        raise ParameterError(f"{str(target)!r} is being written by another process.", "Wait for it, or give another path.")
    try:
        work = _Conversion(sources, part, codec)
        bar = Progress(f"Converting to {target.name}") if progress is True else None
        with bar or nullcontext():
            work.run(bar.update if bar else progress if callable(progress) else lambda *_: None)
        _make_visible(part, target)
    finally:
        lock.release()
    return target


class _Conversion:
    """A conversion in a folder, which may hold part of it already."""

    def __init__(self, sources: Sequence[Source], part: Path, codec: str) -> None:
        self._sources = sources
        self._part = part
        first = sources[0].at(0)
        self._levels = level_count(first.shape)
        self._mapping = native_mapping(first)
        _begin(part, _identity(sources, codec))
        axes = axes_of(sources)
        lengths = {"t": first_times(sources), "c": len(sources)}
        self._writer = ZarrWriter(
            part, first.shape, self._levels, self._mapping.dtype, leading=tuple(lengths[axis] for axis in axes[:-3]), axes=axes,
            codec=codec,
        )
        self._axes = axes

    def run(self, progress: Callable[[int, int], None]) -> None:
        """Write all volumes, then the metadata."""
        volumes = [(time, channel) for channel in range(len(self._sources)) for time in range(first_times(self._sources))]
        for number, (time, channel) in enumerate(volumes):

            def tell(done: int, rows: int, number: int = number) -> None:
                progress(number * rows + done, len(volumes) * rows)

            self._one(time, channel, tell)
        ranges = [self._range(channel) for channel in range(len(self._sources))]
        self._writer.describe(attributes(self._sources, self._levels, ranges))

    def _range(self, channel: int) -> tuple[float, float]:
        """Lowest and highest finite value of all time points, as the rows say."""
        lows, highs = [], []
        for time in range(first_times(self._sources)):
            for row in Journal(self._folder(time, channel) / "rows").read():
                for low, high in row.ranges.tolist() if row.level == 0 else ():
                    if low <= high:  # else none of a brick is finite
                        lows.append(low)
                        highs.append(high)
        return min(lows, default=0.0), max(highs, default=1.0)

    def _folder(self, time: int, channel: int) -> Path:
        return self._part / _SCRATCH / f"{time}-{channel}"

    def _one(self, time: int, channel: int, progress: Callable[[int, int], None]) -> None:
        folder = self._folder(time, channel)
        whole = folder / "whole"
        if whole.exists():
            return
        source = self._sources[channel].at(time)
        if source.shape != self._sources[0].shape or source.dtype != self._sources[0].dtype:
            text = f"Time point {time} of channel {channel} has shape {source.shape} and dtype {source.dtype}."
            raise SourceError(text, f"All must be like the first: {self._sources[0].shape}, {self._sources[0].dtype}.")
        at = tuple(time if axis == "t" else channel for axis in self._axes[:-3])
        mapping = native_mapping(source)

        def write(level: int, box: Box, voxels: Any) -> None:
            self._writer.write(at, level, box, voxels)

        pyramid = KeptPyramid(
            folder, source.shape, _plain(mapping), range(1, self._levels), range(self._levels), labels=source.kind == "labels",
            write=write,
        )
        finest: Voxels = SourceVoxels(source, 0, mapping) if source.array is None else ArrayVoxels(source.array, mapping)
        pyramid.build(lambda _level: finest, lambda *_: None, lambda: progress(pyramid.rows_done, pyramid.rows))
        for level in folder.glob("level-*"):
            level.unlink()
        whole.touch()


def _plain(mapping: NativeMapping) -> NativeMapping:
    """Of voxels that are scaled already."""
    return type(mapping)(mapping.stored, mapping.write_as)


def first_times(sources: Sequence[Source]) -> int:
    """Time points."""
    return sources[0].times.count if sources[0].times else 1


def _identity(sources: Sequence[Source], codec: str) -> str:
    """Equal ones can go on with each other's work."""
    prints = [source.fingerprint for source in sources]
    facts = (FORM, codec, prints, sources[0].kind, sources[0].shape, sources[0].dtype.str, sources[0].scale, sources[0].offset)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _begin(part: Path, identity: str) -> None:
    """Go on with what is there, or empty the folder."""
    note = part / _SCRATCH / "identity.json"
    try:
        same = json.loads(note.read_text("utf-8")) == identity
    except (OSError, ValueError):
        same = False
    if same:
        return
    for entry in part.iterdir():
        if entry.name != "lock":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    note.parent.mkdir()
    note.write_text(json.dumps(identity), "utf-8")


def _make_visible(part: Path, target: Path) -> None:
    """Give it its name, after what only the work needed is gone."""
    shutil.rmtree(part / _SCRATCH)
    for left in part.rglob("*.partial"):  # shards of a process that was ended
        left.unlink()
    (part / "lock").unlink()
    old = target.with_name(f".{target.name}.old")
    if target.exists():
        target.rename(old)
    part.rename(target)
    if old.exists():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
