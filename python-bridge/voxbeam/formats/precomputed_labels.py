"""Labels as a neuroglancer precomputed segmentation: with its pyramid, and names of segments. World in nanometres."""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.conversion.native_mapping import native_mapping
from voxbeam.formats.label_class import LabelClass
from voxbeam.formats.label_volume import LabelVolume
from voxbeam.formats.lengths import factor
from voxbeam.geometry import level_count, level_shape
from voxbeam.kept.kept_pyramid import KeptPyramid
from voxbeam.producer.voxels import SourceVoxels
from voxbeam.sources.places import library
from voxbeam.sources.registry import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from voxbeam.formats.label_format import Told
    from voxbeam.formats.lengths import World
    from voxbeam.geometry import Box

_CHUNK = 64
_OS_ERROR = re.compile(r"os_error_code='(\d+)'")
_PROPERTIES = "segment_properties"
#: How far from a whole voxel an origin may lie and still be one.
_WHOLE = 1e-6


def write(labels: LabelVolume, part: Path, world: World | None, told: Told) -> list[str]:  # noqa: ARG001  it has no such world
    """Write all levels in one reading, then the names."""
    losses = []
    by = factor(labels.unit, "nm")
    if by is None and labels.unit:
        losses.append(f"the unit {labels.unit!r} (numbers are kept, and taken as nm)")
    exact = [o / size for o, size in zip(labels.origin, labels.voxel_size, strict=True)]
    offset = [round(n) for n in exact]
    if any(abs(a - b) > _WHOLE for a, b in zip(exact, offset, strict=True)):
        losses.append(f"the origin {labels.origin} is moved to {tuple(offset)} voxels: it has to be a whole number of them")
    levels = level_count(labels.shape)
    kept = next((n for n in range(1, levels) if any(o % 2**n for o in offset)), levels)
    if kept < levels:
        losses.append(f"levels from {kept} on are left out: the origin is no whole number of their voxels")
    size = [n * (by or 1.0) for n in labels.voxel_size]
    _levels(labels, [_store(labels, part, level, size, offset) for level in range(kept)], part / "scratch", told)
    info = json.loads((part / "info").read_text("utf-8"))
    info[_PROPERTIES] = _PROPERTIES
    (part / "info").write_text(json.dumps(info), "utf-8")
    named = {label: one.name for label, one in labels.classes.items() if one.name}
    label = {"id": "label", "type": "label", "values": list(named.values())}
    inline = {"ids": [str(one) for one in named], "properties": [label]}
    (part / _PROPERTIES).mkdir()
    said = {"@type": "neuroglancer_segment_properties", "inline": inline}
    (part / _PROPERTIES / "info").write_text(json.dumps(said), "utf-8")
    return losses


def _levels(labels: LabelVolume, stores: list[Any], scratch: Path, told: Told) -> None:
    def put(level: int, box: Box, voxels: NDArray[Any]) -> None:
        where = (0, *(slice(*span) for span in box))
        try:
            stores[level][where].write(np.array(voxels)).result()
        except ValueError as error:  # so the library tells of a full disk, too
            code = _OS_ERROR.search(str(error))
            raise OSError(int(code[1]) if code else 0, os.strerror(int(code[1])) if code else str(error)[:300]) from error

    mapping, kept = native_mapping(labels.source), len(stores)
    pyramid = KeptPyramid(scratch, labels.shape, mapping, range(1, kept), range(kept), labels=True, write=put)
    finest = SourceVoxels(labels.source, 0, mapping)
    depth = labels.shape[0]
    pyramid.build(lambda _level: finest, lambda *_: None, lambda: told.planes(depth * pyramid.rows_done // pyramid.rows))
    shutil.rmtree(scratch)


def _store(labels: LabelVolume, part: Path, level: int, size: list[float], offset: list[int]) -> Any:
    """A level as an array c, z, y, x that begins at 0."""
    ts = library("tensorstore", "tensorstore", part)
    shape = level_shape(labels.shape, level)
    packed = labels.dtype.itemsize >= 4
    scale: dict[str, Any] = {
        "size": list(shape[::-1]), "resolution": [n * 2**level for n in size[::-1]], "chunk_size": [_CHUNK] * 3,
        "voxel_offset": [o // 2**level for o in offset[::-1]], "encoding": "compressed_segmentation" if packed else "raw",
    }
    if packed:
        scale["compressed_segmentation_block_size"] = [8, 8, 8]
    spec = {
        "driver": "neuroglancer_precomputed", "kvstore": {"driver": "file", "path": f"{part}/"}, "scale_metadata": scale,
        "multiscale_metadata": {"type": "segmentation", "data_type": labels.dtype.name, "num_channels": 1},
    }
    store = ts.open(spec, create=True).result()
    return store[ts.d[:].translate_to[0]].transpose([3, 2, 1, 0])


def read(path: Path, world: World | None, name: str | None) -> tuple[LabelVolume, list[str]]:  # noqa: ARG001
    """Open the folder; chunks are read as they are needed."""
    source = open_source(path, kind="labels")
    source.name = name or source.name
    return LabelVolume(source, _classes(path)), []


def _classes(path: Path) -> dict[int, LabelClass]:
    """Names of segments, where they stand in the folder."""
    try:
        info = json.loads((path / "info").read_text("utf-8"))
        folder = (path / str(info[_PROPERTIES])).resolve()
        if not folder.is_relative_to(path.resolve()):
            return {}
        inline = json.loads((folder / "info").read_text("utf-8"))["inline"]
        values = next(one["values"] for one in inline["properties"] if one["type"] == "label")
        return {int(label): LabelClass(str(words)[:200]) for label, words in zip(inline["ids"], values, strict=True)}
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return {}
