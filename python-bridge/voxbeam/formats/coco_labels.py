"""Labels as COCO JSON: an image for each plane across z, and compressed run lengths for each id in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import triple
from voxbeam.errors import FormatError
from voxbeam.formats.json_file import read_json
from voxbeam.formats.label_class import LabelClass, hex_color
from voxbeam.formats.label_volume import LabelVolume, slabs
from voxbeam.formats.run_lengths import from_text, masks_of, paint, to_text
from voxbeam.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from numpy.typing import NDArray

    from voxbeam.formats.label_format import Told
    from voxbeam.formats.lengths import World
    from voxbeam.geometry import Box

#: Planes have at most so many voxels, and files as many planes.
MAX_PLANE, MAX_PLANES = 2**32, 2**20
_KEY = "voxbeam"


def write(labels: LabelVolume, part: Path, world: World | None, told: Told) -> list[str]:  # noqa: ARG001  it has no such world
    """Write plane by plane. Categories are the ids; what else is known stands in ``info``."""
    depth, height, width = labels.shape
    facts = {what: getattr(labels, what) for what in ("shape", "voxel_size", "origin", "unit", "name")}
    met: set[int] = set()
    with part.open("w", encoding="utf-8") as file:
        info = {"description": f"Labels of {labels.name}, one image for each plane across z", _KEY: facts}
        file.write(f'{{"info": {json.dumps(info)},\n"images": [\n')
        for z in range(depth):
            image = {"id": z, "file_name": f"z{z:05d}.png", "height": height, "width": width}
            file.write(f"{',' * bool(z)}{json.dumps(image)}\n")
        file.write('],\n"annotations": [\n')
        for number, one in enumerate(_annotations(labels, met, told)):
            file.write(f"{',' * bool(number)}{json.dumps({'id': number + 1, **one})}\n")
        file.write('],\n"categories": [\n')
        _categories(file, labels, met)
        file.write("]}\n")
    return []


def _annotations(labels: LabelVolume, met: set[int], told: Told) -> Iterator[dict[str, Any]]:
    _, height, width = labels.shape
    for box in slabs(labels.shape, labels.dtype.itemsize, least=2):
        for z, plane in enumerate(labels.source.read(0, box), start=box[0][0]):
            for label, counts in masks_of(plane).items():
                met.add(label)
                yield {
                    "image_id": z, "category_id": label, "iscrowd": 1, "area": sum(counts[1::2]),
                    "bbox": _bounds(counts, height), "segmentation": {"size": [height, width], "counts": to_text(counts)},
                }
        told.planes(box[0][1])


def _bounds(counts: list[int], height: int) -> list[int]:
    """x, y, width and height of what is on."""
    ends = np.cumsum(counts)
    first, last = ends[:-1:2] if len(counts) % 2 else ends[::2], ends[1::2] - 1
    x0, x1 = int(first.min()) // height, int(last.max()) // height
    if (first // height != last // height).any():  # a run that goes on in the next column touches both ends
        y0, y1 = 0, height - 1
    else:
        y0, y1 = int((first % height).min()), int((last % height).max())
    return [x0, y0, x1 - x0 + 1, y1 - y0 + 1]


def _categories(file: TextIO, labels: LabelVolume, met: set[int]) -> None:
    for number, label in enumerate(sorted({*met, *labels.classes})):
        one = labels.classes.get(label, LabelClass())
        entry: dict[str, Any] = {"id": label, "name": one.name or str(label), "supercategory": ""}
        if one.rgb:
            entry["color"] = list(one.rgb)
        file.write(f"{',' * bool(number)}{json.dumps(entry)}\n")


class CocoLabels(Source):
    """Planes that are unpacked when they are read."""

    def __init__(self, path: Path, planes: dict[int, list[tuple[int, list[int]]]], **said: Any) -> None:
        super().__init__(**said)
        self._path = path
        self._planes = planes

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """Ids of a box of level 0."""
        if level:
            return super().read(level, box)  # which there is none of
        (z0, z1), (y0, y1), (x0, x1) = box
        out = np.zeros((z1 - z0, y1 - y0, x1 - x0), self.dtype)
        for z in range(z0, z1):
            if z in self._planes:
                columns = np.zeros(self.shape[1] * self.shape[2], self.dtype)
                for label, counts in self._planes[z]:
                    paint(columns, counts, label)
                out[z - z0] = columns.reshape(self.shape[2], self.shape[1]).T[y0:y1, x0:x1]
        return out


def read(path: Path, world: World | None, name: str | None) -> tuple[LabelVolume, list[str]]:  # noqa: ARG001
    """Read the file; run lengths are checked now, and unpacked when a plane is read. Images are planes, by their ids."""
    said = read_json(path, "COCO")
    try:
        return _parsed(path, said, name)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        text = f"{str(path)!r} cannot be read as COCO: {type(error).__name__}: {error}."
        raise FormatError(text, "It needs images of one size, and annotations with run lengths.") from error


def _parsed(path: Path, said: dict[str, Any], name: str | None) -> tuple[LabelVolume, list[str]]:
    images = sorted(said["images"], key=lambda image: image["id"])
    sizes = {(int(image["height"]), int(image["width"])) for image in images}
    if len(sizes) != 1 or not 1 <= len(images) <= MAX_PLANES:
        raise ValueError(f"{len(images)} images of the sizes {sorted(sizes)[:4]}")
    height, width = sizes.pop()
    if not 0 < height * width <= MAX_PLANE:
        raise ValueError(f"images of {height} × {width}")
    place = {image["id"]: z for z, image in enumerate(images)}
    planes: dict[int, list[tuple[int, list[int]]]] = {}
    skipped, most = 0, 1
    for one in said["annotations"]:
        segmentation = one.get("segmentation")
        if not isinstance(segmentation, dict):
            skipped += 1  # polygons of an image's pixels
            continue
        if segmentation["size"] != [height, width] or one["image_id"] not in place:
            where = f"image {one['image_id']!r:.40}, size {segmentation['size']!r:.40}"
            raise ValueError(f"annotation {one.get('id')!r:.40} is of {where}")
        counts = segmentation["counts"]
        counts = from_text(counts, height * width) if isinstance(counts, str) else [int(n) for n in counts]
        label = int(one["category_id"])
        if sum(counts) != height * width or min(counts) < 0 or not 0 < label < 2**32:
            raise ValueError(f"annotation {one.get('id')!r:.40} has category {label} and {sum(counts):,} voxels")
        most = max(most, label)
        planes.setdefault(place[one["image_id"]], []).append((label, counts))
    facts = said.get("info", {}).get(_KEY, {}) if isinstance(said.get("info"), dict) else {}
    dtype = np.dtype("uint8" if most < 2**8 else "uint16" if most < 2**16 else "uint32")
    source = CocoLabels(
        path, planes, shape=(len(images), height, width), dtype=dtype, kind="labels",
        name=name or str(facts.get("name") or path.stem), unit=str(facts.get("unit", "")),
        voxel_size=triple("voxel_size", facts.get("voxel_size", 1), positive=True),
        origin=triple("origin", facts.get("origin", 0)),
    )
    classes = {}
    for one in said.get("categories", []):
        words = str(one.get("name", ""))[:200]
        classes[int(one["id"])] = LabelClass("" if words == str(one["id"]) else words, hex_color(one.get("color")))
    known = {label: one for label, one in sorted(classes.items()) if one.name or one.color}
    return LabelVolume(source, known), [f"{skipped} annotations that are polygons are left out"] if skipped else []
