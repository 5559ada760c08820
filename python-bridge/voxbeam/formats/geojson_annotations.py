"""Annotations as GeoJSON: figures in planes across z, in the world's x and y, with z as the third number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.annotation import KINDS, Box, Ellipsoid, Line, OrientedBox, Point, Polygon, Polyline
from voxbeam.annotation.checks import numbers
from voxbeam.annotation.paths import Path as PointPath
from voxbeam.annotation.spans import voxel_span, world_span
from voxbeam.errors import FormatError
from voxbeam.formats.annotation_format import bounded, made
from voxbeam.formats.json_file import read_json
from voxbeam.formats.text_fields import cut, json_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from voxbeam.annotation import Annotation
    from voxbeam.formats.annotation_format import Frame

#: Points of the outline of an ellipsoid.
_OUTLINE = 64
_TEXTS = ("kind", "name", "label", "color", "layer", "volume", "author", "created", "modified", "modified_by")


def to_geojson(annotations: Iterable[Annotation], plane: int | None = None) -> dict[str, Any]:
    """A feature for each annotation that is placed in the world.

    Parameters
    ----------
    plane
        Only those that touch this plane of voxels across z.

    Returns
    -------
    dict
        A FeatureCollection. ``properties`` hold the kind, all fields, ``planes`` (first and last across z, where the volume is
        known) and ``coords``, from which it is read back exactly; ``geometry`` is what plane programs see.
    """
    placed = [one for one in annotations if one.coords()]
    chosen = [one for one in placed if plane is None or _touches(one, plane)]
    return {"type": "FeatureCollection", "features": [_feature(one) for one in chosen]}


def _touches(one: Annotation, plane: int) -> bool:
    ends = _planes(one)
    return ends is not None and ends[0] <= plane <= ends[1]


def _planes(one: Annotation) -> tuple[int, int] | None:
    """The first and the last plane of voxels across z that it touches."""
    low, high = voxel_span(one)
    if low is None:
        return None
    if isinstance(one, Box) and high is not None:
        low, high = (low[0], 0, 0), (high[0] - 1, 0, 0)
    first, last = low[0], low[0] if high is None else high[0]
    return int(np.floor(first + 0.5)), max(int(np.floor(first + 0.5)), int(np.ceil(last - 0.5)))


def _feature(one: Annotation) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in _TEXTS if getattr(one, name)}
    planes = _planes(one)
    said |= {"planes": list(planes)} if planes else {}
    said |= {"props": dict(one.props)} if one.props else {}
    feature = {"type": "Feature", "geometry": _geometry(one), "properties": {**said, "coords": one.coords()}}
    return {**feature, "id": one.id} if one.id else feature


def _geometry(one: Annotation) -> dict[str, Any]:
    if isinstance(one, Point):
        return {"type": "Point", "coordinates": list(one.world or ())}
    if isinstance(one, PointPath):
        points = [list(point) for point in one.world or ()]
        flat = len({point[2] for point in points}) == 1
        if isinstance(one, Polygon) and flat:
            return {"type": "Polygon", "coordinates": [_ring(points)]}
        return {"type": "LineString", "coordinates": [*points, points[0]] if isinstance(one, Polygon) else points}
    if isinstance(one, Ellipsoid):
        return {"type": "Polygon", "coordinates": [_ring(_outline(one))]}
    (x0, y0, z0), (x1, y1, z1) = (end or (0.0, 0.0, 0.0) for end in world_span(one))
    z = (z0 + z1) / 2
    return {"type": "Polygon", "coordinates": [_ring([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]])]}


def _outline(one: Ellipsoid) -> list[list[float]]:
    """Its section across z at its centre."""
    axes = np.array(one.half_axes)
    lengths, turns = np.linalg.eigh(np.linalg.inv(axes.T @ axes)[:2, :2])
    angle = np.linspace(0, 2 * np.pi, _OUTLINE, endpoint=False)
    at = np.outer(np.cos(angle), turns[:, 0] / np.sqrt(lengths[0])) + np.outer(np.sin(angle), turns[:, 1] / np.sqrt(lengths[1]))
    x, y, z = one.world or (0.0, 0.0, 0.0)
    return [[x + dx, y + dy, z] for dx, dy in at.tolist()]


def _ring(points: list[list[float]]) -> list[list[float]]:
    """Closed, and against the clock, as the format wants it."""
    xy = np.array(points)[:, :2]
    area = np.sum(xy[:, 0] * np.roll(xy[:, 1], -1) - np.roll(xy[:, 0], -1) * xy[:, 1])
    turned = points if area >= 0 else points[::-1]
    return [*turned, turned[0]]


def write(annotations: Sequence[Annotation], part: Path, frame: Frame) -> list[str]:
    """Write all of them as one collection."""
    placed = [frame.place(one) for one in annotations]
    part.write_text(json.dumps(to_geojson(placed), ensure_ascii=False, indent=1), "utf-8")
    return ["as figures for other programs: boxes that lie askew become the box they span"] if any(
        isinstance(one, OrientedBox) for one in placed
    ) else []


def read(path: Path, frame: Frame) -> tuple[list[Annotation], list[str]]:
    """Read our own exactly, and figures of other programs by their geometry."""
    said = read_json(path, "GeoJSON")
    features = [said] if said.get("type") == "Feature" else said.get("features")
    if not isinstance(features, list) or said.get("type") not in ("Feature", "FeatureCollection"):
        raise FormatError(f"{str(path)!r} is of type {said.get('type')!r:.40}.", "It should be a FeatureCollection.")
    found: list[Annotation] = []
    losses: list[str] = []
    for number, feature in enumerate(features):
        try:
            found += _read_feature(path, number, feature, frame, losses)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            text = f"{str(path)!r}, feature {number}: {type(error).__name__}: {error}."
            raise FormatError(text, "Is it complete?") from error
        bounded(path, len(found))
    return found, losses


def _read_feature(path: Path, number: int, feature: dict[str, Any], frame: Frame, losses: list[str]) -> Iterator[Annotation]:
    said = feature.get("properties") or {}
    common = {"volume": frame.name or cut(said.get("volume")) or None, **json_fields(said)}
    common |= {name: cut(said.get(name)) for name in ("layer",) if said.get(name)}
    kind = KINDS.get(said.get("kind", "")) if isinstance(said.get("kind"), str) else None
    if kind is not None and "coords" in said:
        coords = numbers(said["coords"])
        if not coords:
            raise ValueError(f"coords are {said['coords']!r:.60}")
        yield made(kind.from_coords, path, number, coords=coords, **common)
        return
    plane = said.get("plane", {}).get("z") if isinstance(said.get("plane"), dict) else (said.get("planes") or [None])[0]
    z = frame.origin[0] + float(plane) * frame.voxel_size[0] if plane is not None else frame.origin[0]
    geometry = feature["geometry"]
    shape, at = geometry["type"], geometry["coordinates"]
    if shape in ("Point", "MultiPoint"):
        for point in [at] if shape == "Point" else at:
            yield made(Point, path, number, world=_with_z(point, z), **common)
    elif shape in ("LineString", "MultiLineString"):
        for line in [at] if shape == "LineString" else at:
            yield made(Line if len(line) == 2 else Polyline, path, number, world=[_with_z(one, z) for one in line], **common)
    elif shape in ("Polygon", "MultiPolygon"):
        for rings in [at] if shape == "Polygon" else at:
            if len(rings) > 1:
                losses.append(f"{len(rings) - 1} holes of feature {number} are left out")
            yield made(Polygon, path, number, world=[_with_z(one, z) for one in rings[0]], **common)
    else:
        raise ValueError(f"geometry is a {shape!r:.40}")


def _with_z(point: Any, z: float) -> tuple[float, float, float]:
    found = numbers(point)
    if len(found) not in (2, 3):
        raise ValueError(f"a point is {point!r:.60}")
    return found[0], found[1], found[2] if len(found) == 3 else z
