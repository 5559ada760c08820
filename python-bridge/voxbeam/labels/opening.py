"""Making labels that an instance holds, or finding those of a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from voxbeam.description import triple
from voxbeam.errors import ParameterError
from voxbeam.keywords import refuse_unknown
from voxbeam.labels.classes import Classes
from voxbeam.labels.painted import Labels
from voxbeam.protocol import FrameType, encode_control

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import DTypeLike
    from typing_extensions import Unpack

    from voxbeam.description import VolumeDescription
    from voxbeam.labels.wire import LabelWire
    from voxbeam.scene_map import SceneMap
    from voxbeam.volumes import Volume, VolumeTable

#: Seconds within which an instance answers that it has made them.
MADE_SECONDS = 30.0
_STORED = {"uint8": "u8", "uint16": "u16", "uint32": "u32"}


class LabelOptions(TypedDict, total=False):
    """What `open_labels` takes."""

    like: str | None
    shape: Sequence[int] | None
    dtype: DTypeLike | None
    voxel_size: float | Sequence[float] | None
    origin: float | Sequence[float] | None
    unit: str | None
    classes: Mapping[int, Any] | None


_OPTIONS = ("like", "shape", "dtype", "voxel_size", "origin", "unit", "classes")
_PLACE = ("shape", "voxel_size", "origin", "unit")


def open_labels(wire: LabelWire, table: VolumeTable, layers: SceneMap, name: str, **options: Unpack[LabelOptions]) -> Labels:
    """Labels of a name: those that are there, or new ones.

    Parameters
    ----------
    name
        Of the volume of labels.
    like
        Name of the volume whose shape and place they have; left out, those of the first image.
    shape, voxel_size, origin, unit
        In place of those: voxels, their edges, and the centre of the first, z, y, x.
    dtype
        ``uint8`` unless given, ``uint16`` or ``uint32``.
    classes
        What labels mean: ``{1: "void", 2: {"name": "matrix", "color": "#ffb000"}}``.

    Raises
    ------
    ParameterError
        The name is another volume's, or that of labels of another shape, place or dtype.
    """
    refuse_unknown("labels", {word: one for word, one in options.items() if word not in _OPTIONS}, _OPTIONS)
    if not isinstance(name, str) or not name:
        raise ParameterError(f"name is {name!r:.60}.", "Give the labels a name.")
    given: dict[str, Any] = {word: one for word, one in options.items() if one is not None}
    known = table.all().get(name)
    if known is None or not known.description.editable or given.keys() - {"classes"}:
        stored = _STORED.get(np.dtype(given.get("dtype", "uint8")).name)
        if stored is None:
            name_of = np.dtype(given["dtype"]).name
            raise ParameterError(f"dtype is {name_of}.", "Labels that are painted are uint8, uint16 or uint32.")
        model = _model(table.all(), name, given.get("like"), given.get("shape"))
        request = {"name": name, "dtype": stored, **_geometry(model, {word: given.get(word) for word in _PLACE})}
        wire.ask(lambda _: encode_control(FrameType.LABELS, request), key=name).result(MADE_SECONDS)
        known = table.all()[name]
    labels = Labels(wire, lambda: _handle(table, name), known.description, Classes(layers, name), volumes=table.all)
    if "classes" in given:
        labels.classes.set(given["classes"])
    return labels


def _model(volumes: Mapping[str, Volume], name: str, like: str | None, shape: Any) -> VolumeDescription | None:
    """The volume whose place new labels have."""
    if like is not None:
        if like not in volumes:
            known = ", ".join(map(repr, volumes)) or "none"
            raise ParameterError(f"The instance holds no volume called {like!r:.60}.", f"It has {known}.")
        return volumes[like].description
    if shape is not None:
        return None
    if name in volumes and volumes[name].description.editable:
        return volumes[name].description
    images = (volume.description for volume in volumes.values() if volume.description.kind == "image")
    model = next(images, None)
    if model is None:
        text = f"There is no image that the labels {name!r} could be of."
        raise ParameterError(text, "Render one first, or give shape=(z, y, x) and voxel_size=.")
    return model


def _geometry(model: VolumeDescription | None, given: dict[str, Any]) -> dict[str, Any]:
    """Shape and place as LABELS wants them: as given, else as the model's."""
    shape, voxel_size, origin, unit = given["shape"], given["voxel_size"], given["origin"], given["unit"]
    if model is not None:
        shape = model.shape if shape is None else shape
        voxel_size = model.voxel_size if voxel_size is None else voxel_size
        origin = model.origin if origin is None else origin
        unit = model.unit if unit is None else unit
    return {
        "shape": [int(n) for n in shape],
        "voxel_size": list(triple("voxel_size", 1.0 if voxel_size is None else voxel_size)),
        "origin": list(triple("origin", 0.0 if origin is None else origin)),
        "unit": unit or "",
    }


def _handle(table: VolumeTable, name: str) -> int:
    volume = table.all().get(name)
    if volume is None or not volume.description.editable:
        raise ParameterError(f"The instance holds no labels {name!r} any more.", "Make them again: instance.labels(…).")
    return volume.handle
