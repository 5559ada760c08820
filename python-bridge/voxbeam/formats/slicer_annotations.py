"""Markups of 3D Slicer, ``.mrk.json`` 1.0.3: lists of points, lines, curves and regions, in LPS and millimetres."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.annotation import Box, Ellipsoid, Line, OrientedBox, Point, Polygon, Polyline
from voxbeam.annotation.checks import numbers
from voxbeam.annotation.paths import Path as PointPath
from voxbeam.annotation.rotation import radii_and_rotation, rotation_matrix
from voxbeam.errors import FormatError, ParameterError
from voxbeam.formats.annotation_format import bounded, left_out, made
from voxbeam.formats.json_file import read_json
from voxbeam.formats.label_class import LabelClass, hex_color
from voxbeam.formats.lengths import factor, signed, signs
from voxbeam.formats.text_fields import cut

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voxbeam.annotation import Annotation
    from voxbeam.formats.annotation_format import Frame

SCHEMA = "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/markups-schema-v1.0.3.json#"
_TYPES = {"line": "Line", "polyline": "Curve", "polygon": "ClosedCurve", "box": "ROI", "oriented_box": "ROI"}
_KNOWN = "markups-schema-v1."
#: Own types of Slicer whose points are a list.
_PATHS: dict[str, Any] = {"Line": Line, "Curve": Polyline, "ClosedCurve": Polygon, "Angle": Polyline}


class _Space:
    """Between our world and that of a markup."""

    def __init__(self, frame: Frame, system: str, unit: str) -> None:
        self.by = factor(frame.unit or unit, unit) or 1.0
        self.sign = signs(frame.world or "LPS", "RAS" if system == "RAS" else "LPS")

    def out(self, point: Sequence[float]) -> list[float]:
        return [n * self.by + 0.0 for n in signed(point, self.sign)]

    def back(self, point: Any) -> tuple[float, float, float]:
        x, y, z = numbers(point)
        return signed((x / self.by, y / self.by, z / self.by), self.sign)


def write(annotations: Sequence[Annotation], part: Path, frame: Frame) -> list[str]:
    """Write a list of points for each class and colour, and a markup for each of the others."""
    placed = [frame.place(one) for one in annotations]
    space = _Space(frame, "LPS", "mm")
    lists: dict[tuple[str, str], list[Point]] = {}
    for one in placed:
        if isinstance(one, Point):
            lists.setdefault((one.label, one.color or ""), []).append(one)
    markups = [_fiducials(points, space) for points in lists.values()]
    for one in placed:
        if isinstance(one, PointPath):
            points = [_control(str(i), one.name, one.label, space.out(at)) for i, at in enumerate(one.world or (), start=1)]
            markups.append(_markup(one, points))
        elif isinstance(one, (Box, OrientedBox)):
            markups.append(_roi(one, space))
    part.write_text(json.dumps({"@schema": SCHEMA, "markups": markups}, ensure_ascii=False), "utf-8")
    losses = left_out((one for one in placed if isinstance(one, Ellipsoid)), "3D Slicer has no such markup")
    if frame.unit and factor(frame.unit, "mm") is None:
        losses.append(f"the unit {frame.unit!r} (numbers are kept, and taken as mm)")
    return losses


def _fiducials(points: Sequence[Point], space: _Space) -> dict[str, Any]:
    controls = [_control(str(i), one.name, one.label, space.out(one.world or ())) for i, one in enumerate(points, start=1)]
    return {**_markup(points[0], controls), "type": "Fiducial", "name": points[0].label or "points"}


def _markup(one: Annotation, controls: list[dict[str, Any]]) -> dict[str, Any]:
    color = [n / 255 for n in LabelClass(color=one.color or "#ffb000").rgb or ()]
    return {
        "type": _TYPES.get(one.kind, "Fiducial"), "name": one.name, "coordinateSystem": "LPS", "coordinateUnits": "mm",
        "locked": False, "fixedNumberOfControlPoints": False, "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": len(controls), "controlPoints": controls, "measurements": [],
        "display": {"visibility": True, "opacity": 1.0, "color": color, "selectedColor": color},
    }


def _control(number: str, label: str, description: str, position: list[float]) -> dict[str, Any]:
    return {
        "id": number, "label": label, "description": description, "associatedNodeID": "", "position": position,
        "orientation": [-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0], "selected": True, "locked": False, "visibility": True,
        "positionStatus": "defined",
    }


def _roi(one: Box | OrientedBox, space: _Space) -> dict[str, Any]:
    if isinstance(one, Box):
        low, high = np.array(one.world)
        centre, half, turn = (low + high) / 2, (high - low) / 2, np.eye(3)
    else:
        centre, half, turn = np.array(one.world), np.array(one.radii), rotation_matrix(one.rotation)
    # Axes are columns; those of Slicer's own regions that are not turned point along RAS.
    columns = np.diag([-1.0, -1.0, 1.0] if isinstance(one, Box) else space.sign) @ turn
    at = space.out(centre)
    return {
        **_markup(one, [_control("1", one.name, one.label, at)]), "roiType": "Box", "center": at,
        "orientation": [float(n) + 0.0 for n in columns.flat], "size": [2 * space.by * n for n in half.tolist()],
        "insideOut": False,
    }


def read(path: Path, frame: Frame) -> tuple[list[Annotation], list[str]]:
    """Read all markups of a file; points that are not placed are left out."""
    said = read_json(path, "markups of 3D Slicer")
    schema = str(said.get("@schema", ""))
    if _KNOWN not in schema or not isinstance(said.get("markups"), list):
        raise FormatError(f"{str(path)!r} has the schema {schema!r:.160}.", "Markups of version 1 are read.")
    found: list[Annotation] = []
    skipped: list[str] = []
    for number, markup in enumerate(said["markups"]):
        try:
            found += _take(path, f"{number}", markup, frame, skipped)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            text = f"{str(path)!r}, markup {number}: {type(error).__name__}: {error}."
            raise FormatError(text, "Is it complete, and written by 3D Slicer?") from error
        bounded(path, len(found))
    return found, skipped


def _take(path: Path, number: str, markup: dict[str, Any], frame: Frame, skipped: list[str]) -> list[Annotation]:
    space = _Space(frame, str(markup.get("coordinateSystem", "LPS")), _unit(markup))
    kind = markup["type"]
    color = hex_color([round(255 * float(n)) for n in markup.get("display", {}).get("selectedColor", [])])
    common = {"volume": frame.name, "color": color}
    all_points = markup.get("controlPoints", [])
    points = [one for one in all_points if one.get("positionStatus", "defined") == "defined"]
    if kind == "Fiducial":
        if len(points) < len(all_points):
            skipped.append(f"{len(all_points) - len(points)} points without a place are left out")
        words = [{"name": cut(one.get("label")), "label": cut(one.get("description")), **common} for one in points]
        places = [space.back(one["position"]) for one in points]
        pairs = enumerate(zip(places, words, strict=True))
        return [made(Point, path, f"{number}/{i}", world=at, **said) for i, (at, said) in pairs]
    common |= {"name": cut(markup.get("name")), "label": cut(points[0].get("description")) if points else ""}
    if kind in _PATHS:
        return [made(_PATHS[kind], path, number, world=[space.back(one["position"]) for one in points], **common)]
    if kind == "ROI" and markup.get("roiType", "Box") in ("Box", "BoundingBox"):
        return [_region(path, number, markup, space, common)]
    skipped.append(f"a markup of type {kind!r:.40} is left out")
    return []


def _unit(markup: dict[str, Any]) -> str:
    unit = markup.get("coordinateUnits", "mm")
    unit = unit[0] if isinstance(unit, list) and unit else unit
    return unit if isinstance(unit, str) else "mm"


def _region(path: Path, number: str, markup: dict[str, Any], space: _Space, common: dict[str, Any]) -> Annotation:
    columns = np.array(numbers(markup["orientation"])).reshape(3, 3)
    half = [n / space.by / 2 for n in numbers(markup["size"])]
    if len(half) != 3 or min(half) < 0:
        raise ValueError(f"size is {markup['size']!r:.60}")
    centre = np.array(space.back(markup["center"]))
    turn = np.diag(space.sign) @ columns
    along = np.abs(turn)
    if np.allclose(along, np.round(along), atol=1e-6) and np.allclose(along.sum(axis=0), 1):
        reach = along @ np.array(half)
        return made(Box, path, number, world=(tuple(centre - reach), tuple(centre + reach)), **common)
    if min(half) == 0:
        raise ValueError(f"size is {markup['size']!r:.60} of a region that lies askew")
    try:
        x, y, z = (tuple(map(float, turn[:, axis] * half[axis])) for axis in range(3))
        radii, rotation = radii_and_rotation([x, y, z])  # type: ignore[list-item]
    except ParameterError as error:
        raise FormatError(f"{str(path)!r}, markup {number}: {error.message}", "Is it damaged?") from error
    return made(OrientedBox, path, number, world=tuple(centre), radii=radii, rotation=rotation, **common)

