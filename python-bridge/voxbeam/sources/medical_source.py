"""NRRD and MetaImage (MHA, MHD) by SimpleITK. What is stored raw is mapped; a compressed stream is read once, when needed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.description import Times
from voxbeam.errors import SourceError
from voxbeam.sources.channels import by_channel
from voxbeam.sources.late_source import LateArray, LateSource
from voxbeam.sources.places import file_fingerprint, inside_folder, library, unit_symbol, unreadable
from voxbeam.sources.read_planner import layout_words
from voxbeam.sources.source import volume_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.sources.source import Source

SUFFIXES = (".nrrd", ".nhdr", ".mha", ".mhd")
#: A header is not longer than this.
HEADER_BYTES = 2**20


@dataclass(frozen=True)
class _Header:
    """What SimpleITK does not tell: where the voxels stand, and how."""

    data: Path
    offset: int | None
    unit: str
    swapped: bool


def open_medical(volume: Any) -> list[Source] | None:
    """Sources for a path of these formats, one a channel, or None where it is none."""
    if not isinstance(volume, Path) or volume.suffix.lower() not in SUFFIXES or not volume.is_file():
        return None
    sitk = library("SimpleITK", "medical", volume)
    header = _nrrd(volume) if volume.suffix.lower() in (".nrrd", ".nhdr") else _meta(volume)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(volume))
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        reader.ReadImageInformation()
        scalar = sitk.Image([1] * 3, reader.GetPixelID()) if reader.GetNumberOfComponents() == 1 else None
    except RuntimeError as error:
        raise unreadable(volume, "NRRD or MetaImage", _reason(error)) from error
    parts = int(reader.GetNumberOfComponents())
    if scalar is None:
        scalar = sitk.Image([1] * 3, reader.GetPixelID(), parts)
    dtype = sitk.GetArrayViewFromImage(scalar).dtype
    shape = tuple(int(n) for n in reversed(reader.GetSize()))
    if len(shape) == 4 and shape[0] == 1:
        shape = shape[1:]
    times = shape[0] if len(shape) == 4 else None
    whole = volume_shape(shape if times is None else shape[1:], repr(str(volume)))
    fields = _geometry(reader, header) | {"shape": whole, "dtype": dtype, "name": volume.stem}
    array, words = _voxels(sitk, volume, header, (*shape, *((parts,) if parts > 1 else ())), dtype)
    fields["note"] = " ".join(filter(None, [fields["note"], words])) or None
    print_of = file_fingerprint(header.data, volume.stat().st_mtime_ns)

    def channel(index: int) -> Source:
        def choose(held: NDArray[Any], time: int) -> NDArray[Any]:
            part: NDArray[Any] = held[..., index] if parts > 1 else held
            chosen: NDArray[Any] = part.reshape((times, *whole))[time] if times else part.reshape(whole)
            return chosen

        source = LateSource(array, choose, **fields, fingerprint=f"{print_of}{index:x}"[-32:], lasting=True)
        source.times = Times(times) if times else None
        return source

    return by_channel(parts if parts > 1 else None, channel)


def _voxels(sitk: Any, path: Path, header: _Header, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[LateArray, str | None]:
    """How the voxels are got, and a sentence where that is slow."""
    needed = prod(shape) * dtype.itemsize
    if header.offset is not None:
        size = header.data.stat().st_size
        offset = size - needed if header.offset < 0 else header.offset
        if offset < 0 or offset + needed > size:
            text = f"{str(header.data)!r} has {size:,} bytes; the header of {path.name!r} promises {needed:,} of voxels."
            raise SourceError(text, "Is it complete?")
        stored = dtype.newbyteorder(">") if header.swapped else dtype
        return LateArray(lambda: np.memmap(header.data, stored, "r", offset, shape)), None

    def load() -> NDArray[Any]:
        try:
            held = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
        except RuntimeError as error:
            raise unreadable(path, "NRRD or MetaImage", _reason(error)) from error
        return np.asarray(held).reshape(shape)

    return LateArray(load), layout_words(volume_shape(shape[-3:]), None, needed // prod(shape[-3:]))


def _geometry(reader: Any, header: _Header) -> dict[str, Any]:
    x, y, z = (float(n) for n in reader.GetSpacing()[:3]) if reader.GetDimension() >= 3 else (1.0, 1.0, 1.0)
    origin = [float(n) for n in reader.GetOrigin()[:3]] if reader.GetDimension() >= 3 else [0.0] * 3
    n = reader.GetDimension()
    turned = not np.allclose(np.reshape(reader.GetDirection(), (n, n)), np.eye(n), atol=1e-4)
    good = all(np.isfinite(step) and step > 0 for step in (x, y, z)) and np.isfinite(origin).all()
    return {
        "voxel_size": (z, y, x) if good else (1.0, 1.0, 1.0),
        "origin": (0.0, 0.0, 0.0) if turned or not good else (origin[2], origin[1], origin[0]),
        "unit": header.unit,
        "note": "The file's rotation or flip is not applied." if turned else None,
    }


def _reason(error: RuntimeError) -> str:
    """The last line of what ITK says, without where in its code that was."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return re.sub(r"^.*?(?:ERROR|Error): ?", "", lines[-1]) if lines else "no reason is given"


def _lines(path: Path, kind: str, pattern: bytes) -> tuple[dict[str, str], int]:
    """The fields of a header, and where it ends."""
    with path.open("rb") as file:
        raw = file.read(HEADER_BYTES)
    end = re.search(pattern, raw, re.MULTILINE)
    if end is None and kind == "NRRD" and path.suffix.lower() == ".nhdr":
        text, stop = raw, len(raw)
    elif end is None:
        raise unreadable(path, kind, "the end of its header is missing")
    else:
        text, stop = raw[: end.end()], end.end()
    pairs = re.findall(r"^([^#:=\r\n]+?)\s*:?[=:]\s*(.*?)\s*$", text.decode("latin-1"), re.MULTILINE)
    return {name.strip().lower(): value for name, value in pairs}, stop


def _nrrd(path: Path) -> _Header:
    said, stop = _lines(path, "NRRD", rb"^\r?\n")
    named = said.get("data file", said.get("datafile"))
    data, offset = path, stop
    if named is not None:
        if re.search(r"%|^LIST", named):
            raise SourceError(f"{str(path)!r} is spread over several data files: {named!r}.", "Write it as one file.")
        data, offset = _data_file(path, named), 0
        offset = -1 if said.get("byte skip") == "-1" else int(said.get("byte skip", "0") or 0)
    plain = said.get("encoding", "raw").lower() == "raw" and said.get("line skip", "0") in ("", "0")
    units = re.findall(r'"([^"]*)"', said.get("space units", said.get("units", "")))
    unit = units[-1] if units and len(set(units)) == 1 else ""
    return _Header(data, offset if plain else None, unit_symbol(unit), said.get("endian", "little").lower() == "big")


def _meta(path: Path) -> _Header:
    said, stop = _lines(path, "MetaImage", rb"^ElementDataFile\s*=.*?\r?\n|^ElementDataFile\s*=.*\Z")
    named = said.get("elementdatafile", "")
    if not named or re.search(r"%|^LIST", named):
        raise SourceError(f"{str(path)!r} names {named!r} as its data.", "Write it as one file.")
    local = named.upper() == "LOCAL"
    data = path if local else _data_file(path, named)
    plain = said.get("compresseddata", "false").lower() == "false" and said.get("binarydata", "true").lower() == "true"
    skip = int(said.get("headersize", "0") or 0)
    order = said.get("binarydatabyteordermsb", said.get("elementbyteordermsb", "false")).lower() == "true"
    # ITK writes and reads MetaImage in millimetres.
    return _Header(data, (stop if local else skip) if plain else None, "mm", order)


def _data_file(path: Path, named: str) -> Path:
    data = inside_folder(path.parent / named, path.parent, f"The header {str(path)!r}")
    if not data.is_file():
        raise SourceError(f"{str(path)!r} names {named!r} as its data, which is missing.", f"Put it into {str(path.parent)!r}.")
    return data
