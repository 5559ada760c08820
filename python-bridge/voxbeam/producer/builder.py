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

log = logging.getLogger("voxbeam.producer")

#: How often ranges that have become known are sent while the pyramid is built.
RANGES_SECONDS = 0.05
#: How far the builder's thread stands back: who needs a brick, and who draws one, come first.
NICENESS = 10
#: How long it lets a first picture, made of a preview, have the processors. A fill does not wait.
HEAD_START_SECONDS = 1.0


def start_builder(volume: ProducedVolume) -> None:
    """Build the levels of `volume` on a thread of their own."""

    def run() -> None:
        if sys.platform == "linux":  # where each thread has a priority
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        volume.hurry.wait(HEAD_START_SECONDS)
        build_levels(volume)

    threading.Thread(target=run, name="voxbeam-builder", daemon=True).start()


def build_levels(volume: ProducedVolume) -> None:
    """Build, publish, say CHANGED, answer what waited, and count what is not finite in the volume's note."""
    sent = time.monotonic()

    def pause() -> None:
        nonlocal sent
        if not volume.live:
            raise BuildStoppedError
        if time.monotonic() - sent > RANGES_SECONDS:
            volume.flush_ranges()
            sent = time.monotonic()

    not_finite, note = 0, volume.levels.note
    try:
        with short_turns():
            not_finite = volume.levels.build(volume.ranges.put, pause)
    except BuildStoppedError:
        return
    except MemoryError:
        note = "Coarse levels are taken at a stride: there was no memory for their means."
    except VoxbeamError as error:
        volume.failure = volume.build_failure = error
        note = f"Coarse levels could not be built: {error.message}"
    except Exception as error:
        log.exception("the pyramid of %r could not be built", volume.description.name)
        note = f"Coarse levels could not be built: {error!r}"
    with volume.order:
        if note == volume.levels.note:
            volume.levels.publish()
        else:
            volume.levels.give_up()
        if volume.levels.boxes:
            volume.send(FrameType.CHANGED, {"generation": 1, "boxes": volume.levels.boxes})
    volume.built.set()
    volume.flush_ranges()
    volume.add_note(note if note != volume.levels.note else None)
    if not_finite:
        one = not_finite == 1
        verb = "voxel is not finite and is" if one else "voxels are not finite and are"
        volume.add_note(f"{not_finite:,} {verb} drawn transparent.")
    volume.take_up()
