"""The coarser levels of a volume in a folder: built row by row, taken up where they were left, mended where damaged."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import nullcontext, suppress
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam import cache
from voxbeam.errors import VoxbeamError
from voxbeam.geometry import BRICK_EDGE, BrickKey, brick_grid, level_shape
from voxbeam.kept.block_file import BLOCK_EDGES, BlockFile
from voxbeam.kept.crew import crew
from voxbeam.kept.folder_lock import FolderLock
from voxbeam.kept.journal import Journal, Row
from voxbeam.kept.shards import Shards
from voxbeam.producer.mean import halve_by_mean
from voxbeam.producer.mode import halve_by_mode
from voxbeam.producer.pyramid import TILE_Y, LevelPass, row_tiles
from voxbeam.producer.voxels import ArrayVoxels, gathered
from voxbeam.sources.block_cache import BlockCache, BlockPool
from voxbeam.sources.read_planner import ReadCounter, block_cuts, cache_bytes
from voxbeam.warm_memory import block_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from voxbeam.compiled.kernels import Memory
    from voxbeam.geometry import Box, Shape
    from voxbeam.producer.dtype_mapping import DtypeMapping
    from voxbeam.producer.fill_along import FillAlong
    from voxbeam.producer.scratch import Scratch
    from voxbeam.producer.voxels import Voxels

#: How far the threads that build stand back: who needs a brick, and who draws one, come first. Not where a fill waits for them.
NICENESS = 10
_LOCK_SECONDS = 0.2


class NotKeptError(VoxbeamError):
    """A folder cannot be written to: its disk is full, or it may not be."""


class KeptVoxels:
    """Voxels of a kept level, block by block, each checked when it is read."""

    def __init__(self, pyramid: KeptPyramid, level: int, mapping: DtypeMapping, pool: BlockPool) -> None:
        self.mapping = mapping
        self.shape = level_shape(pyramid.shape, level)
        self._cache = BlockCache(
            lambda box: pyramid.read(level, box), self.shape, BLOCK_EDGES, pool, (level,), within=(),
            itemsize=mapping.dtype.itemsize, counter=ReadCounter(),
        )

    def copy(self, box: Box, out: NDArray[Any], scratch: Scratch) -> None:  # noqa: ARG002  the pool keeps what is read
        """Read from blocks; they hold stored voxels."""
        self._cache.read(box, out)

    def view(self, box: Box) -> NDArray[Any] | None:  # noqa: ARG002  a file that is cut off must not end the process
        """None: what is mapped cannot be checked."""
        return None

    def memory(self, box: Box) -> Memory | None:
        """Read from blocks, as `copy` does, into what is this thread's until its next call."""
        return gathered(box, self.shape, self.mapping.dtype, self.mapping.stored, lambda out: self._cache.read(box, out))


class KeptPyramid:
    """Made for a volume, whether its folder is there or not. Safe from several threads once it is `complete`.

    Parameters
    ----------
    folder
        Its own, in the cache.
    mapping
        Of the stored voxels; those of kept levels need nothing more done to them.
    wanted
        Levels that it keeps.
    passes
        Levels that are read to make them and the ranges of bricks.
    about
        What it is, for who lists the cache; None: it does not lie there.
    write
        Called by several threads with each level, parts of it and their voxels, which then must not be kept: a layer of bricks
        deep, `TILE_Y` high, `SHARD_X` wide. Whole rows of them are recorded when they have been written.
    """

    NotKept = NotKeptError

    def __init__(
        self, folder: Path, shape: Shape, mapping: DtypeMapping, wanted: Sequence[int], passes: Sequence[int], *, labels: bool,
        about: dict[str, Any] | None = None, write: Callable[[int, Box, NDArray[Any]], None] | None = None,
    ) -> None:
        self.folder = folder
        self._about = about
        self._write = write
        self.shape = shape
        self._mapping = mapping
        self._passes = list(passes)
        self._labels = labels
        self._journal = Journal(folder / "rows")
        self._rows: dict[tuple[int, int, int], Row] = {}
        self._files: dict[int, BlockFile] = {}
        self._finer: dict[int, Voxels] = {}
        self._wanted = list(wanted)
        cuts = block_cuts(level_shape(shape, 1), BLOCK_EDGES, mapping.dtype.itemsize)
        self._pool = BlockPool(cache_bytes(cuts, mapping.dtype.itemsize))
        self._load()
        if self.complete and about is not None:
            cache.touch(folder, complete=True)

    @property
    def nbytes(self) -> int:
        """Bytes of all its levels."""
        return sum(prod(level_shape(self.shape, level)) for level in self._wanted) * self._mapping.dtype.itemsize

    @property
    def complete(self) -> bool:
        """Whether all rows of all passes are there."""
        return self.rows_done == self.rows

    @property
    def rows(self) -> int:
        """Rows of tiles of all passes."""
        return sum(len(_row_places(level_shape(self.shape, level))) for level in self._passes)

    @property
    def rows_done(self) -> int:
        """Those that are there."""
        return len(self._rows)

    @property
    def pool_bytes(self) -> int:
        """Memory that blocks in use take."""
        return self._pool.bytes

    def voxels(self, level: int, finer: Voxels) -> KeptVoxels:
        """Voxels of a level; `finer` are those of the level below, of which a damaged block is made again."""
        self._finer[level] = finer
        return KeptVoxels(self, level, self._mapping, self._pool)

    def _load(self, *, create: bool = False) -> None:
        """Take up what is there. Where files do not fit what the rows say, nothing is."""
        rows = self._journal.read()
        try:
            for level in self._wanted:
                path = self.folder / f"level-{level}"
                self._files[level] = BlockFile(path, level_shape(self.shape, level), self._mapping.dtype, create=create)
        except OSError:
            if create:
                raise
            rows = []
        self._rows = {row.key: row for row in rows if self._fits(row)}

    def _fits(self, row: Row) -> bool:
        if row.level not in self._passes:
            return False
        grid, files = brick_grid(self.shape, row.level), self._files
        height = min(2, grid[1] - 2 * row.y)
        blocks = files[row.level + 1].grid[2] if row.level + 1 in files else 0
        return row.z < grid[0] and len(row.ranges) == height * grid[2] and len(row.sums) == blocks

    def put_ranges(self, put_range: Callable[[BrickKey, float, float], None]) -> int:
        """Tell the ranges of all bricks that are known, coarse levels first; returns how many voxels are not finite."""
        for row in sorted(self._rows.values(), key=lambda row: -row.level):
            self._put_row(row, put_range)
        return sum(row.not_finite for row in self._rows.values() if row.level == 0)

    def _put_row(self, row: Row, put_range: Callable[[BrickKey, float, float], None]) -> None:
        width = brick_grid(self.shape, row.level)[2]
        for number, (low, high) in enumerate(row.ranges.tolist()):
            put_range(BrickKey(row.level, row.z, 2 * row.y + number // width, number % width), low, high)

    def build(
        self, voxels_of: Callable[[int], Voxels], put_range: Callable[[BrickKey, float, float], None], pause: Callable[[], None],
        along: FillAlong | None = None,
    ) -> int:
        """Make what is missing, on all processors. Another process that builds the same is waited for.

        Parameters
        ----------
        voxels_of
            Gives the voxels of a level that is not kept.
        put_range, pause
            As of a `LevelPass`, called in this thread.
        along
            Shown the tiles of level 0, where it is not read in place.

        Returns
        -------
        int
            Voxels of level 0 that are not finite.

        Raises
        ------
        NotKeptError
            The disk is full, or the folder cannot be written to. Nothing is left of it.
        """
        if self.complete:
            return self.put_ranges(put_range)
        with self._usable():
            lock = FolderLock(self.folder)
            while not lock.take():
                if along is not None:
                    along.expect_no_more()
                pause()
                time.sleep(_LOCK_SECONDS)
        try:
            with self._usable():
                self._prepare()
            self.put_ranges(put_range)
            for level in self._passes:
                self._run(level, voxels_of, put_range, pause, along)
            if self._about is not None:
                cache.touch(self.folder, complete=True)
        except NotKeptError:
            if self._about is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
            raise
        finally:
            lock.release()
        return sum(row.not_finite for row in self._rows.values() if row.level == 0)

    def _usable(self) -> _Usable:
        where = self.folder.parent
        if self._about is None:
            return _Usable(f"{str(where.parent)!r} cannot be written", "Free some of its disk; called again, it goes on.")
        return _Usable(f"Coarser levels are not kept: {str(where)!r}", "rv.configure(cache=…) names another folder.")

    def _prepare(self) -> None:
        """Files of full length; rows of another process that came before, or of one that was ended, are kept."""
        if self._about is not None:
            cache.make_room(self.folder, self.nbytes, self._about)
        self._load()
        if len(self._files) < len(self._wanted):
            self._journal.clear()
            for path in self.folder.glob("level-*"):
                path.unlink()
            self._files = {}
            self._load(create=True)
        self._journal.mend()

    def _run(
        self, level: int, voxels_of: Callable[[int], Voxels], put_range: Callable[[BrickKey, float, float], None],
        pause: Callable[[], None], along: FillAlong | None,
    ) -> None:
        voxels = self.voxels(level, self._finer_of(level, voxels_of)) if level in self._files else voxels_of(level)
        missing = [place for place in _row_places(voxels.shape) if (level, *place) not in self._rows]

        def work(tools: LevelPass, place: tuple[int, int]) -> Row:
            return self._make_row(tools, voxels, level, place)

        niceness = 0 if along is not None and along.hurried else NICENESS
        shown = along if level == 0 and not isinstance(voxels, ArrayVoxels) else None
        with shown.coming_by(missing, voxels) if shown else nullcontext() as visit:
            for _, row in crew(missing, lambda: LevelPass(labels=self._labels, visit=visit), work, niceness=niceness):
                with self._usable():
                    self._journal.append(row)
                self._rows[row.key] = row
                self._put_row(row, put_range)
                pause()

    def _finer_of(self, level: int, voxels_of: Callable[[int], Voxels]) -> Voxels:
        if level - 1 in self._files:
            return self.voxels(level - 1, self._finer[level - 1])
        return voxels_of(level - 1)

    def _make_row(self, tools: LevelPass, voxels: Voxels, level: int, place: tuple[int, int]) -> Row:
        found, sums, not_finite = [], [], 0
        file = self._files.get(level + 1)
        shard = Shards(self._shards(level), voxels.shape, self._mapping.dtype) if self._write else None
        for box in row_tiles(voxels.shape, place):
            half = None
            if file is not None:
                half = block_memory.take([(b + 1) // 2 - a // 2 for a, b in box], self._mapping.dtype)
            ranges, bad = tools.tile(voxels, box, half, shard.take(box) if shard else None)
            found += ranges
            not_finite += bad
            if file is not None and half is not None:
                with self._usable():
                    sums += file.write((place[0], place[1], box[2][0] // 2 // BLOCK_EDGES[2]), half)
            if shard:
                shard.give(box)
        ends = np.array([ends for _, *ends in sorted(found)], np.float64)
        return Row(level, *place, not_finite, ends, np.array(sums, np.uint64))

    def _shards(self, level: int) -> Callable[[Box, NDArray[Any]], None]:
        def write(box: Box, voxels: NDArray[Any]) -> None:
            assert self._write is not None
            with self._usable():
                self._write(level, box, voxels)

        return write

    def read(self, level: int, box: Box) -> NDArray[Any]:
        """Voxels of whole blocks, each as its row says, or made again."""
        out = block_memory.take([b - a for a, b in box], self._mapping.dtype)
        planes, lines, columns = (range(a // edge, -(-b // edge)) for (a, b), edge in zip(box, BLOCK_EDGES, strict=True))
        for index in product(planes, lines, columns):
            z, y, x = index
            block, checksum = self._files[level].read(index)
            row = self._rows.get((level - 1, z, y))
            if row is None or int(row.sums[x]) != checksum:
                block = self._mend(level, index, row)
            starts = [i * edge - a for i, edge, (a, _) in zip(index, BLOCK_EDGES, box, strict=True)]
            out[tuple(slice(start, start + n) for start, n in zip(starts, block.shape, strict=True))] = block
        return out

    def _mend(self, level: int, index: Shape, row: Row | None) -> NDArray[Any]:
        """A block made anew of the level below; written where it is what it was."""
        finer = self._finer[level]
        z, y, x = ((2 * i * e, min(2 * (i + 1) * e, n)) for i, e, n in zip(index, BLOCK_EDGES, finer.shape, strict=True))
        block = np.empty([(b + 1) // 2 - a // 2 for a, b in (z, y, x)], self._mapping.dtype)
        voxels = LevelPass(labels=self._labels).read(finer, (z, y, x))
        if self._labels:
            halve_by_mode(voxels, block)
        else:
            halve_by_mean(voxels, block, finite=block.dtype.kind != "f" or bool(np.isfinite(voxels).all()))
        file = self._files[level]
        if file.writable and row is not None:
            with suppress(OSError):  # else it is made again when it is read again
                file.write(index, block)
        return block


class _Usable:
    """What the folder's disk does not let be done, in words."""

    def __init__(self, words: str, remedy: str) -> None:
        self._words = words
        self._remedy = remedy

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise NotKeptError(f"{self._words}: {reason}.", self._remedy) from error


def _row_places(shape: Shape) -> list[tuple[int, int]]:
    """Rows of tiles of a level, along z and y."""
    return list(product(range(-(-shape[0] // BRICK_EDGE)), range(-(-shape[1] // TILE_Y))))
