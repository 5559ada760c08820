"""Raw voxels without a header, mapped; a JSON file beside them or arguments say what they are."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import KINDS, triple
from voxbeam.errors import ParameterError, SourceError
from voxbeam.sources.numpy_source import array_sources
from voxbeam.sources.places import RawFile, file_fingerprint, unit_symbol

if TYPE_CHECKING:
    from voxbeam.sources.source import Source

SUFFIXES = (".raw", ".bin", ".dat", ".vol", ".img")
#: What a sidecar file may say.
FACTS = ("shape", "dtype", "offset", "order", "axes", "voxel_size", "unit", "origin", "kind", "name")
MAX_AXIS = 2**31
_REMEDY = "Give rv.open(path, shape=(z, y, x), dtype='uint16'), or write them to a JSON file beside it: {}.json."


def open_raw(volume: Any, axes: str | None = None) -> list[Source] | None:
    """Sources for a raw file, or None where it is none."""
    if isinstance(volume, RawFile):
        path, facts = volume.path, dict(volume.facts)
    elif isinstance(volume, Path) and volume.suffix.lower() in SUFFIXES and volume.is_file():
        path, facts = volume, {}
    else:
        return None
    facts = {**_beside(path), **facts}
    missing = [name for name in ("shape", "dtype") if name not in facts]
    if missing:
        text = f"{str(path)!r} is raw, and nothing says its {' and '.join(missing)}; it has {path.stat().st_size:,} bytes."
        raise SourceError(text, _REMEDY.format(path.name))
    array = _map(path, facts)
    sources = array_sources(array, axes or facts.get("axes"), str(facts.get("name", path.stem)))
    for source in sources:
        # Each channel has voxels of its own.
        index = source.channel.index if source.channel else 0
        source.lasting = True
        source.fingerprint = file_fingerprint(path, array.shape, array.dtype.str, facts.get("offset", 0), array.strides, index)
        if "voxel_size" in facts:
            source.voxel_size = triple("voxel_size", facts["voxel_size"], positive=True)
        if "origin" in facts:
            source.origin = triple("origin", facts["origin"])
        source.unit = unit_symbol(facts.get("unit", ""))
        if facts.get("kind", "image") not in KINDS:
            raise ParameterError(f"kind is {facts['kind']!r}.", "Give 'image' or 'labels'.")
        source.kind = facts.get("kind", "image")
    return sources


def _beside(path: Path) -> dict[str, Any]:
    for beside in (path.with_name(f"{path.name}.json"), path.with_suffix(".json")):
        if not beside.is_file():
            continue
        try:
            facts = json.loads(beside.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SourceError(f"{str(beside)!r} cannot be read: {error}.", "It must be JSON.") from error
        if not isinstance(facts, dict) or set(facts) - set(FACTS):
            found = sorted(set(facts) - set(FACTS)) if isinstance(facts, dict) else type(facts).__name__
            raise SourceError(f"{str(beside)!r} says {found}.", f"It is an object that may hold {', '.join(FACTS)}.")
        return facts
    return {}


def _map(path: Path, facts: dict[str, Any]) -> np.memmap[Any, Any]:
    try:
        shape = tuple(int(n) for n in facts["shape"])
        whole = all(n == given for n, given in zip(shape, facts["shape"], strict=True))
        good = whole and 3 <= len(shape) <= 5 and all(0 < n < MAX_AXIS for n in shape)
    except (TypeError, ValueError):
        good = False
    if not good:
        remedy = "Give three to five positive whole numbers, z, y, x last."
        raise ParameterError(f"shape of {str(path)!r} is {facts['shape']!r}.", remedy)
    try:
        dtype = np.dtype(facts["dtype"])
    except TypeError as error:
        raise ParameterError(f"dtype of {str(path)!r} is {facts['dtype']!r}: {error}.", "Such as 'uint16', or '>u2'.") from error
    if dtype.kind not in "biufc":
        raise ParameterError(f"dtype of {str(path)!r} is {facts['dtype']!r}, which is no number.", "Such as 'uint16', or '>u2'.")
    offset, order = facts.get("offset", 0), facts.get("order", "C")
    if isinstance(offset, bool) or not isinstance(offset, int) or offset < 0 or order not in ("C", "F"):
        text = f"offset of {str(path)!r} is {offset!r} and order {order!r}."
        raise ParameterError(text, "offset is a whole number of bytes; order is 'C' (x fastest) or 'F' (z fastest).")
    size, needed = path.stat().st_size, offset + prod(shape) * dtype.itemsize
    if size < needed:
        text = f"{str(path)!r} has {size:,} bytes; shape {shape} of {dtype} after {offset:,} needs {needed:,}."
        raise SourceError(text, "Is the file complete, and are shape and dtype right?")
    return np.memmap(path, dtype, "r", offset, shape, order)
