"""Which brick is predicted next: what somebody looks at, then what lies under what they see, then the rest."""

from __future__ import annotations

import threading
import time
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from voxbeam.geometry import Box, Shape

#: Bricks asked for within this time of each other are one look, and go in the order they were asked in.
LOOK_SECONDS = 0.1


class Work(NamedTuple):
    """A slice or a brick to be predicted."""

    kind: str  #: "plane" or "brick"
    box: Box | None
    brick: Shape | None
    #: Of which `renew` it comes.
    round: int


class PredictionWants:
    """Safe from any thread.

    Parameters
    ----------
    grid
        Bricks of level 0.
    is_done
        Whether a brick needs nothing any more.
    """

    def __init__(self, grid: Shape, is_done: Callable[[Shape], bool]) -> None:
        self._grid = grid
        self._is_done = is_done
        self._news = threading.Condition()
        self._heap: list[tuple[tuple[float, ...], int, Work]] = []
        self._ranks: dict[Shape, tuple[float, ...]] = {}
        self._taken: set[Shape] = set()
        self._rest: list[Shape] = []
        self._look = 0
        self._last = 0.0
        self._count = 0
        self._round = 0
        self._closed = False

    def renew(self, planes: Iterable[Box], focus: tuple[float, ...], number: int, *, background: bool) -> None:
        """Everything is to be done anew: first slices, at last all bricks, those next to `focus` (in bricks) first.

        `number` is the round of all work from now on.
        """
        bricks = np.argwhere(np.ones(self._grid, bool)) if background else np.zeros((0, 3), int)
        far = ((bricks + 0.5 - np.asarray(focus)) ** 2).sum(axis=1)
        with self._news:
            self._heap, self._ranks, self._taken, self._round = [], {}, set(), number
            self._rest = [tuple(map(int, bricks[at])) for at in np.argsort(-far, kind="stable")]  # type: ignore[misc]
            self._add_planes(planes)
            self._news.notify_all()

    def add_planes(self, planes: Iterable[Box]) -> None:
        """Slices that are looked at now: before anything else."""
        with self._news:
            self._add_planes(planes)
            self._news.notify_all()

    def want(self, bricks: Iterable[Shape], level: int) -> None:
        """A viewer asks for what is made of these; at level 0 those asked last go first."""
        with self._news:
            now = time.monotonic()
            if level == 0:
                self._look += now - self._last > LOOK_SECONDS
                self._last = now
            rank = (1.0, -float(self._look)) if level == 0 else (2.0, float(level))
            for brick in bricks:
                if brick in self._taken or self._is_done(brick) or self._ranks.get(brick, (9.0,)) <= rank:
                    continue
                self._ranks[brick] = rank
                self._push(rank, Work("brick", None, brick, self._round))
            self._news.notify_all()

    def take(self) -> Work | None:
        """The next work, as soon as there is some; None once it is closed."""
        with self._news:
            while not self._closed:
                work = self._next()
                if work is not None:
                    return work
                self._news.wait()
            return None

    def close(self) -> None:
        """Let everyone who waits go."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _add_planes(self, planes: Iterable[Box]) -> None:
        for box in planes:
            self._push((0.0,), Work("plane", box, None, self._round))

    def _push(self, rank: tuple[float, ...], work: Work) -> None:
        self._count += 1
        heappush(self._heap, (rank, self._count, work))

    def _next(self) -> Work | None:
        while self._heap:
            rank, _, work = heappop(self._heap)
            if work.brick is None:
                return work
            if work.brick not in self._taken and not self._is_done(work.brick) and self._ranks.get(work.brick) == rank:
                self._taken.add(work.brick)
                return work
        while self._rest:
            brick = self._rest.pop()
            if brick not in self._taken and not self._is_done(brick):
                self._taken.add(brick)
                return Work("brick", None, brick, self._round)
        return None
