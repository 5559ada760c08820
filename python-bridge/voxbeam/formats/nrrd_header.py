"""The text before the voxels of an NRRD file: fields, and the key/value pairs that programs add."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite, prod
from typing import TYPE_CHECKING

import numpy as np

from voxbeam.errors import FormatError
from voxbeam.formats.lengths import LENGTHS
from voxbeam.sources.places import unit_symbol

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

#: A header is not longer than this.
HEADER_BYTES = 2**24
#: Voxels that a file may promise: what is larger is no segmentation but a mistake.
MAX_VOXELS = 2**40
_VERSION = re.compile(rb"NRRD000([1-5])\r?\n")
_TYPES = {
    "uchar": "u1", "unsigned char": "u1", "uint8": "u1", "uint8_t": "u1", "ushort": "u2", "unsigned short": "u2",
    "unsigned short int": "u2", "uint16": "u2", "uint16_t": "u2", "uint": "u4", "unsigned int": "u4", "uint32": "u4",
    "uint32_t": "u4", "ulonglong": "u8", "unsigned long long": "u8", "uint64": "u8", "uint64_t": "u8", "signed char": "i1",
    "int8": "i1", "int8_t": "i1", "short": "i2", "signed short": "i2", "short int": "i2", "int16": "i2", "int16_t": "i2",
    "int": "i4", "signed int": "i4", "int32": "i4", "int32_t": "i4", "longlong": "i8", "int64": "i8", "int64_t": "i8",
}
_ENCODINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip"}
#: What x and y of a space are multiplied by to be those of LPS.
_SPACES = {
    "left-posterior-superior": (1, 1), "lps": (1, 1), "right-anterior-superior": (-1, -1), "ras": (-1, -1),
    "left-anterior-superior": (1, -1), "las": (1, -1),
}
_VECTOR = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True)
class NrrdHeader:
    """What a header says.

    Attributes
    ----------
    sizes
        Along the axes of the file, the fastest first: x, y, z, after the layers where there are any.
    dtype
        As it is stored.
    start
        Where the voxels begin.
    directions
        A row for each of x, y, z: where it goes in LPS, with its length.
    origin
        Centre of the first voxel, in LPS.
    keys
        The pairs that programs add.
    """

    sizes: tuple[int, ...]
    dtype: np.dtype[Any]
    encoding: str
    start: int
    directions: np.ndarray[Any, Any]
    origin: tuple[float, float, float]
    unit: str
    keys: dict[str, str]

    @property
    def nbytes(self) -> int:
        """Of the voxels."""
        return prod(self.sizes) * self.dtype.itemsize


def read_header(path: Path) -> NrrdHeader:
    """Read and check the header of a file that holds its own voxels.

    Raises
    ------
    FormatError
        It is no NRRD of a version that is known, its header is cut off, or says what cannot be.
    """
    with path.open("rb") as file:
        raw = file.read(HEADER_BYTES)
    version = _VERSION.match(raw)
    if version is None:
        text = f"{str(path)!r} is no NRRD file of version 1 to 5: it begins with {raw[:8]!r}."
        raise FormatError(text, "Is it what its name says?")
    end = re.search(rb"\r?\n\r?\n", raw)
    if end is None:
        raise FormatError(f"{str(path)!r} cannot be read as NRRD: the end of its header is missing.", "Is it complete?")
    fields, keys = {}, {}
    for line in raw[version.end() : end.start()].decode("utf-8", "replace").splitlines():
        name, separator, value = line.partition(":")
        if line.startswith("#") or not separator:
            continue
        if value.startswith("="):
            keys[name.strip()] = value[1:].replace("\\n", "\n").replace("\\\\", "\\").strip()
        else:
            fields[name.strip().lower()] = value.strip()
    try:
        return _checked(fields, keys, end.end())
    except (KeyError, ValueError, IndexError, OverflowError) as error:
        text = f"{str(path)!r} cannot be read as NRRD: {type(error).__name__}: {error}."
        raise FormatError(text, "Is its header complete, and its voxels in the same file?") from error


def _checked(fields: dict[str, str], keys: dict[str, str], start: int) -> NrrdHeader:
    if "data file" in fields or "datafile" in fields:
        raise ValueError("its voxels are in another file")
    sizes = tuple(int(n) for n in fields["sizes"].split())
    if len(sizes) not in (3, 4) or min(sizes) < 1 or prod(sizes) > MAX_VOXELS:
        raise ValueError(f"sizes are {fields['sizes'][:80]}")
    kind = fields["type"].lower()
    if kind not in _TYPES:
        raise ValueError(f"type is {kind[:40]!r}, which no label has")
    encoding = _ENCODINGS.get(fields.get("encoding", "raw").lower())
    if encoding is None:
        raise ValueError(f"encoding is {fields['encoding'][:40]!r}; raw and gzip are known")
    order = ">" if fields.get("endian", "little").lower() == "big" else "<"
    turn = np.array([*_SPACES.get(fields.get("space", "lps").lower(), (1, 1)), 1.0])
    spatial = [vector for vector in _vectors(fields.get("space directions", "")) if vector is not None]
    if len(spatial) != 3:
        steps = [float(n) for n in fields.get("spacings", "1 1 1").replace("none", "").split()][-3:]
        spatial = [list(row) for row in np.diag([step if isfinite(step) and step > 0 else 1.0 for step in steps])]
    origin = (_vectors(fields.get("space origin", "")) or [None])[0] or [0.0, 0.0, 0.0]
    x, y, z = (float(n) + 0.0 for n in np.array(origin) * turn)
    units = {unit_symbol(unit) for unit in re.findall(r'"([^"]*)"', fields.get("space units", ""))}
    unit = units.pop() if len(units) == 1 else ""
    return NrrdHeader(
        sizes, np.dtype(order + _TYPES[kind]), encoding, start, np.array(spatial) * turn, (x, y, z),
        unit or ("mm" if "space" in fields and unit not in LENGTHS else ""), keys,
    )


def _vectors(text: str) -> list[list[float] | None]:
    """Vectors of three numbers; ``none`` is None."""
    found: list[list[float] | None] = []
    for word in re.findall(r"none|\([^()]*\)", text):
        match = _VECTOR.fullmatch(word)
        if match is None:
            found.append(None)
            continue
        numbers = [float(n) for n in match[1].split(",")]
        if len(numbers) != 3 or not all(map(isfinite, numbers)):
            raise ValueError(f"the vector {word[:60]}")
        found.append(numbers)
    return found
