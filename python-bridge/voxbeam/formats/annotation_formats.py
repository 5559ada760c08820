"""``rv.export_annotations`` and ``rv.import_annotations``: one way into and out of the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from voxbeam.annotation.base import Annotation
from voxbeam.description import triple
from voxbeam.errors import ParameterError
from voxbeam.formats import (
    geojson_annotations,
    napari_annotations,
    neuroglancer_state,
    own_annotations,
    precomputed_annotations,
    slicer_annotations,
)
from voxbeam.formats.annotation_format import AnnotationFormat, Frame
from voxbeam.formats.choice import by_ending, by_name, must_exist
from voxbeam.formats.lengths import checked_world
from voxbeam.formats.losses import tell
from voxbeam.formats.written import beside, target_of
from voxbeam.keywords import refuse_unknown

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

_ALL = frozenset(("names", "labels", "colors", "props", "layers"))
#: The first whose ending fits is taken.
ANNOTATION_FORMATS = (
    AnnotationFormat(
        "slicer", "3D Slicer markups", (".mrk.json",), frozenset(("names", "labels", "colors")), slicer_annotations.write,
        slicer_annotations.read,
    ),
    AnnotationFormat("geojson", "GeoJSON", (".geojson",), _ALL, geojson_annotations.write, geojson_annotations.read),
    AnnotationFormat("napari", "napari CSV", (".csv",), _ALL - {"layers"}, napari_annotations.write, napari_annotations.read),
    AnnotationFormat(
        "neuroglancer", "neuroglancer state", (".ng.json", ".neuroglancer.json"), _ALL, neuroglancer_state.write,
        neuroglancer_state.read,
    ),
    AnnotationFormat(
        "precomputed", "neuroglancer precomputed annotations", (".precomputed",), frozenset(("labels", "colors", "props")),
        precomputed_annotations.write, precomputed_annotations.read,
    ),
    AnnotationFormat("json", "voxbeam's own JSON", (".json",), _ALL, own_annotations.write_json, own_annotations.read),
    AnnotationFormat("arrow", "voxbeam's own Arrow", (".arrow",), _ALL, own_annotations.write_arrow, own_annotations.read),
)
_EXPORT = ("format", "volume", "world", "overwrite")
_IMPORT = ("format", "volume", "world")


def export_annotations(
    annotations: Iterable[Annotation], path: str | os.PathLike[str], *, format: str | None = None, volume: Any = None,  # noqa: A002
    world: str | None = None, overwrite: bool = False, **unknown: NoReturn,
) -> Path:
    """Write annotations for another program. The file is there whole or not at all.

    Parameters
    ----------
    annotations
        ``view.annotations``, some of them, or a list of new ones.
    path
        Its ending says the format: ``.mrk.json`` (3D Slicer), ``.geojson``, ``.csv`` (napari), ``.ng.json`` (neuroglancer's
        state), ``.precomputed`` (a folder for neuroglancer); ``.json`` and ``.arrow`` are our own.
    format
        ``'slicer'``, ``'geojson'``, ``'napari'``, ``'neuroglancer'``, ``'precomputed'``, ``'json'`` or ``'arrow'``, where the
        ending does not say it.
    volume
        In whose voxels the format counts, and whose unit the world has: what `open` gave, or anything with ``shape``,
        ``voxel_size``, ``origin`` and ``unit``. Left out, it is the instance's first volume.
    world
        ``'LPS'`` or ``'RAS'``: where our x and y point, for 3D Slicer; left out, nothing is turned.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ParameterError
        `path` exists, the format counts in voxels and no volume is known, or an argument cannot be used.

    Warns
    -----
    LossWarning
        Names what the format does not keep.

    Examples
    --------
    >>> rv.export_annotations(view.annotations, "landmarks.mrk.json")  # doctest: +SKIP
    """
    refuse_unknown("export_annotations", unknown, _EXPORT)
    kind = _format(Path(path), format)
    target = target_of(path, overwrite=overwrite)
    frame = _frame(volume if volume is not None else _first_volume(annotations), world)
    held = list(annotations)
    for one in held:
        if not isinstance(one, Annotation):
            raise ParameterError(f"{one!r:.80} is a {type(one).__name__}.", "Give annotations, such as view.annotations.")
    with beside(target) as part:
        losses = kind.losses(held) + kind.write(held, part, frame)
    tell(target, kind.title, losses)
    return target


def import_annotations(
    path: str | os.PathLike[str], *, format: str | None = None, volume: Any = None, world: str | None = None,  # noqa: A002
    **unknown: NoReturn,
) -> list[Annotation]:
    """Read annotations that another program has written; ``view.annotations.extend`` adds them.

    Parameters
    ----------
    path, format, volume, world
        As for `export_annotations`. Without a volume, what a file says of its unit counts: 3D Slicer mm, neuroglancer nm.

    Raises
    ------
    FormatError
        The file is missing, truncated, of an unknown version, or holds what could not be shown; the text says which one.

    Examples
    --------
    >>> view.annotations.extend(rv.import_annotations("landmarks.mrk.json", volume=scan))  # doctest: +SKIP
    """
    refuse_unknown("import_annotations", unknown, _IMPORT)
    place = Path(path).expanduser().absolute()
    kind = _format(place, format)
    must_exist(place)
    found, losses = kind.read(place, _frame(volume, world))
    tell(place, kind.title, losses)
    return found


def _first_volume(annotations: Any) -> Any:
    """The first volume of the instance whose annotations they are."""
    find = getattr(annotations, "_find_volume", None)
    return find(None) if callable(find) else None


def _frame(volume: Any, world: str | None) -> Frame:
    checked = checked_world(world)
    volume = getattr(volume, "description", volume)
    if volume is None:
        return Frame(world=checked)
    name = getattr(volume, "name", None)
    return Frame(
        triple("volume.voxel_size", getattr(volume, "voxel_size", 1.0), positive=True),
        triple("volume.origin", getattr(volume, "origin", 0.0)), str(getattr(volume, "unit", "") or ""),
        getattr(volume, "shape", None), name if isinstance(name, str) else None, given=True, world=checked,
    )


def _format(path: Path, name: str | None) -> AnnotationFormat:
    return by_ending(ANNOTATION_FORMATS, path, "annotations") if name is None else by_name(ANNOTATION_FORMATS, name)
