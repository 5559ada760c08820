"""TIFF, BigTIFF, OME-TIFF and ImageJ's stacks, and stacks of files. Plain ones are mapped, others read by tile, strip or file."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import ShapeError, VoxbeamError
from voxbeam.sources.chunked_source import ChunkedImage
from voxbeam.sources.numpy_source import array_sources
from voxbeam.sources.places import FileList, begins_with, file_fingerprint, inside_folder, library, natural_order, unreadable
from voxbeam.sources.source import volume_shape
from voxbeam.sources.tiff_facts import TiffFacts, axis_letters, leading_of, tiff_facts
from voxbeam.sources.tiff_levels import planes_of_levels
from voxbeam.sources.tiff_pages import TiffPages, TiffStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from voxbeam.sources.source import Source

SUFFIXES = (".tif", ".tiff", ".btf", ".tf8", ".tf2", ".ome.tif")
SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: A folder counts as a stack where it holds at least so many files of this kind, and no volume of another.
LEAST_FILES = 2


def open_tiff(volume: Any, axes: str | None = None) -> list[Source] | None:
    """Sources for a TIFF, or for files and folders of them that are the planes of a volume; None where it is neither."""
    if isinstance(volume, Path) and volume.is_dir():
        files = sorted((file for file in volume.iterdir() if file.suffix.lower() in SUFFIXES), key=natural_order)
        if len(files) < LEAST_FILES:
            return None
        volume = FileList(tuple(files), volume.resolve().name)
    if isinstance(volume, FileList):
        if any(path.suffix.lower() not in SUFFIXES for path in volume.paths):
            return None
        return open_tiff(volume.paths[0], axes) if len(volume.paths) == 1 else _stack(volume)
    if not isinstance(volume, Path) or not volume.is_file():
        return None
    if volume.suffix.lower() not in SUFFIXES and not begins_with(volume, *SIGNATURES):
        return None
    return _file(volume, axes)


def _file(path: Path, axes: str | None) -> list[Source]:
    tifffile = library("tifffile", "tiff", path)
    try:
        with _complaints() as complaints:
            tiff = tifffile.TiffFile(path)
            alone = _check_files(path, tiff.ome_metadata or "") <= {path.name}
            if not tiff.series:
                raise unreadable(path, "TIFF", "it has no images")
            series = tiff.series[0]
            letters = axis_letters(series.axes, axes, path)
            facts = tiff_facts(tiff, letters)
        if complaints:
            raise unreadable(path, "TIFF", complaints[0])
    except VoxbeamError:
        raise
    except Exception as error:  # a damaged file raises whatever its bytes lead to
        raise unreadable(path, "TIFF", error) from error
    shape = tuple(int(n) for n in series.shape)
    sizes = dict(zip(letters, shape, strict=True))
    if "Z" not in sizes and prod(n for letter, n in sizes.items() if letter not in "YXS") == 1:
        remedy = "Open the folder of its stack, or give the pixels as array[None]."
        raise ShapeError(f"{str(path)!r} is one plane of {shape}.", remedy)
    whole = volume_shape((sizes.get("Z", 1), sizes["Y"], sizes["X"]), repr(str(path)))
    leading = leading_of(sizes)
    pages = TiffPages(path, series, letters, whole)
    if pages.contiguous is not None:
        array = _ordered(pages.contiguous, letters, leading.names.upper())
        sources = array_sources(array, f"{leading.names}zyx", path.stem)
    else:
        levels = planes_of_levels(path, series, letters, whole)
        image = ChunkedImage({0: pages, **levels}, str(path), pages.dtype, "Is the file complete?")
        sources = image.sources(leading, {"name": path.stem, "levels": dict.fromkeys(levels, False)})
    _tell(sources, facts, file_fingerprint(path), alone=alone)
    return sources


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What the library only logs of a file whose pages are cut off, and then shows as a shorter one."""
    found: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "invalid page offset" in text:
            found.append("its list of pages is cut off")
        return record.levelno > logging.ERROR

    log = logging.getLogger("tifffile")
    log.addFilter(keep)
    try:
        yield found
    finally:
        log.removeFilter(keep)


def _ordered(array: NDArray[Any], letters: str, leading: str) -> NDArray[Any]:
    """The array with its leading axes, then z, y, x; axes of length 1 that are neither are left out."""
    wanted = f"{leading}ZYX"
    kept = [letter for letter in letters if letter in wanted]
    plain = array[tuple(slice(None) if letter in wanted else 0 for letter in letters)]
    ordered = plain.transpose([kept.index(letter) for letter in wanted if letter in kept])
    return ordered if "Z" in kept else np.expand_dims(ordered, -3)


def _tell(sources: list[Source], facts: TiffFacts, fingerprint: str, *, alone: bool = True) -> None:
    """What the file says, of all its channels; `alone`: it depends on no file that the fingerprint does not know."""
    for index, source in enumerate(sources):
        source.voxel_size, source.unit = facts.voxel_size, facts.unit
        source.fingerprint = f"{fingerprint}{index:x}"[-32:]
        source.lasting = alone
        facts.name_channel(source, index, len(sources))
        if source.times is not None and facts.time_step:
            source.times = Times(source.times.count, facts.time_step, facts.time_unit)


def _check_files(path: Path, ome: str) -> set[str]:
    """The files that metadata name; those outside the folder are refused."""
    names = set(re.findall(r'FileName\s*=\s*"([^"]*)"', ome))
    for name in sorted(names):
        inside_folder(path.parent / name, path.parent, f"The OME metadata of {str(path)!r}")
    return names


def _stack(files: FileList) -> list[Source]:
    """One file a plane."""
    tifffile = library("tifffile", "tiff", files.paths[0].parent)
    stack = TiffStack(files.paths, tifffile)
    image = ChunkedImage({0: stack}, str(files.paths[0].parent), stack.dtype, "Are all files complete and alike?")
    sources = image.sources(leading_of({}), {"name": files.name})
    latest = max(files.paths, key=lambda path: path.stat().st_mtime_ns)
    _tell(sources, stack.facts, file_fingerprint(latest, len(files.paths), sum(path.stat().st_size for path in files.paths)))
    return sources
