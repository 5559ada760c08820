"""The voxels of an NRRD file: mapped where they are stored raw, inflated once where they are not, never more than promised."""

from __future__ import annotations

import zlib
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import FormatError
from voxbeam.sources.late_source import LateArray, LateSource
from voxbeam.sources.places import file_fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from voxbeam.formats.nrrd_header import NrrdHeader

_READ_BYTES = 2**20


def nrrd_source(path: Path, header: NrrdHeader, table: Mapping[tuple[int, int], int] | None, said: dict[str, Any]) -> LateSource:
    """A source of the file's labels.

    Parameters
    ----------
    table
        Of a file with several layers: what each layer's ids become.

    Raises
    ------
    FormatError
        The file is shorter than its header promises.
    """
    x, y, z = header.sizes[-3:]
    shape = (z, y, x)
    size = path.stat().st_size - header.start
    if header.encoding == "raw" and size < header.nbytes:
        raise _short(path, size, header.nbytes)
    # Deflate makes at most a thousandth of what it is given.
    if header.encoding == "gzip" and header.nbytes > 1100 * size + 2**16:
        text = f"{str(path)!r} holds {size:,} bytes, which cannot be the {header.nbytes:,} that its header promises."
        raise FormatError(text, "Is it complete?")
    dtype = np.dtype("uint16") if table is not None else header.dtype.newbyteorder("=")

    def load() -> NDArray[Any]:
        held = _stored(path, header)
        return held.reshape(shape) if table is None else _laid_over(held.reshape((*shape, -1)), table, dtype)

    said = said | {"shape": shape, "dtype": dtype if dtype.kind == "u" else np.dtype(f"uint{8 * dtype.itemsize}")}
    said |= {"kind": "labels", "fingerprint": file_fingerprint(path, "labels"), "lasting": True}
    return LateSource(LateArray(load), lambda held, _time: held, **said)


def _stored(path: Path, header: NrrdHeader) -> NDArray[Any]:
    if header.encoding == "raw":
        return _plain(np.memmap(path, header.dtype, "r", header.start, (prod(header.sizes),)))
    out = np.empty(header.nbytes, np.uint8)
    filled = 0
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    with path.open("rb") as file:
        file.seek(header.start)
        while filled < len(out) and (packed := file.read(_READ_BYTES)):
            while packed and filled < len(out):
                try:
                    part = unpacker.decompress(packed, min(len(out) - filled, 16 * _READ_BYTES))
                except zlib.error as error:
                    raise FormatError(f"{str(path)!r} cannot be inflated: {error}.", "It is damaged.") from error
                out[filled : filled + len(part)] = np.frombuffer(part, np.uint8)
                filled += len(part)
                packed = unpacker.unconsumed_tail
                if unpacker.eof:
                    packed = b""
            if unpacker.eof:
                break
    if filled < len(out):
        raise _short(path, filled, len(out))
    return _plain(out.view(header.dtype))


def _short(path: Path, held: int, promised: int) -> FormatError:
    return FormatError(f"{str(path)!r} holds {held:,} bytes of voxels; its header promises {promised:,}.", "Is it complete?")


def _plain(held: NDArray[Any]) -> NDArray[Any]:
    """Unsigned and of this machine's byte order; ids below 0 are none."""
    if held.dtype.kind == "i":
        if held.size and int(held.min()) < 0:
            raise FormatError(f"The labels hold the id {int(held.min())}.", "Ids are 0 or more.")
        held = held.view(held.dtype.str.replace("i", "u"))
    return held if held.dtype.isnative else held.astype(held.dtype.newbyteorder("="))


def _laid_over(layers: NDArray[Any], table: Mapping[tuple[int, int], int], dtype: np.dtype[Any]) -> NDArray[Any]:
    out = np.zeros(layers.shape[:3], dtype)
    for (layer, label), number in table.items():
        if layer < layers.shape[3]:
            out[layers[..., layer] == label] = number
    return out
