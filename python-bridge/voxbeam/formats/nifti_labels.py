"""Labels as NIfTI: written plane by plane, with a header that says that the values are labels."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import FormatError
from voxbeam.formats.label_class import checked_classes
from voxbeam.formats.label_volume import LabelVolume, slabs
from voxbeam.formats.lengths import factor, signs
from voxbeam.sources.places import library
from voxbeam.sources.registry import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from voxbeam.formats.label_format import Told
    from voxbeam.formats.lengths import World
    from voxbeam.geometry import Vec3

#: What the short lengths of NIfTI-1 can say; longer axes are written as NIfTI-2.
_LONGEST = 32767
#: Units that the header has a code for, the nearest one for each of ours.
_UNITS = {"Å": "micron", "nm": "micron", "µm": "micron", "mm": "mm", "cm": "mm", "m": "meter"}
_SYMBOLS = {"micron": "µm", "mm": "mm", "meter": "m"}
_KEY = "voxbeam_classes"
_LEVEL = 3


def write(labels: LabelVolume, part: Path, world: World | None, told: Told) -> list[str]:
    """Write ``.nii`` or, by the ending of the name behind it, ``.nii.gz``."""
    header, losses = _header(labels, part, world)
    raw = part.open("wb")
    packed = told.target.name.lower().endswith(".gz")
    file: Any = gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_LEVEL, mtime=0) if packed else raw
    with raw, file:
        header.write_to(file)
        for box in slabs(labels.shape, labels.dtype.itemsize):
            file.write(np.ascontiguousarray(labels.source.read(0, box)).data)
            told.planes(box[0][1])
    return losses


def _header(labels: LabelVolume, part: Path, world: World | None) -> tuple[Any, list[str]]:
    nibabel = library("nibabel", "nifti", part)
    z, y, x = labels.shape
    header = nibabel.Nifti2Header() if max(labels.shape) > _LONGEST else nibabel.Nifti1Header()
    header.set_data_shape((x, y, z))
    header.set_data_dtype(labels.dtype)
    unit = _UNITS.get(labels.unit)
    by = (factor(labels.unit, _SYMBOLS[unit]) or 1.0) if unit else 1.0
    affine = np.diag([*(size * by * sign for size, sign in zip(labels.voxel_size[::-1], signs(world, "RAS"), strict=True)), 1.0])
    affine[:3, 3] = [o * by * sign for o, sign in zip(labels.origin[::-1], signs(world, "RAS"), strict=True)]
    header.set_zooms([size * by for size in labels.voxel_size[::-1]])
    header.set_sform(affine, code=2)
    header.set_qform(affine, code=2)
    header.set_xyzt_units(unit or "unknown")
    header.set_intent("label", name=labels.name.encode("ascii", "replace").decode()[:15])
    header["magic"] = header.single_magic
    if labels.classes:
        classes = {str(label): {"name": one.name, "color": one.color} for label, one in labels.classes.items()}
        text = json.dumps({_KEY: classes}).encode()
        header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", text))
    losses = [f"the unit {labels.unit!r} (it knows mm, µm and m)"] if labels.unit and not unit else []
    return header, losses


def read(path: Path, world: World | None, name: str | None) -> tuple[LabelVolume, list[str]]:
    """Open the file; ``.nii`` is mapped."""
    source = open_source(path, kind="labels")
    losses = []
    if (source.scale, source.offset) != (1.0, 0.0):
        text = f"{str(path)!r} holds values that are scaled by {source.scale:g} and shifted by {source.offset:g}."
        raise FormatError(text, "Labels are whole numbers: write it without scaling.")
    if signs(world, "RAS") != (1, 1, 1) or source.note:
        source.voxel_size, source.origin, turned = _place(path, signs(world, "RAS"))
        losses = ["its rotation or flip is not applied"] if turned else []
        source.note = None
    source.voxel_size, source.origin = _as_written(source.voxel_size), _as_written(source.origin)
    if name:
        source.name = name
    return LabelVolume(source, _classes(path)), losses


def _place(path: Path, by: tuple[int, int, int]) -> tuple[Vec3, Vec3, bool]:
    """Voxel size and origin in a world whose axes `by` turns, and whether more than that is turned."""
    header = library("nibabel", "nifti", path).load(path).header
    affine = np.array(header.get_best_affine())
    affine[:3] *= np.array(by)[:, None]
    zooms = [float(n) for n in header.get_zooms()[:3]]
    size: Vec3 = (zooms[2], zooms[1], zooms[0])
    if not np.allclose(affine[:3, :3], np.diag(zooms), atol=1e-4 * max(zooms)):
        return size, (0.0, 0.0, 0.0), True
    x, y, z = (float(n) + 0.0 for n in affine[:3, 3])
    return size, (z, y, x), False


def _as_written(numbers: Vec3) -> Vec3:
    """Numbers of single precision as those that were meant: 0.1 and not 0.10000000149."""
    z, y, x = (float(str(np.float32(n))) if np.float32(n) == n else n for n in numbers)
    return z, y, x


def _classes(path: Path) -> Any:
    """What our own extension of the header says; another program's comments say nothing of classes."""
    for extension in library("nibabel", "nifti", path).load(path).header.extensions:
        try:
            said = json.loads(extension.get_content())
            return checked_classes(said[_KEY])
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return {}
