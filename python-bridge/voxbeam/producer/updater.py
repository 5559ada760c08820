"""Voxels that change while they are shown: what they touch is made anew at every level, and only that."""

from __future__ import annotations

import logging
import threading
import time
from math import prod
from typing import TYPE_CHECKING

from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, Box, brick_grid, level_count
from voxbeam.producer.pyramid import BuildStoppedError
from voxbeam.producer.switch_interval import short_turns
from voxbeam.protocol import FrameType

if TYPE_CHECKING:
    from voxbeam.geometry import Shape
    from voxbeam.producer.produced_volume import ProducedVolume

log = logging.getLogger("voxbeam.producer")

#: Changes that come faster are shown together.
UPDATE_SECONDS = 1 / 30
#: Changes at so many places are told one by one; more are told as the box around them.
MAX_PLACES = 64


class Updater:
    """Follows the changes of a volume's array on a thread of its own, which starts with the first one."""

    def __init__(self, volume: ProducedVolume) -> None:
        self._volume = volume
        self._dirty: list[Box] = []
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False

    def changed(self, box: Box) -> None:
        """Voxels of level 0 in `box` are others now. Returns at once; safe from any thread."""
        with self._news:
            self._dirty = gathered(self._dirty, box)
            self._news.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="voxbeam-updater", daemon=True)
                self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether all changes have been told of."""
        with self._news:
            return not self._dirty and not self._busy

    def wake(self) -> None:
        """Look whether the volume is gone."""
        with self._news:
            self._news.notify()

    def _run(self) -> None:
        volume = self._volume
        while volume.live and not volume.built.wait(1.0):
            pass
        while volume.live:
            with self._news:
                while not self._dirty and volume.live:
                    self._news.wait()
                places, self._dirty = self._dirty, []
                self._busy = True
            began = time.monotonic()
            try:
                if places and volume.live:
                    self._update(places)
            except BuildStoppedError:
                return
            except Exception:
                log.exception("an update of %r failed", volume.description.name)
            self._busy = False
            time.sleep(max(0.0, UPDATE_SECONDS - (time.monotonic() - began)))

    def _update(self, places: list[Box]) -> None:
        volume, point = self._volume, self._volume.points.first

        def pause() -> None:
            if not volume.live:
                raise BuildStoppedError

        with short_turns():
            for box in places:
                point.levels.rebuild(box, point.ranges.put, pause)
        with volume.order:
            generation = point.levels.next_generation()
            told = dict.fromkeys(tuple(one) for box in places for one in brick_boxes(volume.levels.shape, box))
            boxes = [list(one) for one in told]
            if volume.source is not None and volume.source.ranges_change:
                point.ranges.widen(boxes, volume.levels.mapping.dtype)
            volume.send(FrameType.CHANGED, {"generation": generation, "boxes": boxes, **point.fields})
        volume.flush_ranges(point)


def gathered(places: list[Box], box: Box) -> list[Box]:
    """`places` and `box`: together where they are one region, apart where what lies between has not changed."""
    kept = []
    for other in places:
        both = union(other, box)
        if volume_of(both) <= volume_of(other) + volume_of(box):
            box = both
        else:
            kept.append(other)
    if len(kept) >= MAX_PLACES:
        for other in kept:
            box = union(box, other)
        kept = []
    return [*kept, box]


def volume_of(box: Box) -> int:
    """Voxels in a box."""
    return prod(high - low for low, high in box)


def union(a: Box, b: Box) -> Box:
    """The smallest box that holds both."""
    z, y, x = ((min(p[0], q[0]), max(p[1], q[1])) for p, q in zip(a, b, strict=True))
    return z, y, x


def level_box(box: Box, level: int) -> Box:
    """The voxels of a level that are made of those in `box` of level 0."""
    z, y, x = ((low >> level, -(-high >> level)) for low, high in box)
    return z, y, x


def brick_boxes(shape: Shape, box: Box) -> list[list[int]]:
    """The bricks of all levels that hold voxels of `box`, in their halo too, as CHANGED names them."""
    found = []
    for level in range(level_count(shape)):
        spans = []
        for (low, high), n in zip(level_box(box, level), brick_grid(shape, level), strict=True):
            spans.append((max(low - BRICK_HALO, 0) // BRICK_EDGE, min(-(-(high + BRICK_HALO) // BRICK_EDGE), n)))
        found.append([level, *(low for low, _ in spans), *(high for _, high in spans)])
    return found
