"""N5 and neuroglancer's precomputed volumes, from a folder or a server, by tensorstore."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ShapeError, SourceError
from voxbeam.geometry import level_shape
from voxbeam.sources.axes import Leading
from voxbeam.sources.chunked_source import ChunkedImage
from voxbeam.sources.places import PlaceInFile, Url, library, unit_symbol, unreadable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape
    from voxbeam.sources.chunked_source import ChunkedArray
    from voxbeam.sources.source import Source

#: A level of a store may have so many finer ones.
MAX_LEVELS = 32
_PRECOMPUTED = "precomputed://"
_N5 = "n5://"
#: Asked again after one second, two and four, so that who mistyped an address soon knows.
_RETRIES = {"max_retries": 3, "initial_delay": "1s", "max_delay": "4s"}


class TensorArray:
    """A store of tensorstore as a chunked array; its axes are x, y, z, then channels."""

    def __init__(self, store: Any) -> None:
        from tensorstore import d  # noqa: PLC0415  an optional extra

        spatial = store[d[:].translate_to[0]]
        order = list(range(store.rank))
        order = [*order[3:], 2, 1, 0]
        self._array = spatial.transpose(order)
        z, y, x = (int(n) for n in self._array.shape[-3:])
        self.shape: Shape = (z, y, x)
        blocks = [int(n) for n in store.chunk_layout.read_chunk.shape]
        self.chunks = (blocks[2], blocks[1], blocks[0])
        self.leading_chunks = tuple(blocks[3:])
        self.dtype = np.dtype(store.dtype.numpy_dtype)

    @property
    def channels(self) -> int | None:
        """Channels; None where there is no such axis."""
        return int(self._array.shape[0]) if self._array.rank > 3 else None

    def read(self, leading: tuple[slice, ...], box: Box) -> NDArray[Any]:
        """Voxels of a box; chunks are decoded by tensorstore's own threads."""
        return np.asarray(self._array[leading + tuple(slice(*span) for span in box)].read().result())


def open_tensorstore(volume: Any) -> list[Source] | None:
    """Sources for a folder of these formats or a URL that names one, one a channel; None where it is neither."""
    inside = ""
    if isinstance(volume, PlaceInFile) and volume.path.is_dir():
        volume, inside = volume.path, volume.inside.strip("/")
    if isinstance(volume, Path) and volume.is_dir():
        base = f"file://{volume.resolve()}/"
        name = volume.resolve().stem
        if (volume / "info").is_file() and not inside:
            return _precomputed(base, name)
        if volume.suffix == ".n5" or _is_n5(volume):
            return _n5(f"{base}{inside}/" if inside else base, name)
    if isinstance(volume, Url) and volume.text.startswith((_PRECOMPUTED, _N5)):
        scheme, _, rest = volume.text.partition("://")
        base = rest.rstrip("/") + "/"
        name = base.rstrip("/").rpartition("/")[2]
        return _precomputed(base, name) if scheme == "precomputed" else _n5(base, name)
    return None


def _is_n5(folder: Path) -> bool:
    try:
        said = json.loads((folder / "attributes.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and bool({"n5", "dimensions", "multiScale", "scales", "downsamplingFactors"} & set(said))


def _context(ts: Any) -> Any:
    """How long a server that does not answer is asked again: by itself tensorstore goes on for a quarter of an hour."""
    return ts.Context({f"{scheme}_request_retries": _RETRIES for scheme in ("http", "gcs", "s3")})


def _json(ts: Any, base: str, name: str, kind: str) -> dict[str, Any] | None:
    """A JSON file of a store; None where there is none."""
    try:
        found = ts.KvStore.open(base, context=_context(ts)).result().read(name).result()
    except Exception as error:
        raise unreadable(base, kind, error) from error
    if found.state == "missing":
        return None
    try:
        said = json.loads(found.value)
    except ValueError as error:
        raise unreadable(base, kind, f"{name}: {error}") from error
    return said if isinstance(said, dict) else None


def _open(ts: Any, base: str, kind: str, **spec: Any) -> TensorArray:
    try:
        store = ts.open({"kvstore": base, "open": True, **spec}, read=True, context=_context(ts)).result()
    except Exception as error:
        raise unreadable(base, kind, error) from error
    if store.rank not in (3, 4):
        raise ShapeError(f"{base!r} has {store.rank} axes, shape {store.shape}.", "Open one of three, x, y, z.")
    if store.rank == 4 and kind != "a precomputed volume":
        remedy = "Open it with tensorstore and give an array with axes='czyx'."
        raise ShapeError(f"{base!r} has 4 axes, shape {store.shape}.", remedy)
    return TensorArray(store)


def _precomputed(base: str, name: str) -> list[Source]:
    ts, kind = library("tensorstore", "tensorstore", base), "a precomputed volume"
    info = _json(ts, base, "info", kind)
    if info is None or not isinstance(info.get("scales"), list) or not info["scales"]:
        raise unreadable(base, kind, "its info lists no scales" if info else "it has no info")
    held: dict[int, ChunkedArray] = {}
    first = _open(ts, base, kind, driver="neuroglancer_precomputed", scale_index=0)
    held[0] = first
    levels: dict[int, bool] = {}
    offset = np.array(info["scales"][0].get("voxel_offset", [0, 0, 0]))[::-1]
    for index, scale in enumerate(info["scales"][1:MAX_LEVELS], start=1):
        try:
            shape = tuple(int(n) for n in reversed(scale["size"]))
            place = np.array(scale.get("voxel_offset", [0, 0, 0]))[::-1]
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(base, kind, f"scale {index}: {error}") from error
        level = next((n for n in range(1, MAX_LEVELS) if shape == level_shape(first.shape, n) and n not in held), None)
        if level is not None:
            held[level] = _open(ts, base, kind, driver="neuroglancer_precomputed", scale_index=index)
            # The format puts a coarse voxel over the corner of the fine ones it stands for.
            levels[level] = bool((place * 2**level == offset).all())
    size = tuple(float(n) for n in reversed(info["scales"][0]["resolution"]))
    fields = {
        "name": name, "voxel_size": size, "unit": "nm", "levels": levels,
        "origin": tuple(float(o * s) for o, s in zip(offset, size, strict=True)),
        "kind": "labels" if info.get("type") == "segmentation" and first.dtype.kind in "ui" else "image",
    }
    return _sources(base, held, first, fields)


def _sources(base: str, held: dict[int, ChunkedArray], first: TensorArray, fields: dict[str, Any]) -> list[Source]:
    channels = first.channels
    leading = Leading("c" if channels is not None else "", () if channels is None else (channels,))
    sources = ChunkedImage(held, base, first.dtype, "Is it complete, and can it be reached?").sources(leading, fields)
    if len(sources) == 1:
        sources[0].channel = None
    return sources


def _n5(base: str, name: str) -> list[Source]:
    ts, kind = library("tensorstore", "tensorstore", base), "N5"
    said = _json(ts, base, "attributes.json", kind) or {}
    places, finest = [base], said
    if "dimensions" not in said:
        places = []
        for level in range(MAX_LEVELS):
            inner = _json(ts, f"{base}s{level}/", "attributes.json", kind)
            if inner is None or "dimensions" not in inner:
                break
            places.append(f"{base}s{level}/")
            finest = inner if level == 0 else finest
        if not places:
            raise SourceError(f"{base!r} is an N5 group without s0.{_children(base)}", "Name one: path.n5:/volumes/raw.")
    first = _open(ts, places[0], kind, driver="n5")
    held: dict[int, ChunkedArray] = {0: first}
    levels: dict[int, bool] = {}
    for place in places[1:]:
        array = _open(ts, place, kind, driver="n5")
        fits = next((n for n in range(1, MAX_LEVELS) if array.shape == level_shape(first.shape, n) and n not in held), None)
        if fits is not None:
            held[fits], levels[fits] = array, False
    return _sources(base, held, first, {"name": name, "levels": levels, **_n5_facts({**said, **finest})})


def _children(base: str) -> str:
    folder = Path(base.removeprefix("file://"))
    found = folder.glob("*/**/attributes.json") if folder.is_dir() else ()
    held = sorted(str(file.parent.relative_to(folder)) for file in found)[:12]
    return f" It holds {', '.join(held)}." if held else ""


def _n5_facts(said: dict[str, Any]) -> dict[str, Any]:
    """Voxel size and unit, in the three ways that writers of N5 have."""
    pixel = said.get("pixelResolution")
    sizes = pixel.get("dimensions") if isinstance(pixel, dict) else said.get("resolution", pixel)
    unit = pixel.get("unit") if isinstance(pixel, dict) else said.get("units", "")
    unit = unit[-1] if isinstance(unit, list) and unit else unit
    try:
        size = tuple(float(n) for n in reversed(sizes)) if sizes else ()
    except (TypeError, ValueError):
        size = ()
    if len(size) != 3 or not all(isfinite(n) and n > 0 for n in size):
        return {}
    return {"voxel_size": size, "unit": unit_symbol(unit)}
