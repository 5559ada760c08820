"""Filling an instance: behind a view, whose first picture must not wait for it, or not at all where it cannot hold a volume."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voxbeam.producer import ProducedVolume
    from voxbeam.widget import VolumeView

#: A view that no page shows by then, or that a busy kernel hears nothing of, is filled all the same.
WAIT_SECONDS = 10.0
#: Beyond this no memory holds a volume, and a larger store is no advice.
LARGEST_STORE = 2**40
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


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


def larger_than_store(volumes: Iterable[ProducedVolume], store_bytes: int) -> bool:
    """Whether a store cannot hold all bricks of these volumes together."""
    return sum(volume.store_bytes for volume in volumes) > store_bytes


def lazy_words(volumes: Sequence[ProducedVolume], store_bytes: int) -> str:
    """A sentence for people about volumes that a store cannot hold."""
    first = volumes[0].description
    name = first.channel.group if first.channel else first.name
    needed = sum(volume.store_bytes for volume in volumes)
    remedy = "; a larger store_bytes holds all" if needed <= LARGEST_STORE else ""
    words = f"{name!r} takes {size_words(needed)}, the store has {size_words(store_bytes)}"
    return f"{words}: bricks are made as they are looked at{remedy}."


def size_words(count: float) -> str:
    """Such as ``1.5 EiB``."""
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    return f"{count:.{0 if unit == 0 or count >= 100 else 1}f} {_UNITS[unit]}"
