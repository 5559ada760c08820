"""Finds who can read an object: the kinds of this package first, then those that other packages register."""

from __future__ import annotations

import os
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxbeam.description import KINDS, triple
from voxbeam.errors import ParameterError, SourceError
from voxbeam.sources.nifti_source import open_nifti
from voxbeam.sources.numpy_source import open_numpy
from voxbeam.sources.source import Source
from voxbeam.sources.zarr_source import open_zarr

if TYPE_CHECKING:
    from collections.abc import Callable

#: An opener takes an object (a file comes as a Path) and returns a source, or None where the object is not of its kind.
Opener = "Callable[[Any], Source | None]"
ENTRY_POINT_GROUP = "voxbeam.sources"
OVERRIDES = ("name", "voxel_size", "unit", "origin", "kind")


def openers() -> list[Callable[[Any], Source | None]]:
    """Own kinds, then the entry points of group ``voxbeam.sources``."""
    return [open_nifti, open_zarr, open_numpy, *(entry.load() for entry in entry_points(group=ENTRY_POINT_GROUP))]


def open_source(volume: Any, **overrides: Any) -> Source:
    """A source for an array, an object that holds one, or a path.

    Parameters
    ----------
    volume
        `numpy.ndarray` or anything with ``__array__``, `zarr.Array` or `zarr.Group`, an image of nibabel, or the path of a
        Zarr, NIfTI or ``.npy`` file; a `Source` is returned as it is.
    **overrides
        ``name``, ``voxel_size``, ``unit``, ``origin`` and ``kind`` replace what the source says; None leaves it.

    Raises
    ------
    SourceError
        Nothing reads this object, or the file is missing, damaged or not what its name says.
    ShapeError
        It is not three-dimensional, or an axis is empty.
    """
    unknown = set(overrides) - set(OVERRIDES)
    if unknown:
        raise ParameterError(f"open_source does not know {sorted(unknown)}.", f"It takes {', '.join(OVERRIDES)}.")
    source = volume if isinstance(volume, Source) else _open(volume)
    for name, value in overrides.items():
        if value is not None:
            setattr(source, name, _checked(name, value))
    return source


def _checked(name: str, value: Any) -> Any:
    if name in ("voxel_size", "origin"):
        return triple(name, value, positive=name == "voxel_size")
    if name == "kind" and value not in KINDS:
        raise ParameterError(f"kind is {value!r}.", "Give 'image' or 'labels'.")
    return value


def _open(volume: Any) -> Source:
    if isinstance(volume, (str, os.PathLike)):
        volume = Path(volume).expanduser()
        if not volume.exists():
            raise SourceError(f"There is no file {str(volume)!r}.", f"The working directory is {str(Path.cwd())!r}.")
    for opener in openers():
        source = opener(volume)
        if source is not None:
            return source
    if isinstance(volume, Path):
        raise SourceError(f"No source reads {str(volume)!r}.", "Known are .zarr folders, .nii, .nii.gz and .npy files.")
    kind = f"{type(volume).__module__}.{type(volume).__qualname__}"
    raise SourceError(f"A volume cannot be read from a {kind}.", "Give an array, for example numpy.asarray(...), or a path.")
