"""GeoJSON of slices across z: x and y in voxels, whole numbers are their centres; a feature for each slice that is touched."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from voxbeam.annotation import KINDS, Line, Point, Polygon, Polyline
from voxbeam.annotation.checks import numbers
from voxbeam.annotation.geojson import feature_collection
from voxbeam.errors import FormatError
from voxbeam.formats.annotation_format import bounded, made
from voxbeam.formats.json_file import read_json
from voxbeam.formats.text_fields import cut, json_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from voxbeam.annotation import Annotation
    from voxbeam.formats.annotation_format import Frame


def write(annotations: Sequence[Annotation], part: Path, frame: Frame) -> list[str]:
    """Write what other programs see in each slice; the first feature of each holds its world coordinates, exactly."""
    given = [one if one.id else replace(one, id=f"n{number}") for number, one in enumerate(annotations)]
    if any(not one.coords() or getattr(one, name) is None for one in given for voxel, _ in one.places for name in voxel):
        frame.needed("GeoJSON")
    placed = [frame.place(one) if frame.given else one for one in given]
    said = feature_collection(placed, None, "z")
    left = {one.id: one.coords() for one in placed}
    for feature in said["features"]:
        coords = left.pop(feature["id"], None)
        if coords:
            feature["properties"]["coords"] = coords
    part.write_text(json.dumps(said, ensure_ascii=False), "utf-8")
    return [f"{len(left)} that touch no slice are left out"] if left else []


def read(path: Path, frame: Frame) -> tuple[list[Annotation], list[str]]:
    """Read our own exactly, and figures of other programs by their geometry. It needs no volume: voxels are kept as such."""
    said = read_json(path, "GeoJSON")
    features = [said] if said.get("type") == "Feature" else said.get("features")
    if not isinstance(features, list) or said.get("type") not in ("Feature", "FeatureCollection"):
        raise FormatError(f"{str(path)!r} is of type {said.get('type')!r:.40}.", "It should be a FeatureCollection.")
    found: list[Annotation] = []
    losses: list[str] = []
    whole: set[str] = set()
    for number, feature in enumerate(features):
        try:
            found += _read_feature(path, number, feature, frame, losses, whole)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            text = f"{str(path)!r}, feature {number}: {type(error).__name__}: {error}."
            raise FormatError(text, "Is it complete?") from error
        bounded(path, len(found))
    return found, losses


def _read_feature(  # noqa: PLR0917  one place calls it
    path: Path, number: int, feature: dict[str, Any], frame: Frame, losses: list[str], whole: set[str],
) -> Iterator[Annotation]:
    said = feature.get("properties") or {}
    common = {"volume": frame.name or cut(said.get("volume")) or None, **json_fields(said)}
    common |= {"layer": cut(said.get("layer"))} if said.get("layer") else {}
    kind = KINDS.get(said.get("kind", "")) if isinstance(said.get("kind"), str) else None
    if kind is not None and str(feature.get("id")) in whole:
        return  # another slice of what is there already
    if kind is not None and "coords" in said:
        coords = numbers(said["coords"])
        if not coords:
            raise ValueError(f"coords are {said['coords']!r:.60}")
        whole.add(str(feature.get("id")))
        yield made(kind.from_coords, path, number, coords=coords, **common)
        return
    yield from _figures(path, number, feature["geometry"], _slice(said, feature["geometry"]), common, losses)


def _slice(said: dict[str, Any], geometry: dict[str, Any]) -> float:
    """The slice of a feature: ours, or a ``plane`` of it or its geometry, as QuPath says it; else the first."""
    if said.get("axis", "z") != "z":
        raise ValueError(f"it is of a slice across {said['axis']!r:.20}; those across z are read")
    given = next((one["plane"] for one in (geometry, said) if isinstance(one.get("plane"), dict)), None)
    plane = given.get("z") if given else said.get("slice")
    return 0.0 if plane is None else float(plane)


def _figures(  # noqa: PLR0917  one place calls it
    path: Path, number: int, geometry: dict[str, Any], z: float, common: dict[str, Any], losses: list[str],
) -> Iterator[Annotation]:
    shape, at = geometry["type"], geometry["coordinates"]
    parts = at if shape.startswith("Multi") else [at]
    for one in parts:
        if shape.endswith("Point"):
            yield made(Point, path, number, voxel=_voxel(one, z), **common)
        elif shape.endswith("LineString"):
            yield made(Line if len(one) == 2 else Polyline, path, number, voxel=[_voxel(p, z) for p in one], **common)
        elif shape.endswith("Polygon"):
            if len(one) > 1:
                losses.append(f"{len(one) - 1} holes of feature {number} are left out")
            yield made(Polygon, path, number, voxel=[_voxel(p, z) for p in one[0]], **common)
        else:
            raise ValueError(f"geometry is a {shape!r:.40}")


def _voxel(point: Any, z: float) -> tuple[float, float, float]:
    found = numbers(point)
    if len(found) not in (2, 3):
        raise ValueError(f"a point is {point!r:.60}")
    return found[2] if len(found) == 3 else z, found[1], found[0]
