"""NIfTI files and the images of nibabel. Uncompressed files are mapped; ``.nii.gz`` is read once."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import SourceError
from voxbeam.sources.places import library
from voxbeam.sources.source import UNIT_SYMBOLS, Source, volume_shape
from voxbeam.sources.time_series import TimeSeries

if TYPE_CHECKING:
    from voxbeam.geometry import Vec3

SUFFIXES = (".nii", ".nii.gz")
#: Time units of the header, and the symbol a time label shows.
TIME_SYMBOLS = {"sec": "s", "msec": "ms", "usec": "µs"}
#: Intent code of a file whose values are indices of labels.
INTENT_LABEL = 1002


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
    return SourceError(f"{what} cannot be read as NIfTI: {error}", "Is it complete, and what its name says?")


def _from_image(image: Any, path: Path | None) -> Source:
    # Scaled integers stay integers: slope and intercept go into the description and the voxels are read in place.
    proxy = image.dataobj
    try:
        array = np.asanyarray(proxy.get_unscaled() if hasattr(proxy, "get_unscaled") else proxy)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _unreadable(path, error) from error
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    array = array.T
    times = array.shape[0] if array.ndim == 4 else None
    shape = volume_shape(array.shape if times is None else array.shape[1:], repr(str(path)) if path else "The image")
    header = image.header
    units, time_units = header.get_xyzt_units() if hasattr(header, "get_xyzt_units") else ("unknown", "unknown")
    source = Source(
        shape=shape,
        dtype=array.dtype,
        array=array if times is None else array[0],
        scale=float(getattr(proxy, "slope", 1.0)),
        offset=float(getattr(proxy, "inter", 0.0)),
        unit=UNIT_SYMBOLS.get({"mm": "millimeter"}.get(units, units), str(units)),
    )
    if "intent_code" in header and int(header["intent_code"]) == INTENT_LABEL:
        source.kind = "labels"
    source.voxel_size, source.origin, source.note = _placement(image)
    if path:
        source.name = path.name[: path.name.lower().rindex(".nii")]
        stat = path.stat()
        identity = f"{path.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"
        source.fingerprint = hashlib.sha256(identity.encode()).hexdigest()[:32]
        source.lasting = True
    if times is None:
        return source
    step = float(header.get_zooms()[3]) if len(header.get_zooms()) > 3 else 0.0
    unit = TIME_SYMBOLS.get(time_units, "")
    return TimeSeries(source, lambda time: replace(source, array=array[time]), Times(times, step if step > 0 else None, unit))


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
