"""NIfTI files and the images of nibabel. Uncompressed files are mapped; ``.nii.gz`` is read once, when it is first needed."""

from __future__ import annotations

import zlib
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import SourceError, sentence
from voxbeam.sources.late_source import LateArray, LateSource
from voxbeam.sources.places import file_fingerprint, library
from voxbeam.sources.read_planner import layout_words
from voxbeam.sources.source import UNIT_SYMBOLS, Source, volume_shape
from voxbeam.sources.time_series import TimeSeries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Vec3

SUFFIXES = (".nii", ".nii.gz")
#: Time units of the header, and the symbol a time label shows.
TIME_SYMBOLS = {"sec": "s", "msec": "ms", "usec": "µs"}
#: Intent code of a file whose values are indices of labels.
INTENT_LABEL = 1002
#: Deflate makes nothing smaller than by this.
MOST_DEFLATED = 1032


def open_nifti(volume: Any) -> Source | None:
    """A source for a NIfTI path or a `nibabel` image, or None where it is neither."""
    if isinstance(volume, Path):
        if not volume.name.lower().endswith(SUFFIXES):
            return None
        nibabel = library("nibabel", "nifti", volume)
        try:
            image = nibabel.load(volume)
        except (nibabel.filebasedimages.ImageFileError, OSError, EOFError, ValueError, zlib.error) as error:
            raise _unreadable(volume, error) from error
        return _from_image(image, volume)
    if not (hasattr(volume, "dataobj") and hasattr(volume, "affine")):
        return None
    return _from_image(volume, None)


def _unreadable(path: Path | None, error: Exception) -> SourceError:
    what = repr(str(path)) if path else "The image"
    return SourceError(f"{what} cannot be read as NIfTI: {sentence(error)}", "Is it complete, and what its name says?")


def _from_image(image: Any, path: Path | None) -> Source:
    # Scaled integers stay integers: slope and intercept go into the description and the voxels are read in place.
    proxy = image.dataobj
    whole = _read_late(proxy, path) if path and path.name.lower().endswith(".gz") else _read(proxy, path)
    lengths = tuple(int(n) for n in proxy.shape)
    while len(lengths) > 3 and lengths[-1] == 1:
        lengths = lengths[:-1]
    lengths = lengths[::-1]
    count = lengths[0] if len(lengths) == 4 else None
    shape = volume_shape(lengths if count is None else lengths[1:], repr(str(path)) if path else "The image")
    header = image.header
    units, time_units = header.get_xyzt_units() if hasattr(header, "get_xyzt_units") else ("unknown", "unknown")
    times = None
    if count is not None:
        zooms = header.get_zooms()
        step = float(zooms[3]) if len(zooms) > 3 else 0.0
        times = Times(count, step if step > 0 else None, TIME_SYMBOLS.get(time_units, ""))
    said: dict[str, Any] = {
        "shape": shape,
        "scale": float(getattr(proxy, "slope", 1.0)),
        "offset": float(getattr(proxy, "inter", 0.0)),
        "unit": UNIT_SYMBOLS.get({"mm": "millimeter"}.get(units, units), str(units)),
    }
    if "intent_code" in header and int(header["intent_code"]) == INTENT_LABEL:
        said["kind"] = "labels"
    said["voxel_size"], said["origin"], said["note"] = _placement(image)
    if path:
        said["name"] = path.name[: path.name.lower().rindex(".nii")]
        said["fingerprint"], said["lasting"] = file_fingerprint(path), True
    if isinstance(whole, LateArray):
        words = layout_words(shape, None, prod(lengths) // prod(shape) * proxy.dtype.itemsize)
        said["note"] = " ".join(filter(None, [said["note"], words])) or None
        late = LateSource(whole, lambda held, time: held.reshape((count or 1, *shape))[time], **said, dtype=proxy.dtype)
        late.times = times
        return late
    array = whole.T.reshape(lengths)
    source = Source(**said, dtype=array.dtype, array=array if times is None else array[0])
    if times is None:
        return source
    return TimeSeries(source, lambda time: replace(source, array=array[time]), times)


def _read(proxy: Any, path: Path | None) -> NDArray[Any]:
    """Voxels along x, y, z as they are stored: mapped, where the file is not compressed."""
    try:
        return np.asanyarray(proxy.get_unscaled() if hasattr(proxy, "get_unscaled") else proxy)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _unreadable(path, error) from error


def _read_late(proxy: Any, path: Path) -> LateArray:
    """A compressed file, read when its first voxel is needed, along z, y, x.

    Raises
    ------
    SourceError
        It promises more voxels than a file of its size can hold.
    """
    needed, size = prod(int(n) for n in proxy.shape) * proxy.dtype.itemsize, path.stat().st_size
    if needed > size * MOST_DEFLATED:
        text = f"{str(path)!r} has {size:,} bytes, compressed; its header promises {needed:,} of voxels."
        raise SourceError(text, "Is it complete, and what its name says?")
    return LateArray(lambda: _read(proxy, path).T)


def _placement(image: Any) -> tuple[Vec3, Vec3, str | None]:
    """Voxel size and origin (z, y, x), and a note where the affine rotates or flips, which is not applied."""
    zooms = [float(zoom) if zoom > 0 else 1.0 for zoom in image.header.get_zooms()[:3]]
    size: Vec3 = (zooms[2], zooms[1], zooms[0])
    affine = image.affine
    if affine is None:
        return size, (0.0, 0.0, 0.0), None
    diagonal = np.diag(np.diag(affine[:3, :3]))
    if np.allclose(affine[:3, :3], diagonal, atol=1e-4 * max(zooms)) and (np.diag(diagonal) > 0).all():
        steps = np.diag(diagonal)
        x, y, z = (float(n) for n in affine[:3, 3])
        return (float(steps[2]), float(steps[1]), float(steps[0])), (z, y, x), None
    return size, (0.0, 0.0, 0.0), "The file's rotation or flip is not applied."
