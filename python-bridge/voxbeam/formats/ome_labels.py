"""Labels as OME-Zarr: a label image with its pyramid, alone or in the ``labels`` group of an image."""

from __future__ import annotations

import json
import shutil
import uuid
from typing import TYPE_CHECKING, Any

from voxbeam.conversion import convert
from voxbeam.errors import FormatError, ParameterError
from voxbeam.formats.label_class import LabelClass, default_color, hex_color
from voxbeam.formats.label_volume import LabelVolume
from voxbeam.sources.places import library
from voxbeam.sources.registry import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from voxbeam.formats.label_format import Told
    from voxbeam.formats.lengths import World

_GROUP = "labels"


def place_of(path: Path, name: str) -> Path:
    """Where labels called `name` are written: into the image at `path`, where there is one, else at `path` itself."""
    said = _ome(path)
    if "multiscales" in said and "image-label" not in said:
        if not (path / "zarr.json").exists():
            text = f"{str(path)!r} is an image of Zarr version 2, which takes no labels of version 3."
            raise ParameterError(text, "rv.convert writes it anew; or give the labels a path of their own.")
        if not name or "/" in name or "\\" in name or name.startswith("."):
            raise ParameterError(f"name is {name!r:.80}.", "In an image, labels need a name that can be one of a folder.")
        return path / _GROUP / name
    return path


def in_image(target: Path) -> bool:
    """Whether `target` is a place in the labels of an image."""
    return target.parent.name == _GROUP and "multiscales" in _ome(target.parent.parent)


def write(labels: LabelVolume, part: Path, world: World | None, told: Told) -> list[str]:  # noqa: ARG001  it has no such world
    """Write the levels at `part`; `announce` tells the image of them when they have their name."""
    source = labels.source
    source.label_metadata = _metadata(labels.classes, inside=in_image(told.target))
    depth = labels.shape[0]
    try:
        convert(source, part, progress=lambda done, total: told.planes(depth * done // max(1, total)))
    finally:
        shutil.rmtree(part.with_name(f".{part.name}.part"), ignore_errors=True)  # what a conversion that fails would go on with
    return []


def announce(target: Path) -> None:
    """List labels that lie in an image in the metadata of its group, by a file that replaces the one before."""
    group = target.parent / "zarr.json"
    said: dict[str, Any] = {"zarr_format": 3, "node_type": "group", "attributes": {}}
    if group.exists():
        said = json.loads(group.read_text("utf-8"))
    ome = said.setdefault("attributes", {}).setdefault("ome", {})
    ome.setdefault("version", "0.5")
    ome["labels"] = sorted({*ome.get("labels", []), target.name})
    beside = group.with_name(f".zarr.json.{uuid.uuid4().hex[:8]}")
    beside.write_text(json.dumps(said, indent=2), "utf-8")
    beside.replace(group)


def _metadata(classes: dict[int, LabelClass], *, inside: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"source": {"image": "../../"}} if inside else {}
    # Where both lists are there, they have to be of the same ids: what has no colour gets one.
    if any(one.color for one in classes.values()):
        rgb = {label: one.rgb or LabelClass(color=default_color(label)).rgb or (0, 0, 0) for label, one in classes.items()}
        said["colors"] = [{"label-value": label, "rgba": [*one, 255]} for label, one in rgb.items()]
    if any(one.name for one in classes.values()):
        said["properties"] = [{"label-value": label, "name": one.name} for label, one in classes.items()]
    return said


def _ome(path: Path) -> dict[str, Any]:
    """The metadata of the group at `path`; empty where there is none."""
    for file in ("zarr.json", ".zattrs"):
        try:
            said = json.loads((path / file).read_text("utf-8"))
        except (OSError, ValueError):
            continue
        said = said.get("attributes", said) if file == "zarr.json" and isinstance(said, dict) else said
        ome = said.get("ome", said) if isinstance(said, dict) else {}
        return ome if isinstance(ome, dict) else {}
    return {}


def read(path: Path, world: World | None, name: str | None) -> tuple[LabelVolume, list[str]]:  # noqa: ARG001
    """Open label images lazily; of an image, those of its labels that `name` says, or the only ones."""
    library("zarr", "zarr", path)
    said, place = _ome(path), path
    if "image-label" not in said:
        listed = _ome(path / _GROUP).get(_GROUP, []) if "multiscales" in said else said.get(_GROUP, [])
        listed = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
        base = path / _GROUP if "multiscales" in said else path
        if not listed:
            text = f"{str(path)!r} holds no labels of OME-Zarr."
            raise FormatError(text, "Give the folder of a label image, or an image with labels.")
        held = ", ".join(map(repr, listed[:20]))
        if name is None and len(listed) > 1:
            raise ParameterError(f"{str(path)!r} holds several labels.", f"Say which, name=: {held}.")
        chosen = name if name is not None else listed[0]
        if chosen not in listed:
            raise ParameterError(f"{str(path)!r} holds no labels {chosen!r:.80}.", f"It holds {held}.")
        place = base / chosen
        if not place.resolve().is_relative_to(path.resolve()):
            raise FormatError(f"{str(path)!r} lists the labels {chosen!r:.80}, which lie elsewhere.", "Open that folder itself.")
        said = _ome(place)
    source = open_source(place, kind="labels")
    source.name = name or place.name.removesuffix(".zarr").removesuffix(".ome")
    return LabelVolume(source, _classes(said.get("image-label"))), []


def _classes(said: Any) -> dict[int, LabelClass]:
    """What ids mean; entries that cannot be read are left out."""
    found: dict[int, LabelClass] = {}
    if not isinstance(said, dict):
        return found
    for what in ("colors", "properties"):
        entries = said.get(what)
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, dict) or not isinstance(entry.get("label-value"), int) or entry["label-value"] < 1:
                continue
            label, known = entry["label-value"], found.get(entry["label-value"], LabelClass())
            if what == "colors":
                rgba = entry.get("rgba")
                found[label] = LabelClass(known.name, hex_color(rgba[:3]) if isinstance(rgba, list) else None)
            else:
                words = next((entry[key] for key in ("name", "label", "class") if isinstance(entry.get(key), str)), "")
                found[label] = LabelClass(words[:200], known.color)
    return dict(sorted(found.items()))
