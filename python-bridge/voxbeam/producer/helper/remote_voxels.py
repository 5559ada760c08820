"""The voxels of an array in the memory of another process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.compiled.kernels import Memory, address_of
from voxbeam.producer.scratch import Scratch
from voxbeam.producer.voxels import ArrayVoxels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape
    from voxbeam.producer.dtype_mapping import DtypeMapping
    from voxbeam.producer.helper.process_memory import ProcessMemory

#: What a span costs beside its bytes, as so many bytes more: pages are looked up anew for each.
_SPAN_COST_BYTES = 3200
#: Bytes read together at most, for bricks that stand in a row.
MOST_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Place:
    """Where an array stands: the address of its first voxel, and the steps in bytes along z, y, x."""

    address: int
    shape: Shape
    strides: tuple[int, int, int]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, array: NDArray[Any]) -> Place:
        """The place of an array of this process."""
        (z, y, x), (a, b, c) = array.shape, array.strides
        return cls(int(array.__array_interface__["data"][0]), (z, y, x), (a, b, c), array.dtype)


class _Near(threading.local):
    """What this thread has gathered, for the bricks it is at, and the memory it reads into."""

    def __init__(self) -> None:
        self.box: Box | None = None
        self.block: NDArray[Any] | None = None
        self.owner: object = None
        self.gathered = Scratch()
        self.single = Scratch()


_near = _Near()


class RemoteVoxels:
    """Voxels of the array at `place`, read anew for each turn of a worker."""

    def __init__(self, memory: ProcessMemory, place: Place, mapping: DtypeMapping) -> None:
        self.mapping = mapping
        self.shape = place.shape
        self._memory = memory
        self._place = place

    def view(self, box: Box) -> NDArray[Any] | None:  # noqa: ARG002  as others have it
        """None: it is not this process's."""
        return None

    def memory(self, box: Box) -> Memory | None:
        """Where what was read of `box` stands; voxel (0, 0, 0) would stand before it."""
        block = self._block(box)
        address = address_of(block) - sum(low * step for (low, _), step in zip(box, block.strides, strict=True))
        return Memory(address, self.shape, block.strides, block.dtype, block)

    def copy(self, box: Box, out: NDArray[Any], scratch: Scratch) -> None:
        """Read `box`, unless it has been gathered, and write it as stored voxels."""
        block = self._block(box)
        z, y, x = block.shape
        ArrayVoxels(block, self.mapping).copy(((0, z), (0, y), (0, x)), out, scratch)

    def _block(self, box: Box) -> NDArray[Any]:
        near = _near.box
        if _near.owner is self and near is not None and _near.block is not None and _holds(near, box):
            return _near.block[tuple(slice(a - low, b - low) for (a, b), (low, _) in zip(box, near, strict=True))]
        return self._read(box, _near.single)

    def gather(self, box: Box) -> None:
        """Read `box` in one go for the copies that follow in this thread, where that is cheaper than each by itself."""
        _near.box, _near.owner = box, self
        _near.block = self._read(box, _near.gathered)

    def nbytes(self, box: Box) -> int:
        """Bytes that reading `box` takes."""
        return self._plan(box)[2]

    def _plan(self, box: Box) -> tuple[int, int, int, tuple[int, ...], list[int], list[int]]:
        """How to read a box: how many axes are spans apart, bytes of a span and of all, axes by step, their sizes and steps."""
        place = self._place
        order = tuple(sorted(range(3), key=lambda axis: -abs(place.strides[axis])))
        sizes = [box[axis][1] - box[axis][0] for axis in order]
        steps = [abs(place.strides[axis]) for axis in order]
        plans = []
        for apart in range(3):
            spans = int(np.prod(sizes[:apart]))
            length = sum((n - 1) * step for n, step in zip(sizes[apart:], steps[apart:], strict=True)) + place.dtype.itemsize
            plans.append((spans * (length + _SPAN_COST_BYTES), apart, length, spans * length))
        _, apart, length, total = min(plans)
        return apart, length, total, order, sizes, steps

    def _read(self, box: Box, scratch: Scratch) -> NDArray[Any]:
        place = self._place
        apart, length, total, order, sizes, steps = self._plan(box)
        start = place.address
        for (low, high), step in zip(box, place.strides, strict=True):
            start += (low if step >= 0 else high - 1) * step
        starts = np.full((1,), start, np.uint64)
        for n, step in zip(sizes[:apart], steps[:apart], strict=True):
            starts = (starts[:, None] + np.arange(n, dtype=np.uint64) * np.uint64(step)).reshape(-1)
        bytes_read = scratch.take((total,), np.dtype(np.uint8))
        self._memory.read(starts, length, bytes_read)
        packed = [*(int(np.prod(sizes[axis + 1 : apart])) * length for axis in range(apart)), *steps[apart:]]
        block: NDArray[Any] = np.ndarray(sizes, place.dtype, bytes_read, 0, packed)
        block = block.transpose(np.argsort(order))
        return block[tuple(slice(None, None, -1 if step < 0 else 1) for step in place.strides)]


def _holds(outer: Box, inner: Box) -> bool:
    return all(a <= low and high <= b for (a, b), (low, high) in zip(outer, inner, strict=True))


def forget_gathered() -> None:
    """What was gathered in this thread may be out of date from now on."""
    _near.box = _near.block = _near.owner = None
