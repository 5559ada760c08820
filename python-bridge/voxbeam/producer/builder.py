"""Builds a volume's coarser levels beside everything else, and tells who watches what has changed."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from voxbeam.errors import VoxbeamError
from voxbeam.producer.pyramid import BuildStoppedError
from voxbeam.producer.switch_interval import short_turns
from voxbeam.protocol import FrameType

if TYPE_CHECKING:
    from voxbeam.producer.produced_volume import ProducedVolume
    from voxbeam.producer.time_points import TimePoint

log = logging.getLogger("voxbeam.producer")

#: How often ranges that have become known are sent while the pyramid is built.
RANGES_SECONDS = 0.05
#: How far the builder's thread stands back: who needs a brick, and who draws one, come first. Not where a fill waits for it.
NICENESS = 10
#: How long it lets a first picture, made of a preview, have the processors, where voxels must be read and decoded. A fill does
#: not wait.
HEAD_START_SECONDS = 1.0
#: The same where voxels lie in memory, in which who fills a volume says so. A pass takes a tenth of a second there: by the time
#: the first picture is there it is known which bricks are empty, and previews need no longer be sent.
MEMORY_HEAD_START_SECONDS = 0.1


class Builder:
    """Builds the levels of a volume's time points on a thread of its own, the one asked for last first."""

    def __init__(self, volume: ProducedVolume) -> None:
        self._volume = volume
        self._asked: list[TimePoint] = []
        self._running = False
        self._lock = threading.Lock()

    def ask(self, point: TimePoint) -> None:
        """Build the levels of `point`, soon."""
        with self._lock:
            self._asked.append(point)
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._run, name="voxbeam-builder", daemon=True).start()

    def _run(self) -> None:
        in_memory = self._volume.levels.in_memory
        filling = self._volume.hurry.wait(MEMORY_HEAD_START_SECONDS if in_memory else HEAD_START_SECONDS)
        if sys.platform == "linux" and not filling:  # where each thread has a priority
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while True:
            with self._lock:
                if not self._asked:
                    self._running = False
                    return
                point = self._asked.pop()
            build_levels(point)
            self._volume.points.trim()


def build_levels(point: TimePoint) -> None:
    """Build, publish, say CHANGED, answer what waited, and count what is not finite in the volume's note."""
    volume, levels = point.volume, point.levels
    sent = time.monotonic()

    def pause() -> None:
        nonlocal sent
        if not volume.live:
            raise BuildStoppedError
        if time.monotonic() - sent > RANGES_SECONDS:
            volume.flush_ranges(point)
            sent = time.monotonic()

    not_finite, note = 0, levels.note
    try:
        with short_turns():
            not_finite = levels.build(point.ranges.put, pause, point.along)
    except BuildStoppedError:
        return
    except MemoryError:
        note = "Coarse levels are taken at a stride: there was no memory for their means."
    except VoxbeamError as error:
        volume.failure = volume.build_failure = error
        note = f"Coarse levels could not be built: {error.message}"
    except Exception as error:
        if not volume.live:
            return  # what it was reading has been let go of
        log.exception("the pyramid of %r could not be built", volume.description.name)
        note = f"Coarse levels could not be built: {error!r}"
    with volume.order:
        if note == levels.note:
            levels.publish()
        else:
            levels.give_up()
        if levels.boxes and point.answers_needs:
            volume.send(FrameType.CHANGED, {"generation": 1, "boxes": levels.boxes, **point.fields})
    point.along.expect_no_more()
    point.built.set()
    volume.flush_ranges(point)
    volume.add_note(note if note != levels.note else levels.word)
    if not_finite and not point.time:
        one = not_finite == 1
        verb = "voxel is not finite and is" if one else "voxels are not finite and are"
        volume.add_note(f"{not_finite:,} {verb} drawn transparent.")
    volume.take_up(point)
