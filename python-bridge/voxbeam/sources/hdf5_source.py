"""HDF5 and NeXus: contiguous datasets are mapped in place, chunked ones are read by whole chunks, filters included."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import SourceError
from voxbeam.sources.axes import leading_axes
from voxbeam.sources.chunked_source import NO_LEADING, ChunkedImage
from voxbeam.sources.hdf5_direct import DirectChunks, reads_directly
from voxbeam.sources.hdf5_file import Found, Hdf5File
from voxbeam.sources.hdf5_processes import readers
from voxbeam.sources.hdf5_reader_process import Place
from voxbeam.sources.nexus import default_dataset, voxel_facts
from voxbeam.sources.numpy_source import array_sources
from voxbeam.sources.places import PlaceInFile, begins_with, file_fingerprint, library
from voxbeam.sources.source import volume_shape
from voxbeam.warm_memory import block_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape
    from voxbeam.sources.chunked_source import ChunkedArray
    from voxbeam.sources.read_planner import Chunks
    from voxbeam.sources.source import Source

SUFFIXES = (".h5", ".hdf5", ".hdf", ".he5", ".nxs", ".nx", ".nx5", ".nexus", ".ims", ".ilp")
SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: Bytes a second that one processor decodes, below which several processes read. On two processors a fill of what decodes at
#: 35 MB/s takes two thirds of its time then, at 170 MB/s as long as without: one decodes anyway while the other cuts.
SLOW_RATE = 1.5e8
#: So much is read before the rate is believed.
MEASURED_BYTES = 2**20
#: Names of filters that errors use.
FILTERS = {
    307: "bzip2", 32001: "Blosc", 32004: "LZ4", 32008: "Bitshuffle", 32013: "ZFP", 32015: "Zstandard", 32017: "SZ",
    32026: "Blosc2",
}


def open_hdf5(volume: Any, axes: str | None = None) -> list[Source] | None:
    """Sources for an HDF5 file, a place in one, or a dataset of h5py; None where it is none of these."""
    if type(volume).__module__.partition(".")[0] == "h5py":
        volume = _of_h5py(volume)
    path = volume.path if isinstance(volume, PlaceInFile) else volume
    if not isinstance(path, Path) or not path.is_file() or not (path.suffix.lower() in SUFFIXES or begins_with(path, SIGNATURE)):
        return None
    file = Hdf5File(path)
    if isinstance(volume, PlaceInFile) and volume.inside.strip("/"):
        found, note, asked = _named(file, volume.inside), None, volume.inside
    else:
        found, note = default_dataset(file)
        asked = found.path if found.file is file else ""
    return _sources(found, path, axes, note, asked)


def _of_h5py(item: Any) -> PlaceInFile:
    """Files, groups and datasets of h5py are opened anew, by a handle of our own that nobody closes."""
    if not item:
        raise SourceError("The h5py object is closed.", "Open its file again, or give its path.")
    return PlaceInFile(Path(item.file.filename), item.name)


def _named(file: Hdf5File, inside: str) -> Found:
    found = file.find(f"/{inside}")
    if found is None:
        raise SourceError(f"{str(file.path)!r} has no {inside!r}.", file.listing())
    if isinstance(found.item, file.h5py.Dataset):
        return found
    within = f"/{inside.strip('/')}/"
    volumes = [(path, item) for path, item in file.datasets() if path.startswith(within) and item.ndim >= 3]
    largest = file.find(max(volumes, key=lambda held: held[1].size)[0]) if volumes else None
    if largest is None:
        raise SourceError(f"{inside!r} of {str(file.path)!r} is a group without volumes.", file.listing())
    return largest


def _sources(found: Found, path: Path, axes: str | None, note: str | None, asked: str) -> list[Source]:
    dataset, file = found.item, found.file
    where = f"{path}:{found.path}"
    file.check_storage(dataset)
    if dataset.shape is None or dataset.dtype.kind not in "biuf":
        raise SourceError(f"{where!r} has dtype {dataset.dtype}, which is no volume.", Hdf5File.listing(file))
    shape = tuple(int(n) for n in dataset.shape)
    ones = len(shape) - 3 if axes is None and all(n == 1 for n in shape[:-3]) else 0
    leading = leading_axes(shape, axes, repr(where))
    whole = volume_shape(shape[-3:] if leading is not None or ones else shape, repr(where))
    fields = {"name": path.stem, "note": note, **voxel_facts(found, asked)}
    fingerprint = file_fingerprint(file.path, found.path, shape, dataset.dtype.str)
    mapped = _mapped(found)
    if mapped is not None:
        sources = array_sources(mapped[(0,) * ones], axes, path.stem)
        for source in sources:
            for name, value in fields.items():
                setattr(source, name, value)
    else:
        _check_filters(found, where)
        chunks = dataset.chunks or (*(1,) * (len(shape) - 3), 1, *shape[-2:])
        z, y, x = (int(n) for n in chunks[-3:])
        level: ChunkedArray = _Dataset(dataset, whole, (z, y, x), tuple(int(n) for n in chunks[ones:-3]), ones, Place.of(dataset))
        if reads_directly(dataset):
            level = DirectChunks(dataset, ones)
        image = ChunkedImage({0: level}, where, np.dtype(dataset.dtype), "Is the file complete?")
        sources = image.sources(leading or NO_LEADING, fields)
    for index, source in enumerate(sources):
        source.fingerprint = f"{fingerprint}{index:x}"[-32:]
        source.lasting = not (dataset.is_virtual or dataset.external)  # those depend on other files too
    return sources


@dataclass
class _Dataset:
    """A dataset as a `ChunkedArray`: the library decodes to where a block stands; where that is slow, in several processes.

    Attributes
    ----------
    ones
        Leading axes of length 1, which are left out.
    place
        Where other processes find it; None where they do not.
    """

    array: Any
    shape: Shape
    chunks: Chunks
    leading_chunks: tuple[int, ...]
    ones: int
    place: Place | None = None
    _decoded: list[float] = field(default_factory=lambda: [0, 0.0])

    @property
    def slow(self) -> bool:
        """Whether its filters take long, as measured: bytes that were decoded here, and seconds of a processor for that."""
        decoded, seconds = self._decoded
        return decoded >= MEASURED_BYTES and decoded < SLOW_RATE * seconds

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """Voxels of a box, with the leading axes before them."""
        spans = [(part.start, min(part.stop, n)) for part, n in zip(leading, self.array.shape[self.ones :], strict=False)]
        spans += list(box)
        out = block_memory.take([*(1,) * self.ones, *(b - a for a, b in spans)], self.array.dtype)
        whole = [*((0, 1),) * self.ones, *spans]
        if self.place is None or not self.slow or not readers.read(self.place, whole, out):
            began = time.thread_time()
            self.array.read_direct(out, tuple(slice(*span) for span in whole))
            self._decoded[0] += out.nbytes
            self._decoded[1] += time.thread_time() - began
        found: NDArray[Any] = out[(0,) * self.ones]
        return found


def _mapped(found: Found) -> np.memmap[Any, Any] | None:
    """A contiguous dataset in place; no library stands between it and the threads then."""
    dataset = found.item
    offset = dataset.id.get_offset() if dataset.chunks is None and not dataset.is_virtual and not dataset.external else None
    if offset is None or dataset.dtype.hasobject:
        return None
    path = Path(dataset.file.filename)
    needed = offset + dataset.size * dataset.dtype.itemsize
    if path.stat().st_size < needed:
        text = f"{str(path)!r} has {path.stat().st_size:,} bytes; {dataset.name!r} ends at {needed:,}."
        raise SourceError(text, "The file is not complete.")
    return np.memmap(path, _plain(dataset.dtype), "r", offset, dataset.shape)


def _plain(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Without what h5py notes in a dtype, such as that bytes are an enumeration."""
    plain: np.dtype[Any] = np.dtype(dtype.str)
    return plain


def _check_filters(found: Found, where: str) -> None:
    """Refuse a dataset whose filters nobody here can undo, before a brick is wanted."""
    plist, h5z = found.item.id.get_create_plist(), found.file.h5py.h5z
    for index in range(plist.get_nfilters()):
        code, _, _, name = plist.get_filter(index)
        if h5z.filter_avail(code):
            continue
        words = FILTERS.get(code, name.decode("ascii", "replace") or "unknown")
        library("hdf5plugin", "hdf5", f"{where} (filter {code}, {words})")
        if not h5z.filter_avail(code):
            raise SourceError(f"{where!r} is written with the filter {code} ({words}).", "No plugin that is installed undoes it.")
