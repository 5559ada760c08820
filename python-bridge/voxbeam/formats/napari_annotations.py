"""Points and shapes of napari as CSV. Its coordinates are voxels z, y, x, and whole numbers are their centres, as ours."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.annotation import Box, Ellipsoid, Line, OrientedBox, Point, Polygon, Polyline
from voxbeam.annotation.paths import Path as PointPath
from voxbeam.errors import FormatError
from voxbeam.formats.annotation_format import bounded, left_out, made
from voxbeam.formats.json_file import MAX_JSON_BYTES
from voxbeam.formats.sections import ellipse, principal, rectangle, rotated
from voxbeam.formats.text_fields import COMMON, cells, fields_of, prop_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from voxbeam.annotation import Annotation
    from voxbeam.formats.annotation_format import Frame

_AXES = ("axis-0", "axis-1", "axis-2")
_SHAPES = ("index", "shape-type", "vertex-index")
_TYPES = {"line": "line", "polyline": "path", "polygon": "polygon", "box": "rectangle", "ellipsoid": "ellipse"}
#: Corners that differ by less are those of a rectangle along the axes.
_STRAIGHT = 1e-4


def write(annotations: Sequence[Annotation], part: Path, frame: Frame) -> list[str]:
    """Write a table of points where there are points only, else one of shapes, which has none."""
    placed = [frame.needed("napari").place(one) if frame.given or _unplaced(one) else one for one in annotations]
    points = [one for one in placed if isinstance(one, Point)]
    # A column of such a name would be read as something else.
    names = prop_names(placed)
    props = [name for name in names if name not in (*COMMON, *_SHAPES) and not name.startswith("axis-")]
    clashes = [f"fields called {', '.join(sorted(set(names) - set(props)))!r:.200}"] if len(props) < len(names) else []
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        if len(points) == len(placed):
            table.writerow(["index", *_AXES, *COMMON, *props])
            table.writerows([number, *_of(one), *cells(one, props)] for number, one in enumerate(points))
            return clashes
        table.writerow([*_SHAPES, *_AXES, *COMMON, *props])
        shapes = [one for one in placed if isinstance(one, (PointPath, Box, Ellipsoid))]
        for number, one in enumerate(shapes):
            for vertex, position in enumerate(_vertices(one)):
                table.writerow([number, _TYPES[one.kind], vertex, *(repr(float(n)) for n in position), *cells(one, props)])
    flat = [one for one in shapes if isinstance(one, Box) and one.start and one.stop and one.stop[0] - one.start[0] > 1]
    solid = [one for one in shapes if isinstance(one, Ellipsoid)]
    losses = [f"{len(flat)} boxes become rectangles in their middle plane"] if flat else []
    losses += [f"{len(solid)} ellipsoids become ellipses in their middle plane"] if solid else []
    return [
        *clashes, *losses, *left_out(points, "a file of shapes has no points, export them to one of their own"),
        *left_out((one for one in placed if isinstance(one, OrientedBox)), "napari has none"),
    ]


def _unplaced(one: Annotation) -> bool:
    """Whether its voxels are not known."""
    return any(getattr(one, name) is None for voxel, _ in one.places for name in voxel)


def _of(point: Point) -> tuple[float, ...]:
    assert point.voxel is not None
    return point.voxel


def _vertices(one: PointPath | Box | Ellipsoid) -> Any:
    if isinstance(one, PointPath):
        return one.voxel
    return rectangle(one) if isinstance(one, Box) else ellipse(one)


def read(path: Path, frame: Frame) -> tuple[list[Annotation], list[str]]:
    """Read either table. It needs no volume: voxels are kept as such."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise FormatError(f"{str(path)!r} has {path.stat().st_size:,} bytes.", f"At most {MAX_JSON_BYTES:,} are read.")
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, restval="")
            names = table.fieldnames or []
            if len(names) > 1000 or not {*_AXES} <= set(names) or "axis-3" in names:
                text = f"{str(path)!r} has the columns {', '.join(map(str, names[:12]))!r:.200}."
                raise FormatError(text, "A table of napari in three dimensions has axis-0, axis-1 and axis-2.")
            rows = [_row(path, number, row) for number, row in enumerate(table, start=2)]
    except (OSError, ValueError, csv.Error) as error:
        raise FormatError(f"{str(path)!r} cannot be read as a table: {error}.", "Is it complete, and text?") from error
    if "shape-type" in names:
        return _shapes(path, rows, frame), []
    bounded(path, len(rows))
    points = (made(Point, path, number, voxel=at, **_common(row, frame)) for number, (at, row) in enumerate(rows))
    return list(points), []


def _row(path: Path, line: int, row: dict[str, Any]) -> tuple[tuple[float, ...], dict[str, str]]:
    if None in row:
        raise FormatError(f"{str(path)!r}, line {line}: it has more columns than the table.", "Is it damaged?")
    try:
        return tuple(float(row[axis]) for axis in _AXES), row
    except ValueError as error:
        raise FormatError(f"{str(path)!r}, line {line}: {error}.", "Is it complete?") from error


def _common(row: dict[str, str], frame: Frame) -> dict[str, Any]:
    own = {name: text for name, text in row.items() if name not in (*_AXES, *_SHAPES)}
    return {"volume": frame.name, **fields_of(own)}


def _shapes(path: Path, rows: list[tuple[tuple[float, ...], dict[str, str]]], frame: Frame) -> list[Annotation]:
    groups: dict[str, list[tuple[tuple[float, ...], dict[str, str]]]] = {}
    for at, row in rows:
        groups.setdefault(row.get("index", ""), []).append((at, row))
    bounded(path, len(groups))
    return [_shape(path, index, [at for at, _ in group], group[0][1], frame) for index, group in groups.items()]


def _shape(path: Path, index: str, vertices: list[tuple[float, ...]], row: dict[str, str], frame: Frame) -> Annotation:
    kind, common = row["shape-type"], _common(row, frame)
    plain = {"line": Line, "path": Polyline, "polygon": Polygon}.get(kind)
    if plain is not None:
        return made(plain, path, index, voxel=vertices, **common)
    if kind not in ("rectangle", "ellipse") or len(vertices) != 4:
        text = f"{str(path)!r}, annotation {index!r:.60}: {len(vertices)} vertices of a {kind!r:.40}."
        raise FormatError(text, "Known are line, path, polygon, and rectangle and ellipse of four.")
    corners = np.array(vertices)
    if kind == "rectangle":
        return _rectangle(path, index, corners, common)
    centre, first, second = rotated(corners)
    across = np.cross(first, second)
    length = float(np.linalg.norm(across))
    axes = np.array([across / (2 * length or 1.0), first, second])
    axes = principal(axes, frame.voxel_size) if frame.given and length else axes
    return made(Ellipsoid, path, index, voxel=tuple(centre), voxel_axes=axes.tolist(), **common)


def _rectangle(path: Path, index: str, corners: NDArray[np.float64], common: dict[str, Any]) -> Annotation:
    """A box one voxel thick across the plane that the corners lie in, else a polygon."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    ends = np.isclose(corners, low, atol=_STRAIGHT) | np.isclose(corners, high, atol=_STRAIGHT)
    thin = np.isclose(low, high, atol=_STRAIGHT)
    if not ends.all() or thin.sum() != 1:
        return made(Polygon, path, index, voxel=corners, **common)
    start = np.where(thin, low, low + 0.5)
    stop = np.where(thin, low + 1, high + 0.5)
    return made(Box, path, index, start=tuple(start), stop=tuple(stop), **common)
