"""What of a pyramid is finished: one record a row of tiles, appended, each with its own checksum. A torn end is left out."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xxhash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_MAGIC = 0x57_4F_52_56  # VROW
#: Magic, level, z, y, voxels that are not finite, ranges, blocks.
_HEAD = struct.Struct("<IIIIQII")
_SUM = struct.Struct("<Q")


@dataclass(frozen=True)
class Row:
    """A row of tiles that a pass has finished.

    Attributes
    ----------
    level, z, y
        What was read, and which row of tiles.
    not_finite
        Voxels that are not finite.
    ranges
        Lowest and highest stored voxel of its bricks, shape (n, 2), float64, in the order y, x.
    sums
        Checksums of the blocks that were written of the next level, along x.
    """

    level: int
    z: int
    y: int
    not_finite: int
    ranges: NDArray[np.float64]
    sums: NDArray[np.uint64]

    @property
    def key(self) -> tuple[int, int, int]:
        """Level, z, y."""
        return self.level, self.z, self.y

    def encode(self) -> bytes:
        """The record."""
        head = _HEAD.pack(_MAGIC, self.level, self.z, self.y, self.not_finite, len(self.ranges), len(self.sums))
        body = head + self.ranges.astype("<f8").tobytes() + self.sums.astype("<u8").tobytes()
        return body + _SUM.pack(xxhash.xxh3_64_intdigest(body))


def _rows(data: bytes) -> Iterator[tuple[Row, int]]:
    """Rows and where each ends, up to the first that is not whole."""
    at = 0
    while at + _HEAD.size <= len(data):
        magic, level, z, y, not_finite, ranges, blocks = _HEAD.unpack_from(data, at)
        middle = at + _HEAD.size + 16 * ranges
        end = middle + 8 * blocks
        if magic != _MAGIC or end + _SUM.size > len(data):
            return
        if _SUM.unpack_from(data, end)[0] != xxhash.xxh3_64_intdigest(memoryview(data)[at:end]):
            return
        found = np.frombuffer(data, "<f8", 2 * ranges, at + _HEAD.size).reshape(-1, 2)
        at = end + _SUM.size
        yield Row(level, z, y, not_finite, found, np.frombuffer(data, "<u8", blocks, middle)), at


class Journal:
    """A file of rows."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Row]:
        """All rows that are whole; none where there is no file."""
        try:
            return [row for row, _ in _rows(self._path.read_bytes())]
        except FileNotFoundError:
            return []

    def mend(self) -> None:
        """Cut off what is not whole, so that rows can be appended. By whoever holds the lock."""
        if self._path.exists():
            ends = [end for _, end in _rows(self._path.read_bytes())]
            os.truncate(self._path, ends[-1] if ends else 0)

    def append(self, row: Row) -> None:
        """Add a row: its voxels have been written."""
        with self._path.open("ab") as file:
            file.write(row.encode())

    def clear(self) -> None:
        """Forget all."""
        self._path.unlink(missing_ok=True)
