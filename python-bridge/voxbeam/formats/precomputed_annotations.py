"""Annotations as neuroglancer's precomputed format: a folder for each type, with an index by id and one in space."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.annotation import OrientedBox
from voxbeam.errors import FormatError
from voxbeam.formats.annotation_format import bounded, left_out
from voxbeam.formats.json_file import read_json
from voxbeam.formats.neuroglancer_properties import LAYOUT, fields_of, properties_of
from voxbeam.formats.neuroglancer_space import TYPES, Space, turned
from voxbeam.formats.spatial_index import spatial_levels
from voxbeam.protocol import MAX_PATH_POINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from voxbeam.annotation import Annotation
    from voxbeam.formats.annotation_format import Frame
    from voxbeam.formats.neuroglancer_properties import Properties

_KIND = "neuroglancer_annotations_v1"
_NUMBERS = {"point": 3, "line": 6, "axis_aligned_bounding_box": 6, "ellipsoid": 6}


def write(annotations: Sequence[Annotation], part: Path, frame: Frame) -> list[str]:
    """Write a folder, or one for each type where there are several."""
    space = Space.of_frame(frame)
    placed = [frame.place(one) for one in annotations]
    kept = [one for one in placed if one.kind in TYPES]
    types = sorted({TYPES[one.kind] for one in kept}) or ["point"]
    part.mkdir()
    losses: dict[str, None] = {}
    for kind in types:
        mine = [one for one in kept if TYPES[one.kind] == kind]
        properties = properties_of(mine)
        losses |= dict.fromkeys(properties.losses())
        losses |= dict.fromkeys(_folder(part if len(types) == 1 else part / kind, kind, mine, space, properties))
    boxes = left_out((one for one in placed if isinstance(one, OrientedBox)), "neuroglancer has none")
    return [*losses, *turned(kept), *boxes]


def _folder(folder: Path, kind: str, mine: Sequence[Annotation], space: Space, properties: Properties) -> list[str]:
    shapes = [space.geometry(one).astype(np.float32) for one in mine]
    encoded = [_encoded(kind, at, properties, one) for at, one in zip(shapes, mine, strict=True)]
    low, high = _corners(kind, shapes)
    lower, upper = (low.min(axis=0), high.max(axis=0)) if mine else (np.zeros(3), np.ones(3))
    levels = spatial_levels(low, high, lower, upper)
    (folder / "by_id").mkdir(parents=True)
    for number, one in enumerate(encoded):
        (folder / "by_id" / str(number)).write_bytes(one)
    for number, level in enumerate(levels):
        (folder / f"spatial{number}").mkdir()
        for cell, members in level.cells.items():
            name = "_".join(map(str, cell))
            parts = [struct.pack("<Q", len(members)), *(encoded[i] for i in members), np.array(members, "<u8").tobytes()]
            (folder / f"spatial{number}" / name).write_bytes(b"".join(parts))
    dimensions, losses = space.dimensions()
    info = {
        "@type": _KIND, "dimensions": dimensions, "lower_bound": lower.tolist(), "upper_bound": upper.tolist(),
        "annotation_type": kind, "properties": properties.specs, "relationships": [], "by_id": {"key": "by_id"},
        "spatial": [
            {"key": f"spatial{n}", "grid_shape": list(one.grid), "chunk_size": one.chunk.tolist(), "limit": one.limit}
            for n, one in enumerate(levels)
        ],
    }
    (folder / "info").write_text(json.dumps(info), "utf-8")
    return losses


def _corners(kind: str, shapes: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high corners of the boxes around each, of shape (n, 3)."""
    solid = kind == "ellipsoid"
    low = [at[0] - at[1] if solid else at.min(axis=0) for at in shapes]
    high = [at[0] + at[1] if solid else at.max(axis=0) for at in shapes]
    return np.reshape(np.array(low, np.float64), (-1, 3)), np.reshape(np.array(high, np.float64), (-1, 3))


def _encoded(kind: str, at: NDArray[np.float32], properties: Properties, one: Annotation) -> bytes:
    parts = [struct.pack("<I", len(at))] if kind == "polyline" else []
    parts.append(at.astype("<f4").tobytes())
    for spec, value in zip(properties.specs, properties.values(one), strict=True):
        if spec["type"] == "rgb":
            parts.append(bytes.fromhex(value[1:]))
        else:
            parts.append(np.array(value, LAYOUT[spec["type"]][0]).tobytes())
    found = b"".join(parts)
    return found + b"\0" * (-len(found) % 4)


def read(path: Path, frame: Frame) -> tuple[list[Annotation], list[str]]:
    """Read a folder, or those of several types in it, by what the index in space holds."""
    folders = [path] if (path / "info").is_file() else sorted(one.parent for one in path.glob("*/info"))
    if not folders:
        raise FormatError(f"{str(path)!r} holds no precomputed annotations: it has no info.", "Is it the right folder?")
    found: list[Annotation] = []
    for folder in folders:
        found += _read_folder(folder, frame)
        bounded(path, len(found))
    return found, []


def _read_folder(folder: Path, frame: Frame) -> list[Annotation]:
    info = read_json(folder / "info", "precomputed annotations")
    if info.get("@type") != _KIND:
        raise FormatError(f"{str(folder)!r} is of type {info.get('@type')!r:.60}.", f"Known is {_KIND!r}.")
    space = Space.of_dimensions(folder, info.get("dimensions"), frame)
    kind, specs = str(info.get("annotation_type", "")).lower(), info.get("properties", [])
    if kind not in (*_NUMBERS, "polyline") or len(info["dimensions"]) != 3:
        text = f"{str(folder)!r} holds {kind!r:.40} in {len(info['dimensions'])} dimensions."
        raise FormatError(text, f"Known are {', '.join((*_NUMBERS, 'polyline'))}, in three.")
    held: dict[int, Annotation] = {}
    for file in _cells(folder, info):
        raw = file.read_bytes()
        try:
            for number, at, values in _decoded(kind, specs, raw):
                common = fields_of(specs, values) | {"volume": frame.name}
                held.setdefault(number, space.annotation(folder, number, kind, at, common))
        except (struct.error, KeyError, ValueError, TypeError, AttributeError) as error:
            text = f"{str(file)!r} cannot be read as annotations: {error}."
            raise FormatError(text, "Is it complete?") from error
        bounded(folder, len(held))
    return [held[number] for number in sorted(held)]


def _cells(folder: Path, info: dict[str, Any]) -> Iterator[Path]:
    """Files of the index in space, of all levels: together they hold all."""
    for level in info.get("spatial", []):
        if not isinstance(level, dict) or "sharding" in level:
            raise FormatError(f"{str(folder)!r} is sharded.", "Such annotations are not read; those of one file a cell are.")
        cells = (folder / str(level.get("key"))).resolve()
        if not cells.is_relative_to(folder.resolve()):
            text = f"{str(folder)!r} names the index {level.get('key')!r:.60}, which lies elsewhere."
            raise FormatError(text, "Is it damaged?")
        yield from sorted(Path(one) for one in cells.glob("*_*"))


def _decoded(kind: str, specs: Sequence[dict[str, Any]], raw: bytes) -> Iterator[tuple[int, NDArray[np.float64], list[Any]]]:
    """Id, points and values of each annotation of a cell."""
    (count,) = struct.unpack_from("<Q", raw)
    widths = [LAYOUT[spec["type"]] for spec in specs]
    if count * 8 > len(raw):
        raise ValueError(f"it promises {count:,} annotations in {len(raw):,} bytes")
    offset, found = 8, []
    for _ in range(count):
        numbers = _NUMBERS.get(kind)
        begin = offset
        if numbers is None:
            (points,) = struct.unpack_from("<I", raw, offset)
            if points > MAX_PATH_POINTS + 1:
                raise ValueError(f"a polyline of {points:,} points")
            numbers, offset = 3 * points, offset + 4
        at = np.frombuffer(raw, "<f4", numbers, offset).reshape(-1, 3).astype(np.float64)
        offset += 4 * numbers
        values = []
        for dtype, _ in widths:
            value = np.frombuffer(raw, dtype, 1, offset)[0]
            offset += np.dtype(dtype).itemsize
            values.append(value.tolist())
        offset += -(offset - begin) % 4
        found.append((at, values))
    ids = np.frombuffer(raw, "<u8", count, offset)
    if offset + ids.nbytes != len(raw):
        raise ValueError(f"{len(raw) - offset - ids.nbytes:,} bytes are left over")
    for number, (at, values) in zip(ids.tolist(), found, strict=True):
        yield number, at, values
