"""The state of a neuroglancer viewer, JSON: an annotation layer for each of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.annotation import OrientedBox
from voxbeam.errors import FormatError
from voxbeam.formats.annotation_format import bounded, left_out
from voxbeam.formats.json_file import read_json
from voxbeam.formats.neuroglancer_properties import fields_of, properties_of
from voxbeam.formats.neuroglancer_space import TYPES, Space, turned
from voxbeam.formats.text_fields import cut

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voxbeam.annotation import Annotation
    from voxbeam.formats.annotation_format import Frame

_LOCAL = "local://annotations"
_SHADER = "void main() {\n  setColor(prop_color());\n}\n"
#: Which fields of each type hold its points.
_POINTS = {
    "point": ("point",), "line": ("pointA", "pointB"), "axis_aligned_bounding_box": ("pointA", "pointB"),
    "ellipsoid": ("center", "radii"),
}


def write(annotations: Sequence[Annotation], part: Path, frame: Frame) -> list[str]:
    """Write a state with nothing but annotations, to be opened or pasted as JSON."""
    space = Space.of_frame(frame)
    placed = [frame.place(one) for one in annotations]
    kept = [one for one in placed if one.kind in TYPES]
    dimensions, losses = space.dimensions()
    layers = {one.layer: one.layer or "annotations" for one in kept} or {"": "annotations"}
    state: dict[str, Any] = {"dimensions": dimensions, "layers": []}
    if kept:
        state["position"] = space.geometry(kept[0])[0].tolist()
    for key, name in layers.items():
        mine = [one for one in kept if one.layer == key]
        properties = properties_of(mine)
        losses += properties.losses()
        layer = {
            "type": "annotation", "name": name, "tab": "annotations", "shader": _SHADER,
            "source": {"url": _LOCAL, "transform": {"outputDimensions": dimensions}},
            "annotationProperties": [_spec(spec) for spec in properties.specs],
            "annotations": [_entry(one, space, properties.values(one), str(n)) for n, one in enumerate(mine, start=1)],
        }
        state["layers"].append(layer)
    part.write_text(json.dumps(state, ensure_ascii=False), "utf-8")
    boxes = left_out((one for one in placed if isinstance(one, OrientedBox)), "neuroglancer has none")
    return [*losses, *turned(kept), *boxes]


def _spec(spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "default": "#ffb000"} if spec["type"] == "rgb" else {**spec, "default": 0}


def _entry(one: Annotation, space: Space, values: list[Any], number: str) -> dict[str, Any]:
    kind = TYPES[one.kind]
    at = space.geometry(one).tolist()
    places = {"points": at} if kind == "polyline" else dict(zip(_POINTS[kind], at, strict=True))
    words = {"description": one.name} if one.name else {}
    return {"type": kind, "id": one.id or number, **places, **words, "props": values}


def read(path: Path, frame: Frame) -> tuple[list[Annotation], list[str]]:
    """Read the annotations that stand in the state itself; those that it names elsewhere are told."""
    said = read_json(path, "a state of neuroglancer")
    layers = said.get("layers")
    if not isinstance(layers, list):
        raise FormatError(f"{str(path)!r} has no list of layers.", "Is it the state of a neuroglancer viewer?")
    found: list[Annotation] = []
    losses: list[str] = []
    for layer in layers:
        if not isinstance(layer, dict) or layer.get("type") != "annotation":
            continue
        held = layer.get("annotations", [])
        if not held and _LOCAL not in json.dumps(layer.get("source", "")):
            losses.append(f"the layer {str(layer.get('name'))!r:.60} names annotations that lie elsewhere")
            continue
        bounded(path, len(found) + len(held))
        space = Space.of_dimensions(path, _dimensions(layer) or said.get("dimensions"), frame)
        found += [_read_one(path, layer, entry, space, frame) for entry in held]
    return found, losses


def _dimensions(layer: dict[str, Any]) -> Any:
    source = layer.get("source")
    source = source[0] if isinstance(source, list) and source else source
    transform = source.get("transform") if isinstance(source, dict) else None
    return transform.get("outputDimensions") if isinstance(transform, dict) else None


def _read_one(path: Path, layer: dict[str, Any], entry: Any, space: Space, frame: Frame) -> Annotation:
    which = entry.get("id", "?") if isinstance(entry, dict) else "?"
    try:
        kind = str(entry["type"]).lower()
        if kind not in (*_POINTS, "polyline"):
            raise ValueError(f"type is {kind[:40]!r}")
        at = np.array(entry["points"] if kind == "polyline" else [entry[name] for name in _POINTS[kind]], np.float64)
        if at.ndim != 2 or at.shape[1] != 3 or not np.isfinite(at).all():
            raise ValueError(f"points of shape {at.shape}")
        specs = layer.get("annotationProperties", [])
        common = {"name": cut(entry.get("description")), "volume": frame.name} | fields_of(specs, entry.get("props", []))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"{str(path)!r}, annotation {which!r:.60}: {type(error).__name__}: {error}."
        raise FormatError(text, "Is it complete, and of three dimensions?") from error
    return space.annotation(path, which, kind, at, common)
