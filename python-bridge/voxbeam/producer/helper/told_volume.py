"""A volume as the helper knows it: what the kernel has told of it, in the form in which bricks are made."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, Box, BrickKey, Shape, brick_grid
from voxbeam.producer.brick_maker import NotMineError, answer_needs
from voxbeam.producer.dtype_mapping import DtypeMapping
from voxbeam.producer.helper.remote_voxels import MOST_BYTES, Place, RemoteVoxels, forget_gathered
from voxbeam.producer.levels import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from voxbeam.producer.helper.process_memory import ProcessMemory
    from voxbeam.producer.need_queue import Need
    from voxbeam.producer.produced_volume import ProducedVolume
    from voxbeam.producer.workers import Tools


@dataclass
class _Facts:
    name: str
    stored: str
    time_points: int


@dataclass
class _Levels:
    shape: Shape
    answers: list[Answer]


class _KnownRanges:
    """The kernel finds the ranges."""

    def knows(self, _key: BrickKey) -> bool:
        return True


class ToldVolume:
    """Made of the kernel's first message about it, and changed by further ones. Only its first time point is cut here."""

    def __init__(self, memory: ProcessMemory, message: dict[str, Any]) -> None:
        self.handle = int(message["handle"])
        self.description = _Facts(message["name"], message["stored"], message["time_points"])
        self.order = threading.Lock()
        self.live = True
        self.failure: Exception | None = None
        self.ranges = _KnownRanges()
        self.previews_sent = False
        self.volume = self
        self._memory = memory
        self._turns = threading.Condition()
        self._at_work: dict[int, int] = {}
        self._told = 0
        self.levels = _Levels(tuple(message["shape"]), [])
        self.tell(message)

    def tell(self, message: dict[str, Any]) -> None:
        """The levels are these from now on. Returns when nobody reads the ones before."""
        answers = [Answer(None, 0)] * int(message["level_count"])
        for told in message["levels"]:
            dtype, shape, strides = np.dtype(told["dtype"]), tuple(told["shape"]), tuple(told["strides"])
            place = Place(int(told["address"]), shape, strides, dtype)
            mapping = DtypeMapping(message["stored"], np.dtype(told["write_as"]), told["sign_bit"])
            answers[told["level"]] = Answer(RemoteVoxels(self._memory, place, mapping), told["generation"], told["flags"])
        with self.order:
            self.levels = _Levels(self.levels.shape, answers)
        self._wait_for_readers()

    def close(self) -> None:
        """It is gone; returns when nobody reads it."""
        self.live = False
        self._wait_for_readers()

    @property
    def boxes(self) -> list[list[int]]:
        """Its bricks, as HELP names them."""
        shape, answers = self.levels.shape, self.levels.answers
        return [[n, 0, 0, 0, *brick_grid(shape, n)] for n, answer in enumerate(answers) if answer.voxels is not None]

    # What `answer_needs` asks of a volume and its time point

    @property
    def points(self) -> ToldVolume:
        """Its time points."""
        return self

    def get(self, time: int) -> ToldVolume:
        """The first time point."""
        if time:
            raise NotMineError("only the first time point is made here")
        return self

    def put_off(self, need: Need, _levels: object) -> bool:
        """A level that has been withdrawn meanwhile."""
        raise NotMineError(f"level {need.key.level} is not made here")

    def flush_ranges(self, _point: object) -> None:
        """None are found here."""

    def answer(self, needs: list[Need], tools: Tools) -> None:
        """Answer needs; what bricks in a row along x have around them is read at once."""
        with self._turn():
            for row in _rows(needs):
                with suppress(NotMineError):  # each brick by itself says so
                    self._gather(row)
                answer_needs(cast("ProducedVolume", self), row, tools)
                forget_gathered()

    def _gather(self, needs: list[Need]) -> None:
        level = needs[0].key.level
        voxels = self.levels.answers[level].voxels if level < len(self.levels.answers) else None
        if len(needs) < 2 or not isinstance(voxels, RemoteVoxels):
            return
        box = _around([need.key for need in needs], voxels.shape)
        alone = sum(voxels.nbytes(_around([need.key], voxels.shape)) for need in needs)
        if voxels.nbytes(box) <= min(MOST_BYTES, 2 * alone):
            voxels.gather(box)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._turns:
            told = self._told
            self._at_work[told] = self._at_work.get(told, 0) + 1
        try:
            yield
        finally:
            with self._turns:
                self._at_work[told] -= 1
                self._turns.notify_all()

    def _wait_for_readers(self) -> None:
        with self._turns:
            self._told += 1
            while any(count for told, count in self._at_work.items() if told < self._told):
                self._turns.wait()
            self._at_work = {self._told: self._at_work.get(self._told, 0)}


def _rows(needs: list[Need]) -> Iterator[list[Need]]:
    """The needs, those of one row of bricks together; rows in the order of their most urgent need."""

    def place(need: Need) -> tuple[int, int, int, int]:
        return need.key.level, need.key.z, need.key.y, need.key.time

    urgency: dict[tuple[int, int, int, int], int] = {}
    for need in needs:
        urgency.setdefault(place(need), len(urgency))
    for _, row in groupby(sorted(needs, key=lambda need: urgency[place(need)]), place):
        yield list(row)


def _around(keys: Iterable[BrickKey], shape: Shape) -> Box:
    """The voxels of bricks of one level with their halo, as far as the level goes."""
    corners = [(key.z, key.y, key.x) for key in keys]
    spans = []
    for axis, n in enumerate(shape):
        low, high = min(at[axis] for at in corners), max(at[axis] for at in corners) + 1
        spans.append((max(low * BRICK_EDGE - BRICK_HALO, 0), min(high * BRICK_EDGE + BRICK_HALO, n)))
    return spans[0], spans[1], spans[2]
