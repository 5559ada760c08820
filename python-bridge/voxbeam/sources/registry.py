"""Finds who can read an object: the kinds of this package first, then those that other packages register."""

from __future__ import annotations

import logging
import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import KINDS, triple
from voxbeam.errors import ParameterError, SourceError, VoxbeamError, sentence
from voxbeam.sources.dask_source import open_dask
from voxbeam.sources.device_source import open_device
from voxbeam.sources.hdf5_source import open_hdf5
from voxbeam.sources.medical_source import open_medical
from voxbeam.sources.nifti_source import open_nifti
from voxbeam.sources.numpy_source import open_numpy
from voxbeam.sources.places import FileList, PlaceInFile, RawFile, Url, find_place, remedy_of
from voxbeam.sources.raw_source import open_raw
from voxbeam.sources.source import Source
from voxbeam.sources.tensorstore_source import open_tensorstore
from voxbeam.sources.tiff_source import open_tiff
from voxbeam.sources.time_series import with_times
from voxbeam.sources.zarr_source import open_zarr

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("voxbeam.sources")

#: An opener takes an object (a file comes as a Path, others as `places` says) and returns a source, several (one a channel), or
#: None where the object is not of its kind.
Opener = "Callable[[Any], Source | list[Source] | None]"
ENTRY_POINT_GROUP = "voxbeam.sources"
OVERRIDES = ("name", "voxel_size", "unit", "origin", "kind")
#: These are told which axis is which; what the others read says it itself.
_BY_AXES = (open_hdf5, open_zarr, open_tiff, open_raw, open_dask, open_device, open_numpy)
#: The last takes whatever turns into an array, so it comes last.
_OWN = (open_nifti, open_medical, open_tensorstore, open_hdf5, open_zarr, open_tiff, open_raw, open_dask, open_device)
#: What is known, for those whose file is not.
KNOWN = (
    "Known are HDF5 and NeXus, Zarr and OME-Zarr, TIFF and folders of it, NIfTI, NRRD, MHA, N5, neuroglancer precomputed, .npy "
    "and raw files."
)


def openers(volume: Any) -> list[Callable[..., Source | list[Source] | None]]:
    """Own kinds of files, then the entry points of group ``voxbeam.sources``, then arrays."""
    if type(volume) is np.ndarray:
        return [open_numpy]  # the most common, and nobody else's: it need not wait until all packages were looked through
    return [*_OWN, *_registered(), open_numpy]


def _registered() -> list[Callable[..., Any]]:
    """Openers of other packages; one that cannot be loaded leaves the others alone."""
    found = []
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            found.append(entry.load())
        except Exception:
            log.exception("the source %r of another package cannot be loaded", getattr(entry, "name", entry))
    return found


def open_source(volume: Any, *, axes: str | None = None, **overrides: Any) -> Source:
    """A source for an array, an object that holds one, or a path.

    Parameters
    ----------
    volume
        `numpy.ndarray` or anything with ``__array__`` or DLPack, arrays of Dask, Zarr and h5py, an image of nibabel, or the path
        or URL of a file, as :func:`voxbeam.open` takes it; a `Source` is returned as it is.
    axes
        Which axis of an array is which, such as ``'tzyx'``: t is time.
    **overrides
        ``name``, ``voxel_size``, ``unit``, ``origin`` and ``kind`` replace what the source says; None leaves it.

    Raises
    ------
    SourceError
        Nothing reads this object, or the file is missing, damaged or not what its name says.
    ShapeError
        It is not a three-dimensional volume, or an axis is empty.
    ParameterError
        It has several channels: `open_sources` gives them.
    """
    sources = open_sources(volume, axes=axes, **overrides)
    if len(sources) > 1:
        names = ", ".join(source.channel.name for source in sources if source.channel)
        raise ParameterError(f"The volume has {len(sources)} channels: {names}.", "open_sources gives one source for each.")
    return sources[0]


def open_sources(
    volume: Any, *, axes: str | None = None, time_step: float | None = None, time_unit: str | None = None, **overrides: Any,
) -> list[Source]:
    """The sources of an image's channels; a volume without channels has one. Parameters and errors are those of `open_source`.

    Parameters
    ----------
    axes
        Which axis of an array is which, such as ``'czyx'`` or ``'tczyx'``: t is time, c is channels.
    time_step, time_unit
        How far time points are apart.
    """
    unknown = set(overrides) - set(OVERRIDES)
    if unknown:
        raise ParameterError(f"open_source does not know {sorted(unknown)}.", f"It takes axes, {', '.join(OVERRIDES)}.")
    sources = _sources(volume, axes)
    for source in sources:
        with_times(source, step=time_step, unit=time_unit)
        for name, value in overrides.items():
            if value is not None:
                setattr(source, name, _checked(name, value))
    return sources


def _checked(name: str, value: Any) -> Any:
    if name in ("voxel_size", "origin"):
        return triple(name, value, positive=name == "voxel_size")
    if name == "kind" and value not in KINDS:
        raise ParameterError(f"kind is {value!r}.", "Give 'image' or 'labels'.")
    return value


def _sources(volume: Any, axes: str | None) -> list[Source]:
    listed = volume if isinstance(volume, list) and volume and all(isinstance(one, Source) for one in volume) else None
    if isinstance(volume, Source) or listed:
        if axes is not None:
            raise ParameterError(f"axes is {axes!r}, and a source says itself what its axes are.", "Leave axes out.")
        return listed or [volume]
    if hasattr(volume, "sources") and type(volume).__name__ in ("OpenedVolume", "LabelVolume"):
        return _sources(volume.sources, axes)
    if isinstance(volume, (str, os.PathLike)):
        volume = find_place(volume)
    for opener in openers(volume):
        try:
            found = opener(volume, axes) if opener in _BY_AXES else opener(volume)
        except VoxbeamError:
            raise
        except Exception as error:
            if not isinstance(volume, (Path, PlaceInFile, Url, RawFile, FileList)):
                raise
            # What libraries raise for damaged bytes is as various as the bytes.
            text = f"{str(volume)!r} cannot be read: {type(error).__name__}: {sentence(error)}"
            raise SourceError(text, remedy_of(volume, error)) from error
        if found is None:
            continue
        if axes is not None and opener not in _BY_AXES:
            raise ParameterError(f"axes is {axes!r}, and this file says itself what its axes are.", "Leave axes out.")
        return found if isinstance(found, list) else [found]
    if isinstance(volume, (Path, PlaceInFile, Url, RawFile)):
        raise SourceError(f"No source reads {str(volume)!r}.", KNOWN)
    if isinstance(volume, FileList):
        text = f"No source reads {len(volume.paths)} files such as {str(volume.paths[0])!r}."
        raise SourceError(text, "Stacks are of TIFF files.")
    kind = f"{type(volume).__module__}.{type(volume).__qualname__}"
    raise SourceError(f"A volume cannot be read from a {kind}.", "Give an array, for example numpy.asarray(...), or a path.")
