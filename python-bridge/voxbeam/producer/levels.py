"""Which voxels answer for each level now: true ones, previews until the true ones are built, or none yet."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.geometry import BrickKey, brick_grid, level_count, level_shape
from voxbeam.producer.dtype_mapping import DtypeMapping
from voxbeam.producer.pyramid import LevelPass, memory_order
from voxbeam.producer.sampled_preview import SampledVoxels, can_be_sampled
from voxbeam.producer.voxels import ArrayVoxels, SourceVoxels, Voxels, strided_preview
from voxbeam.protocol import PREVIEW
from voxbeam.warm_memory import level_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.geometry import Box
    from voxbeam.kept.kept_pyramid import KeptPyramid
    from voxbeam.producer.fill_along import FillAlong
    from voxbeam.sources import Source

#: The most of the machine's memory that the coarse levels of one volume may take.
PYRAMID_SHARE = 1 / 8
#: An array of no more voxels gets its pyramid before it is declared: that takes some 30 ms and spares the previews.
SMALL_VOXELS = {"image": 2**24, "labels": 2**22}
#: Ranges of no more bricks are told before a volume whose levels are kept is declared.
SMALL_BRICKS = 4096


@dataclass(frozen=True)
class Answer:
    """What a level is answered with; `voxels` None: nothing until it is built."""

    voxels: Voxels | None
    generation: int
    flags: int = 0


def memory_limit() -> int:
    """Bytes that the coarse levels of one volume may take."""
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * PYRAMID_SHARE)


class Levels:
    """The levels of one volume.

    A level is *final* from the start (level 0, and levels that the source holds and places rightly), or *built*: until then it
    is answered from a preview (an array at a stride, a level of the source that lies elsewhere) or not at all. Where
    building all levels would take too much memory, previews are final too, unless the levels are *kept* in a folder.

    Parameters
    ----------
    limit
        Bytes of memory that built levels may take.
    name
        Fingerprint and time point of what other processes may read too; its levels may be kept.
    """

    def __init__(
        self, source: Source, mapping: DtypeMapping, limit: int | None = None, *, name: tuple[str, int] | None = None,
    ) -> None:
        self.mapping = mapping
        self.shape = source.shape
        self._labels = source.kind == "labels"
        self._arrays: dict[int, NDArray[Any]] = {}
        self._replaced: list[int] = []
        limit = memory_limit() if limit is None else limit
        finest: Voxels
        finest = SourceVoxels(source, 0, mapping) if source.array is None else ArrayVoxels(source.array, mapping)
        self.answers = [Answer(finest, 1)]
        wanted = []
        for level in range(1, level_count(source.shape)):
            self.answers.append(self._provisional(source, level))
            if self.answers[level].generation == 0:
                wanted.append(level)
        self._limit = limit
        self._kept = _keep(source, mapping, name, wanted, self._passes_of(wanted)) if name and wanted else None
        if self._bytes(wanted) > limit and self._kept is None:
            wanted = [level for level in wanted if level not in source.levels]
        if self._bytes(wanted) > limit and self._kept is None:
            wanted = []
        #: Levels that `build` makes.
        self.unbuilt = wanted
        #: What is missing for lack of memory, for people.
        self.note: str | None = None
        self._settle_the_rest(limit)
        self._passes = self._passes_of(wanted)
        #: Why nothing is kept after all, for people.
        self.word: str | None = None
        found = self._kept is not None and self._kept.complete
        if found:
            self._answer_from_kept()
        self.small = source.array is not None and prod(source.shape) <= SMALL_VOXELS[source.kind]
        if found:
            self.small = prod(brick_grid(self.shape, 0)) <= SMALL_BRICKS

    def _passes_of(self, wanted: list[int]) -> list[int]:
        in_place = isinstance(self.answers[0].voxels, ArrayVoxels)
        return sorted({*wanted, *(level - 1 for level in wanted), *([0] if in_place else [])})

    def _provisional(self, source: Source, level: int) -> Answer:
        if level in source.levels:
            exact = source.levels[level]
            return Answer(SourceVoxels(source, level, self.mapping), 1 if exact else 0, 0 if exact else PREVIEW)
        if source.array is not None:
            return Answer(strided_preview(source.array, level, self.mapping), 0, PREVIEW)
        if level == level_count(source.shape) - 1 and can_be_sampled(source):
            return Answer(SampledVoxels(source, level, self.mapping), 0, PREVIEW)
        return Answer(None, 0)

    def _bytes(self, levels: list[int]) -> int:
        item = self.mapping.dtype.itemsize
        return sum(int(np.prod(level_shape(self.shape, level))) * item for level in levels)

    def _settle_the_rest(self, limit: int) -> None:
        rest = [level for level, answer in enumerate(self.answers) if answer.generation == 0 and level not in self.unbuilt]
        for level in rest:
            self.answers[level] = Answer(self.answers[level].voxels, 1)
        strided = [level for level in rest if not isinstance(self.answers[level].voxels, SourceVoxels)]
        if strided:
            absent = self.answers[strided[0]].voxels is None
            how = "are not shown" if absent else "are taken at a stride"
            self.note = f"Coarse levels {how}: their means would take {self._bytes(strided):,} bytes, the limit is {limit:,}."

    def has_ranges(self, level: int) -> bool:
        """Whether building gives the range of each of a level's bricks, so that who cuts them need not look."""
        return level in self._passes

    @property
    def all_there(self) -> bool:
        """Whether the source gives every level rightly, so that nothing has to be read to build any."""
        return not self._passes

    @property
    def in_memory(self) -> bool:
        """Whether levels are built of an array in memory and stay there."""
        return self._kept is None and isinstance(self.answers[0].voxels, ArrayVoxels)

    @property
    def will_decode_finest(self) -> bool:
        """Whether a build that is still to be done shows whoever comes along all of level 0, which it reads for that."""
        if not self.unbuilt or self._kept is None or 0 not in self._passes:
            return False
        return not isinstance(self.answers[0].voxels, ArrayVoxels)

    @property
    def nbytes(self) -> int:
        """Memory that built levels take: a seventh of the stored volume."""
        return sum(array.nbytes for array in self._arrays.values()) + (self._kept.pool_bytes if self._kept else 0)

    @property
    def boxes(self) -> list[list[int]]:
        """All bricks of the levels that previews stood in for, as CHANGED names them."""
        return [[level, 0, 0, 0, *brick_grid(self.shape, level)] for level in self._replaced]

    def build(
        self, put_range: Callable[[BrickKey, float, float], None], pause: Callable[[], None], along: FillAlong | None = None,
    ) -> int:
        """Make what is unbuilt, and pass over each level concerned for its ranges. `publish` makes it visible.

        `along` comes along with a pass over level 0 that decodes what it reads, where the levels are kept.

        Returns
        -------
        int
            Voxels of level 0 that are not finite.

        Raises
        ------
        MemoryError, SourceError
            Nothing has changed then.
        """
        if self._kept is not None:
            try:
                return self._kept.build(self._voxels_of, put_range, pause, along)
            except self._kept.NotKept as error:
                self._kept, self.word = None, error.message
                if along is not None:
                    along.expect_no_more()
                if self._bytes(self.unbuilt) > self._limit:
                    raise
        finest = self.answers[0].voxels
        axes = (0, 1, 2) if finest is None or self._labels else memory_order(finest)
        arrays = {level: self._empty(level, axes) for level in self.unbuilt}
        stored = DtypeMapping(self.mapping.stored, self.mapping.dtype)
        work = LevelPass(labels=self._labels, put_range=put_range, pause=pause)
        not_finite = 0
        for level in self._passes:
            voxels = ArrayVoxels(arrays[level], stored) if level in arrays else self._voxels_of(level)
            found = work.run(voxels, level, arrays.get(level + 1))
            if level == 0:
                not_finite = found
        self._arrays = arrays
        return not_finite

    def _empty(self, level: int, axes: tuple[int, int, int]) -> NDArray[Any]:
        """Memory for a level, in the order in which it is passed over."""
        shape = level_shape(self.shape, level)
        array: NDArray[Any] = level_memory.take([shape[axis] for axis in axes], self.mapping.dtype)
        return np.transpose(array, [axes.index(axis) for axis in range(3)])

    def _voxels_of(self, level: int) -> Voxels:
        voxels = self.answers[level].voxels
        if voxels is None:
            raise AssertionError(f"level {level} has no voxels to build from")
        return voxels

    def _answer_from_kept(self) -> None:
        assert self._kept is not None
        for level in self.unbuilt:
            self.answers[level] = Answer(self._kept.voxels(level, self._voxels_of(level - 1)), 1)

    def rebuild(self, box: Box, put_range: Callable[[BrickKey, float, float], None], pause: Callable[[], None]) -> None:
        """Make anew what is made of voxels of level 0 in `box`, in place. `next_generation` makes it known."""
        stored = DtypeMapping(self.mapping.stored, self.mapping.dtype)
        work = LevelPass(labels=self._labels, put_range=put_range, pause=pause)
        for level in self._passes:
            voxels = ArrayVoxels(self._arrays[level], stored) if level in self._arrays else self.answers[level].voxels
            if voxels is not None:
                z, y, x = ((low >> level, -(-high >> level)) for low, high in box)
                work.run(voxels, level, self._arrays.get(level + 1), (z, y, x))

    def next_generation(self) -> int:
        """Voxels have changed: what is cut from now on says so."""
        generation = max(answer.generation for answer in self.answers) + 1
        self.answers = [replace(answer, generation=generation) for answer in self.answers]
        return generation

    @property
    def generation(self) -> int:
        """That of level 0: above 1 once voxels have changed."""
        return self.answers[0].generation

    @property
    def all_boxes(self) -> list[list[int]]:
        """All bricks of all levels, as CHANGED names them."""
        return [[level, 0, 0, 0, *brick_grid(self.shape, level)] for level in range(len(self.answers))]

    def publish(self) -> None:
        """Answer from what was built."""
        stored = DtypeMapping(self.mapping.stored, self.mapping.dtype)
        for level, array in self._arrays.items():
            self.answers[level] = Answer(ArrayVoxels(array, stored), 1)
        if self._kept is not None:
            self._answer_from_kept()
        self._replaced, self.unbuilt = self.unbuilt, []

    def let_go(self) -> None:
        """Nobody asks any more: what was built goes as soon as those who read it now are done."""
        self.answers = [Answer(None, answer.generation, answer.flags) for answer in self.answers]
        self._arrays = {}

    def give_up(self) -> None:
        """Nothing will be built: previews are all there will be."""
        for level in self.unbuilt:
            self.answers[level] = Answer(self.answers[level].voxels, 1)
        self._replaced, self.unbuilt = self.unbuilt, []


def _keep(
    source: Source, mapping: DtypeMapping, name: tuple[str, int], wanted: list[int], passes: list[int],
) -> KeptPyramid | None:
    from voxbeam.kept.keeper import keep  # noqa: PLC0415  which arrays need not wait for

    return keep(source, mapping, name, wanted, passes)
