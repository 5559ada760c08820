"""One level of a pyramid in a file: blocks side by side, each contiguous, none padded, so that a brick is few short readings."""

from __future__ import annotations

import os
import weakref
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from voxbeam.geometry import Shape

#: What one tile of a pass makes along z and y, a brick along x: each block is written by one tile, once.
BLOCK_EDGES: Shape = (32, 64, 64)


class BlockFile:
    """Blocks of a level, in the order z, y, x; those at an axis' end are as short as it. Safe from several threads.

    Parameters
    ----------
    create
        Make the file, at its full length, where it is not there.

    Raises
    ------
    OSError
        It cannot be opened, or has another length.
    """

    def __init__(self, path: Path, shape: Shape, dtype: np.dtype[Any], *, create: bool = False) -> None:
        self.shape = shape
        self.dtype = dtype
        self.nbytes = prod(shape) * dtype.itemsize
        try:
            self._file = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
            self.writable = True
        except PermissionError:
            self._file = os.open(path, os.O_RDONLY)
            self.writable = False
        self._close = weakref.finalize(self, os.close, self._file)
        if create and os.fstat(self._file).st_size == 0:
            os.ftruncate(self._file, self.nbytes)
        if os.fstat(self._file).st_size != self.nbytes:
            found = os.fstat(self._file).st_size
            self._close()
            raise OSError(f"{str(path)!r} has {found:,} bytes, not {self.nbytes:,}")

    @property
    def grid(self) -> Shape:
        """Blocks along z, y, x."""
        z, y, x = (-(-n // edge) for n, edge in zip(self.shape, BLOCK_EDGES, strict=True))
        return z, y, x

    def _place(self, index: Shape) -> tuple[int, Shape]:
        """Where a block begins, in voxels, and its shape."""
        starts = [i * edge for i, edge in zip(index, BLOCK_EDGES, strict=True)]
        z, y, x = (min(edge, n - start) for n, start, edge in zip(self.shape, starts, BLOCK_EDGES, strict=True))
        _, height, width = self.shape
        return starts[0] * height * width + z * (starts[1] * width + y * starts[2]), (z, y, x)

    def write(self, index: Shape, voxels: NDArray[Any]) -> list[int]:
        """Write blocks side by side along x, from the one at `index` on; returns their checksums."""
        start, _ = self._place(index)
        edge = BLOCK_EDGES[2]
        parts = [np.ascontiguousarray(voxels[:, :, x : x + edge]) for x in range(0, voxels.shape[2], edge)]
        data = b"".join(part.data for part in parts) if len(parts) > 1 else parts[0].data.cast("B")
        rest, offset = memoryview(data), start * self.dtype.itemsize
        while rest:
            written = os.pwrite(self._file, rest, offset)
            rest, offset = rest[written:], offset + written
        return [xxhash.xxh3_64_intdigest(part.data) for part in parts]

    def read(self, index: Shape) -> tuple[NDArray[Any], int]:
        """A block as it is in the file, and its checksum; voxels that the file lacks are zero."""
        start, shape = self._place(index)
        block = np.zeros(shape, self.dtype)
        view = block.reshape(-1).view(np.uint8).data
        done, offset = 0, start * self.dtype.itemsize
        while done < len(view):
            got = os.preadv(self._file, [view[done:]], offset + done)
            if not got:
                break
            done += got
        return block, xxhash.xxh3_64_intdigest(block.data)
