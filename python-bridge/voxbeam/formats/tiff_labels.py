"""Labels as OME-TIFF, plane by plane. Names, colours and origin stand in an annotation of the file that only we look at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from voxbeam.errors import ParameterError
from voxbeam.formats.label_class import checked_classes
from voxbeam.formats.label_volume import LabelVolume, slabs
from voxbeam.sources.places import library
from voxbeam.sources.registry import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from voxbeam.formats.label_format import Told
    from voxbeam.formats.lengths import World

NAMESPACE = "voxbeam/labels"
_BIG = 2**31


def write(labels: LabelVolume, part: Path, world: World | None, told: Told) -> list[str]:  # noqa: ARG001  it has no such world
    """Write one deflated page a plane."""
    tifffile = library("tifffile", "tiff", part)
    library("imagecodecs", "tiff", part)
    metadata: dict[str, Any] = {"axes": "ZYX", "Name": labels.name}
    for axis, size in zip("ZYX", labels.voxel_size, strict=True):
        metadata[f"PhysicalSize{axis}"] = size
        metadata[f"PhysicalSize{axis}Unit"] = labels.unit or "pixel"
    classes = {str(label): {"name": one.name, "color": one.color} for label, one in labels.classes.items()}
    metadata["MapAnnotation"] = {"Namespace": NAMESPACE, "origin": json.dumps(labels.origin), "classes": json.dumps(classes)}
    voxels = labels.shape[0] * labels.shape[1] * labels.shape[2] * labels.dtype.itemsize
    with tifffile.TiffWriter(part, bigtiff=voxels > _BIG, ome=True) as file:
        file.write(
            _planes(labels, told), shape=labels.shape, dtype=labels.dtype, compression="zlib", photometric="minisblack",
            metadata=metadata, maxworkers=1,
        )
    return []


def _planes(labels: LabelVolume, told: Told) -> Iterator[NDArray[Any]]:
    for box in slabs(labels.shape, labels.dtype.itemsize, least=2):
        planes = labels.source.read(0, box)
        told.planes(box[0][1])  # nobody comes back behind the last plane
        yield from planes


def read(path: Path, world: World | None, name: str | None) -> tuple[LabelVolume, list[str]]:  # noqa: ARG001
    """Open the file; pages are read as they are needed."""
    source = open_source(path, kind="labels")
    source.unit = "" if source.unit == "pixel" else source.unit
    tifffile = library("tifffile", "tiff", path)
    with tifffile.TiffFile(path) as file:
        said = _said(tifffile, file.ome_metadata) if file.is_ome and file.ome_metadata else {}
    try:
        z, y, x = (float(n) for n in json.loads(said.get("origin", "[0, 0, 0]")))
        source.origin = (z, y, x)
        classes = checked_classes(json.loads(said.get("classes", "{}")))
    except (TypeError, ValueError, ParameterError):
        classes = {}
    source.name = name or source.name.removesuffix(".ome")
    return LabelVolume(source, classes), []


def _said(tifffile: Any, text: str) -> dict[str, str]:
    """Keys and values of our own annotation, where there is one."""
    found = tifffile.xml2dict(text).get("OME", {}).get("StructuredAnnotations", {}).get("MapAnnotation", [])
    for one in found if isinstance(found, list) else [found]:
        if one.get("Namespace") == NAMESPACE:
            pairs = one.get("Value", {}).get("M", [])
            return {str(pair.get("K")): str(pair.get("value")) for pair in (pairs if isinstance(pairs, list) else [pairs])}
    return {}

