"""Filling an instance behind a view, whose first picture must not wait for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voxbeam.producer import ProducedVolume
    from voxbeam.widget import VolumeView

#: A view that no page shows by then, or that a busy kernel hears nothing of, is filled all the same.
WAIT_SECONDS = 10.0


def fill_behind(view: VolumeView, volume: ProducedVolume) -> None:
    """Fill the instance with `volume` once `view` has settled, or after a while."""
    once = threading.Lock()

    def fill(_change: Any = None) -> None:
        if once.acquire(blocking=False):
            timer.cancel()
            if volume.live:
                volume.fill(wait=False)

    timer = threading.Timer(WAIT_SECONDS, fill)
    timer.daemon = True
    timer.start()
    view.observe(fill, "settled")
