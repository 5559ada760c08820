"""How chunks of a Zarr array in a folder are stored, where that is simple: what its metadata say, and its decoders."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    #: Writes what some bytes decode to, or raises ValueError where that is not as long as the array.
    Decode = Callable[[memoryview, NDArray[np.uint8]], None]

#: How many bytes a buffer of Blosc decodes to, and how many it has.
_BLOSC_HEADER = struct.Struct("<4xI4xI")
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


@dataclass(frozen=True)
class ChunkForm:
    """How an array's voxels stand in its files.

    Attributes
    ----------
    chunk
        Edges of what is decoded together, one for each axis.
    shard
        Edges of what a file holds, where it holds several chunks.
    dtype
        As it is stored, byte order included.
    decode
        Undoes the compression.
    index_first
        Whether a shard's index stands at its beginning.
    """

    chunk: tuple[int, ...]
    shard: tuple[int, ...] | None
    dtype: np.dtype[Any]
    decode: Decode
    index_first: bool = False

    @property
    def nbytes(self) -> int:
        """Of a decoded chunk."""
        return prod(self.chunk) * self.dtype.itemsize


def chunk_form(array: Any) -> ChunkForm | None:
    """The form of an array of Zarr; None where only the library can read it."""
    try:
        said, dtype = array.metadata.to_dict(), np.dtype(array.dtype)
        if dtype.kind not in "biuf":
            return None
        return _form_of_2(said, dtype) if said["zarr_format"] == 2 else _form_of_3(said, dtype)
    except (AttributeError, ImportError, KeyError, TypeError, ValueError):
        return None


def _form_of_2(said: Mapping[str, Any], dtype: np.dtype[Any]) -> ChunkForm | None:
    if said["order"] != "C" or said.get("filters"):
        return None
    compressor = said["compressor"]
    decode = _decoder(compressor["id"] if compressor else None)
    return None if decode is None else ChunkForm(tuple(said["chunks"]), None, dtype, decode)


def _form_of_3(said: Mapping[str, Any], dtype: np.dtype[Any]) -> ChunkForm | None:
    if said["chunk_grid"]["name"] != "regular" or said.get("storage_transformers"):
        return None
    outer = tuple(said["chunk_grid"]["configuration"]["chunk_shape"])
    codecs = list(said["codecs"])
    if codecs[0]["name"] != "sharding_indexed":
        return _plain(codecs, outer, None, dtype)
    inside = codecs[0]["configuration"]
    if len(codecs) > 1 or [codec["name"] for codec in inside["index_codecs"]] != ["bytes", "crc32c"]:
        return None
    if inside["index_codecs"][0]["configuration"]["endian"] != "little":
        return None
    first = inside.get("index_location", "end") == "start"
    return _plain(inside["codecs"], tuple(inside["chunk_shape"]), outer, dtype, first=first)


def _plain(
    codecs: Sequence[Mapping[str, Any]], chunk: tuple[int, ...], shard: tuple[int, ...] | None, dtype: np.dtype[Any], *,
    first: bool = False,
) -> ChunkForm | None:
    """Bytes of voxels, and one compression at most."""
    if codecs[0]["name"] != "bytes" or len(codecs) > 2:
        return None
    big = codecs[0].get("configuration", {}).get("endian") == "big"
    decode = _decoder(codecs[1]["name"] if len(codecs) > 1 else None)
    return None if decode is None else ChunkForm(chunk, shard, dtype.newbyteorder(">" if big else "<"), decode, first)


def _decoder(name: str | None) -> Decode | None:
    """By the names of Zarr's codecs, which libraries of Zarr bring with them. Never makes more bytes than there is room for."""
    if name is None:
        return _copy
    if name in ("gzip", "zlib"):
        return lambda raw, out: _copy(_inflated(raw, out.size, 31 if name == "gzip" else 15), out)
    if name == "zstd":
        from numcodecs.zstd import decompress as undo_zstd  # noqa: PLC0415  comes with zarr

        def zstd(raw: memoryview, out: NDArray[np.uint8]) -> None:
            if _zstd_size(raw) != out.size:
                raise ValueError("a frame of another length")
            undo_zstd(raw, out)

        return zstd
    if name == "blosc":
        from numcodecs import blosc  # noqa: PLC0415  comes with zarr

        def undo_blosc(raw: memoryview, out: NDArray[np.uint8]) -> None:
            if len(raw) < _BLOSC_HEADER.size or _BLOSC_HEADER.unpack_from(raw) != (out.size, len(raw)):
                raise ValueError("a buffer of another length")
            blosc.decompress(raw, out)

        return undo_blosc
    return None


def _copy(raw: memoryview | bytes, out: NDArray[np.uint8]) -> None:
    if len(raw) != out.size:
        raise ValueError(f"{len(raw):,} bytes instead of {out.size:,}")
    out[:] = np.frombuffer(raw, np.uint8)


def _inflated(raw: memoryview, size: int, window: int) -> bytes:
    stream = zlib.decompressobj(window)
    data = stream.decompress(raw, size)
    return data + stream.decompress(stream.unconsumed_tail, 1)


def _zstd_size(raw: memoryview) -> int | None:
    """How long a frame of Zstandard says that its content is; None where it does not."""
    if len(raw) < 6 or raw[:4] != _ZSTD_MAGIC:
        return None
    flag, single = raw[4] >> 6, raw[4] >> 5 & 1
    if not flag and not single:
        return None
    width = (1, 2, 4, 8)[flag]
    start = 6 - single + (0, 1, 2, 4)[raw[4] & 3]
    return int.from_bytes(raw[start : start + width], "little") + (256 if width == 2 else 0)
