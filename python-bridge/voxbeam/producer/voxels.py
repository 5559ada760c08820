"""Where the voxels of one level come from: an array read in place, or a source that reads boxes."""

from __future__ import annotations

import threading
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from voxbeam.compiled.kernels import Kernels, Memory, address_of
from voxbeam.geometry import STORED_EDGE, Box, Shape, level_shape
from voxbeam.producer.scratch import Scratch
from voxbeam.sources.mapped_file import MappedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from voxbeam.producer.dtype_mapping import DtypeMapping
    from voxbeam.sources import Source


class Voxels(Protocol):
    """The voxels of one level."""

    @property
    def shape(self) -> Shape:
        """How many there are along z, y, x."""

    @property
    def mapping(self) -> DtypeMapping:
        """How they become stored voxels."""

    def copy(self, box: Box, out: NDArray[Any], scratch: Scratch) -> None:
        """Write the voxels of `box` to `out`, of the stored dtype and any strides. `mapping.finish` is still to come."""

    def view(self, box: Box) -> NDArray[Any] | None:
        """Stored voxels of `box` in place, each row contiguous; None where they must be copied."""

    def memory(self, box: Box) -> Memory | None:
        """Where the voxels of `box` stand in this process, for machine code; None where they do not."""


def _slices(box: Box) -> tuple[slice, ...]:
    return tuple(slice(*span) for span in box)


def _pieces(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Parts of a block of the size of bricks, which stay in cache while they are turned."""
    spans = [[slice(at, at + STORED_EDGE) for at in range(0, n, STORED_EDGE)] for n in shape]
    return product(*spans)


class ArrayVoxels:
    """Voxels of an array of any strides and byte order."""

    def __init__(self, array: NDArray[Any], mapping: DtypeMapping) -> None:
        self.mapping = mapping
        self._array = array
        self._file = MappedFile.under(array)
        z, y, x = array.shape
        self.shape: Shape = (z, y, x)
        steps = [abs(step) for step in array.strides]
        #: Axes from the widest step in memory to the narrowest.
        self._order = tuple(sorted(range(3), key=lambda axis: -steps[axis]))
        self._memory: Memory | None = None
        self._in_place = mapping.in_place(array.dtype) and array.strides[2] == array.itemsize

    @property
    def array(self) -> NDArray[Any]:
        """The array itself."""
        return self._array

    def copy(self, box: Box, out: NDArray[Any], scratch: Scratch) -> None:
        """Copy in the order of the source's memory, then transpose what is in cache: three times as fast as at once."""
        if self._file is not None:
            self._file.check()
        block = self._array[_slices(box)]
        target = out.view(self.mapping.write_as)
        if self.mapping.ids is not None:
            target[...] = self.mapping.ids.stored(block)
            return
        with np.errstate(over="ignore", invalid="ignore"):
            if self._order == (0, 1, 2):
                np.copyto(target, block, casting="unsafe")
                return
            back = np.argsort(self._order)
            for part in _pieces(block.shape):
                sorted_block = block[part].transpose(self._order)
                kept = scratch.take(sorted_block.shape, target.dtype)
                np.copyto(kept, sorted_block, casting="unsafe")
                np.copyto(target[part], kept.transpose(back))

    def view(self, box: Box) -> NDArray[Any] | None:
        """The array itself, where its voxels are stored voxels and its rows contiguous."""
        if not self._in_place:
            return None
        if self._file is not None:
            self._file.check()
        return self._array[_slices(box)]

    def memory(self, box: Box) -> Memory | None:  # noqa: ARG002  all of them stand there
        """The array's."""
        if self.mapping.ids is not None or self._array.dtype.kind not in "biuf":
            return None
        if self._file is not None:
            self._file.check()
        if self._memory is None:
            array = self._array
            self._memory = Memory(address_of(array), self.shape, array.strides, array.dtype, array)
        return self._memory


class SourceVoxels:
    """Voxels that a source reads by boxes."""

    def __init__(self, source: Source, level: int, mapping: DtypeMapping) -> None:
        self.mapping = mapping
        self.shape = level_shape(source.shape, level)
        self._source = source
        self._level = level

    def copy(self, box: Box, out: NDArray[Any], scratch: Scratch) -> None:  # noqa: ARG002  the source has its own
        """Read, check and convert."""
        target = out.view(self.mapping.write_as)
        with np.errstate(over="ignore", invalid="ignore"):
            if not self.mapping.checks_ids:
                self._source.read_into(self._level, box, target)
                return
            block = self._source.read(self._level, box)
            self.mapping.check_ids(block)
            np.copyto(target, block, casting="unsafe")

    def view(self, box: Box) -> NDArray[Any] | None:  # noqa: ARG002  there is no array to view
        """None: each box is read anew."""
        return None

    def memory(self, box: Box) -> Memory | None:
        """Read into memory of this thread, which its next call uses again."""
        dtype = self._source.dtype

        def read(out: NDArray[Any]) -> None:
            self._source.read_into(self._level, box, out)
            self.mapping.check_ids(out)

        return gathered(box, self.shape, dtype, self.mapping.stored, read)


class HeldVoxels:
    """Stored voxels of a box of a level that stand in memory: of no other box may be asked.

    Parameters
    ----------
    shape
        Of the level.
    mapping
        Of stored voxels, to which nothing more is done.
    box, block
        Where they belong, and they.
    """

    def __init__(self, shape: Shape, mapping: DtypeMapping, box: Box, block: NDArray[Any]) -> None:
        self.shape = shape
        self.mapping = mapping
        self._box = box
        self._block = block

    def _part(self, box: Box) -> NDArray[Any]:
        part: NDArray[Any] = self._block[tuple(slice(a - low, b - low) for (a, b), (low, _) in zip(box, self._box, strict=True))]
        return part

    def copy(self, box: Box, out: NDArray[Any], scratch: Scratch) -> None:  # noqa: ARG002  nothing is turned
        """Copy."""
        np.copyto(out, self._part(box))

    def view(self, box: Box) -> NDArray[Any] | None:
        """The voxels themselves."""
        return self._part(box)

    def memory(self, box: Box) -> Memory | None:  # noqa: ARG002  all of them stand there
        """Where the level would begin."""
        block = self._block
        start = address_of(block) - sum(low * step for (low, _), step in zip(self._box, block.strides, strict=True))
        return Memory(start, self.shape, block.strides, block.dtype, block)


_gathered = threading.local()


def gathered(
    box: Box, shape: Shape, dtype: np.dtype[Any], stored: str, read: Callable[[NDArray[Any]], object],
) -> Memory | None:
    """Voxels of a box of a level where machine code finds them; None where it could do nothing with them.

    Parameters
    ----------
    read
        Writes them to an array of the box's shape, which is memory of this thread until its next call.
    """
    edges = [high - low for low, high in box]
    strides = (edges[1] * edges[2] * dtype.itemsize, edges[2] * dtype.itemsize, dtype.itemsize)
    if not Kernels.can_cut(Memory(0, shape, strides, dtype, None), stored):
        return None
    if not hasattr(_gathered, "scratch"):
        _gathered.scratch = Scratch()
    block = _gathered.scratch.take(edges, dtype)
    read(block)
    start = address_of(block) - sum(low * step for (low, _), step in zip(box, strides, strict=True))
    return Memory(start, shape, strides, dtype, block)


def strided_preview(array: NDArray[Any], level: int, mapping: DtypeMapping) -> ArrayVoxels:
    """Voxels of a coarser level taken from `array` at a stride, from as near the middle of each group as there is one."""
    stride = 2**level
    return ArrayVoxels(array[tuple(slice(min(stride // 2, n - 1), None, stride) for n in array.shape)], mapping)
