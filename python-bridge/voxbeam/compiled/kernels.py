"""The compiled functions, typed: how bricks are cut and tiles passed over where there is machine code for this processor."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from voxbeam.compiled.image import Image, LoadedImage
from voxbeam.compiled.job_layout import CHECKSUM, DIFFER, HIGH, JOB_WORDS, LOW, PAYLOAD, STAGE_BYTES, STATE_WORDS
from voxbeam.geometry import BRICK_EDGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voxbeam.geometry import Shape

_CUT_ARGUMENTS, _PASS_ARGUMENTS = 17, 17
#: Bricks of one call.
MAX_JOBS = 64
_PLANE_BYTES, _BRICK_BYTES = 66**2 * 4, 66**3 * 4


class Memory(NamedTuple):
    """Where the voxels of a level stand: address of voxel (0, 0, 0), which need not exist, and steps in bytes."""

    address: int
    shape: Shape
    strides: tuple[int, ...]
    dtype: np.dtype[Any]
    #: What must be kept while it is read.
    owner: object


class Job(NamedTuple):
    """A brick to cut into a frame whose payload begins at an address."""

    z: int
    y: int
    x: int
    payload: int


class Frames(NamedTuple):
    """What frames are: bytes of the payload, and of these before its voxels, a multiple of 64.

    With header and payload of one without its voxels they are sealed: where the voxels of one are the same, it becomes a
    constant one. Else what surrounds the voxels stands there already, and headers are written later.
    """

    payload: int
    before: int
    template: bytes = b""


class Found(NamedTuple):
    """What was found of a brick: its range (``inf, -inf`` where nothing is finite), and the checksum of its payload."""

    low: float
    high: float
    constant: bool
    checksum: int


class Findings(NamedTuple):
    """The same of several bricks."""

    low: NDArray[Any]
    high: NDArray[Any]
    constant: NDArray[Any]
    checksum: NDArray[Any]

    def of(self, number: int) -> Found:
        """Of one of them."""
        low, high, constant, checksum = (column[number].item() for column in self)
        return Found(low, high, constant, checksum)


class _Scratch(threading.local):
    def __init__(self) -> None:
        self.plane = np.empty(_PLANE_BYTES, np.uint8)
        self.stages = np.empty(MAX_JOBS * STAGE_BYTES, np.uint8)
        self.states = np.zeros((MAX_JOBS, STATE_WORDS), np.uint32)
        self.jobs = np.zeros((MAX_JOBS, JOB_WORDS), np.int64)
        self.unused = np.zeros(2, np.int64)
        self.planes = np.empty(0, np.uint8)
        self.results = np.zeros(1, np.int64)
        self.at = [address_of(array) for array in (self.plane, self.stages, self.states, self.jobs, self.unused)]


def address_of(array: NDArray[Any]) -> int:
    """Where the first voxel of an array stands."""
    return int(array.__array_interface__["data"][0])


def _floats_of(ranks: NDArray[Any]) -> NDArray[Any]:
    """The float32 that were ordered by `ranks`."""
    bits = np.where(ranks < 0, ranks ^ 0x7FFFFFFF, ranks)
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


class Kernels:
    """The functions of an image."""

    def __init__(self, image: Image) -> None:
        self._image = LoadedImage(image)
        self._cuts = {stored: self._image.function(f"cut_{stored}", _CUT_ARGUMENTS) for stored in ("u8", "u16", "u32", "f32")}
        names = [*(f"mean_{stored}" for stored in ("u8", "u16", "f32")), *(f"mode_{stored}" for stored in ("u8", "u16", "u32"))]
        self._passes = {name: self._image.function(name, _PASS_ARGUMENTS) for name in names}
        self._scratch = _Scratch()

    @staticmethod
    def can_cut(memory: Memory, stored: str) -> bool:
        """Whether voxels become stored ones by no more than the order of their bytes and their sign."""
        dtype = memory.dtype
        size = {"u8": 1, "u16": 2}.get(stored, 4)
        fits = dtype.itemsize == size and dtype.kind in ("f" if stored == "f32" else "bui")
        return fits and not memory.address % size and not any(step % size for step in memory.strides)

    def cut(self, memory: Memory, stored: str, sign_bit: int, jobs: Sequence[Job], frames: Frames) -> Findings:
        """Cut bricks with their halo into their frames."""
        scratch = self._scratch
        table, count = scratch.jobs, len(jobs)
        table[:count, : PAYLOAD + 1] = jobs
        size = memory.dtype.itemsize
        z, y, x = (abs(step) for step in memory.strides)
        if z < x and z < y and len(scratch.plane) < _BRICK_BYTES:
            scratch.plane = np.empty(_BRICK_BYTES, np.uint8)
            scratch.at[0] = address_of(scratch.plane)
        plane, stages, states, place, unused = scratch.at
        given = np.frombuffer(frames.template or b"0", np.uint8)
        swap = int(size > 1 and not memory.dtype.isnative)
        self._cuts[stored](
            unused, unused + 8, memory.address, *(step // size for step in memory.strides), *memory.shape,
            sign_bit, swap, plane, stages, states, place, count, frames.payload, frames.before,
            address_of(given) if frames.template else 0,
        )
        low, high, differ, checksum = table[:count, [LOW, HIGH, DIFFER, CHECKSUM]].T
        if stored == "f32":
            none = low > high
            low, high = np.where(none, np.inf, _floats_of(low)), np.where(none, -np.inf, _floats_of(high))
        return Findings(low, high, differ == 0, checksum)

    def halve(
        self, block: NDArray[Any], starts: Shape, margins: Shape, shape: Shape, target: NDArray[Any] | None, *, labels: bool,
    ) -> list[tuple[Shape, float, float]] | None:
        """Pass over a tile as `LevelPass.tile` does.

        Parameters
        ----------
        block
            Stored voxels with their halo; rows contiguous.
        starts, margins, shape
            Where in the level the tile begins, how much of the block stands before it, and its size.
        target
            Becomes its half.

        Returns
        -------
        list, optional
            Index and range of each brick. None where it must be done otherwise; the target holds nothing then.
        """
        kind = {"u1": "u8", "u2": "u16", "u4": "u32", "f4": "f32"}.get(block.dtype.str[1:], "")
        function = self._passes.get(f"{'mode' if labels else 'mean'}_{kind}")
        size = block.itemsize
        if function is None or not block.dtype.isnative or block.strides[2] != size or not _aligned(block) or (
            target is not None and (target.strides[2] != size or not _aligned(target))
        ):
            return None
        scratch = self._scratch
        bricks = [-(-n // BRICK_EDGE) for n in shape]
        count = 1 + 2 * bricks[1] * bricks[2]
        if len(scratch.results) < count:
            scratch.results = np.zeros(count, np.int64)
        needed = 2 * block.shape[1] * block.shape[2] * size
        if len(scratch.planes) < needed:
            scratch.planes = np.empty(needed, np.uint8)
        unused = scratch.at[4]
        place = (address_of(target), target.strides[0] // size, target.strides[1] // size) if target is not None else (0, 0, 0)
        function(
            unused, unused + 8, address_of(block), block.strides[0] // size, block.strides[1] // size, *block.shape,
            *margins, *shape, *place, address_of(scratch.planes), address_of(scratch.results),
        )
        if scratch.results[0]:
            return None
        found = scratch.results[1:count]
        ends = (_floats_of(found) if kind == "f32" else found).tolist()
        z, y, x = (start // BRICK_EDGE for start in starts)
        return [
            ((z, y + number // bricks[2], x + number % bricks[2]), ends[2 * number], ends[2 * number + 1])
            for number in range(bricks[1] * bricks[2])
        ]


def _aligned(array: NDArray[Any]) -> bool:
    size = array.itemsize
    return address_of(array) % size == 0 and all(step % size == 0 for step in array.strides)
