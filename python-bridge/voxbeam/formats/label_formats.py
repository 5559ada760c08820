"""``rv.export_labels`` and ``rv.import_labels``: one way into and out of the formats of other programs."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from voxbeam.errors import FormatError, ParameterError, ShapeError, VoxbeamError, sentence
from voxbeam.formats import coco_labels, nifti_labels, ome_labels, precomputed_labels, slicer_labels, tiff_labels
from voxbeam.formats.choice import by_ending, by_name, must_exist
from voxbeam.formats.label_format import LabelFormat, Told
from voxbeam.formats.label_volume import LabelVolume, label_volume
from voxbeam.formats.lengths import checked_world
from voxbeam.formats.losses import tell
from voxbeam.formats.written import beside, target_of
from voxbeam.kept.kept_pyramid import NotKeptError
from voxbeam.keywords import refuse_unknown
from voxbeam.progress import Progress

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import DTypeLike

_PLACE = ("voxel_size", "origin", "unit")
_ALL = frozenset((*_PLACE, "names", "colors"))
_BYTES = ("uint8", "uint16", "uint32", "uint64")
#: The first whose ending fits is taken.
LABEL_FORMATS = (
    LabelFormat(
        "seg.nrrd", "3D Slicer segmentation", (".seg.nrrd", ".nrrd"), _ALL, _BYTES, slicer_labels.write, slicer_labels.read
    ),
    LabelFormat("nifti", "NIfTI", (".nii", ".nii.gz"), _ALL, _BYTES, nifti_labels.write, nifti_labels.read),
    LabelFormat("tiff", "OME-TIFF", (".tif", ".tiff"), _ALL, _BYTES[:3], tiff_labels.write, tiff_labels.read),
    LabelFormat("ome-zarr", "OME-Zarr labels", (".zarr",), _ALL, _BYTES, ome_labels.write, ome_labels.read),
    LabelFormat("coco", "COCO run lengths", (".json",), _ALL, _BYTES[:3], coco_labels.write, coco_labels.read),
    LabelFormat(
        "precomputed", "neuroglancer precomputed segmentation", (".precomputed",), _ALL - {"colors"}, _BYTES,
        precomputed_labels.write, precomputed_labels.read,
    ),
)
_ENDINGS = tuple(ending for one in LABEL_FORMATS for ending in one.endings)
_EXPORT = ("format", "name", "voxel_size", "origin", "unit", "classes", "dtype", "world", "overwrite", "progress")
_IMPORT = ("format", "name", "volume", "world")


def export_labels(
    labels: Any, path: str | os.PathLike[str], *, format: str | None = None, name: str | None = None,  # noqa: A002
    voxel_size: Any = None, origin: Any = None, unit: str | None = None, classes: Any = None, dtype: DTypeLike | None = None,
    world: str | None = None, overwrite: bool = False, progress: bool | Callable[[int, int], None] = True, **unknown: NoReturn,
) -> Path:
    """Write a label volume for another program. It is read part by part, and is there whole or not at all.

    Parameters
    ----------
    labels
        ``view.labels(name)``, a `LabelVolume`, an array of NumPy, Dask, Zarr or HDF5, or anything with ``shape``, ``dtype`` and
        ``labels[z0:z1, y0:y1, x0:x1]``. Its ``voxel_size``, ``origin``, ``unit`` and ``classes`` count where it has them.
    path
        Its ending says the format: ``.seg.nrrd``, ``.nii``, ``.nii.gz``, ``.tif``, ``.zarr``, ``.json`` (COCO),
        ``.precomputed``. The folder of an OME-Zarr image takes the labels in, under their name.
    format
        ``'seg.nrrd'``, ``'nifti'``, ``'tiff'``, ``'ome-zarr'``, ``'coco'`` or ``'precomputed'``, where the ending does not.
    voxel_size, origin, unit
        Edge lengths of a voxel and centre of the first one, z, y, x.
    classes
        Id -> name, or ``{"name": …, "color": "#rrggbb"}``.
    dtype
        Of the ids as they are written; one that does not fit is an error.
    world
        ``'LPS'`` or ``'RAS'``: where our x and y point, for formats that fix it (NIfTI: RAS; 3D Slicer: LPS). Left out,
        they are the format's own and nothing is turned.
    progress
        False: no bar; a function is called with the planes that are done and all of them.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ParameterError
        An id does not fit the dtype, `path` exists, or an argument cannot be used.
    FormatError
        It cannot be written.

    Warns
    -----
    LossWarning
        Names what the format does not keep.

    Examples
    --------
    >>> rv.export_labels(array, "tissue.seg.nrrd", voxel_size=(2, 1, 1), unit="mm", classes={1: "void"})  # doctest: +SKIP
    """
    refuse_unknown("export_labels", unknown, _EXPORT)
    volume = label_volume(labels, name=name, voxel_size=voxel_size, origin=origin, unit=unit, classes=classes, dtype=dtype)
    kind = _format(Path(path), format)
    place = Path(path).expanduser().absolute()
    if kind.name == "ome-zarr":
        place = ome_labels.place_of(place, volume.name)
        if ome_labels.in_image(place):
            place.parent.mkdir(exist_ok=True)
    target = target_of(place, overwrite=overwrite)
    if volume.dtype.name not in kind.dtypes:
        text = f"{kind.title} has no dtype {volume.dtype}; it has {', '.join(kind.dtypes)}."
        raise ParameterError(text, "Give one of them as dtype=; ids that do not fit are then told.")
    checked = checked_world(world)
    losses = kind.losses(volume)
    bar = Progress(f"Writing {target.name}") if progress is True else None
    update = bar.update if bar else progress if callable(progress) else lambda *_: None
    try:
        with bar or nullcontext(), beside(target) as part:
            told = Told(target, lambda planes: update(planes, volume.shape[0]))
            losses += kind.write(volume, part, checked, told)
    except NotKeptError as error:
        reason = error.message.rpartition(": ")[2]
        raise FormatError(f"{str(target)!r} cannot be written: {reason}", "Nothing was left of it.") from error
    finally:
        if kind.name == "ome-zarr" and target.parent.name == "labels":
            with suppress(OSError):  # it goes only where it is empty: what was to lie in it has failed
                target.parent.rmdir()
    if kind.name == "ome-zarr" and ome_labels.in_image(target):
        ome_labels.announce(target)
    tell(target, kind.title, losses)
    return target


def import_labels(
    path: str | os.PathLike[str], *, format: str | None = None, name: str | None = None, volume: Any = None,  # noqa: A002
    world: str | None = None, **unknown: NoReturn,
) -> LabelVolume:
    """Open labels that another program has written; voxels are read when they are needed, as far as the file allows.

    Parameters
    ----------
    path, format
        As for `export_labels`.
    name
        Of the labels; in an OME-Zarr image, which of them.
    volume
        What they are labels of (with ``shape``, ``voxel_size``, ``origin``, ``unit``): its shape must be theirs, and its place
        becomes theirs.
    world
        As for `export_labels`.

    Raises
    ------
    FormatError, SourceError
        The file is missing, truncated, of an unknown version, or not what its name says.
    ShapeError
        It is of another volume's shape.

    Examples
    --------
    >>> labels = rv.import_labels("tissue.seg.nrrd")  # doctest: +SKIP
    >>> labels[10:20].max(), labels.classes[1].name  # doctest: +SKIP
    (3, 'void')
    """
    refuse_unknown("import_labels", unknown, _IMPORT)
    place = Path(path).expanduser().absolute()
    kind = _format(place, format)
    must_exist(place)
    try:
        labels, losses = kind.read(place, checked_world(world), name)
    except VoxbeamError:
        raise
    except Exception as error:
        # What libraries raise for damaged bytes is as various as the bytes.
        text = f"{str(place)!r} cannot be read as {kind.title}: {type(error).__name__}: {sentence(error)}"
        raise FormatError(text, "Is it complete, and what its name says?") from error
    if labels.dtype.kind not in "bui":
        raise FormatError(f"{str(place)!r} holds {labels.dtype}, which are no labels.", "Labels are whole numbers.")
    if volume is not None:
        _take_place(labels, volume, place)
        losses = []
    if labels.source.times is not None:
        losses.append(f"the first of its {labels.source.times.count} time points is taken")
    tell(place, kind.title, losses)
    return labels


def _take_place(labels: LabelVolume, volume: Any, path: Path) -> None:
    """Lie where `volume` lies, whose labels they are."""
    shape = tuple(getattr(volume, "shape", ()))
    if shape != labels.shape:
        text = f"{str(path)!r} has shape {labels.shape}, and the volume {shape}."
        raise ShapeError(text, "Give the labels of this volume, or leave volume= out.")
    for what in _PLACE:
        if hasattr(volume, what):
            setattr(labels.source, what, getattr(volume, what))


def _format(path: Path, name: str | None) -> LabelFormat:
    if name is None and path.is_dir() and not path.name.lower().endswith(_ENDINGS):
        name = "precomputed" if (path / "info").is_file() else "ome-zarr"
    return by_ending(LABEL_FORMATS, path, "labels") if name is None else by_name(LABEL_FORMATS, name)
