"""The bricks that the sidecar needs, most urgent first."""

from __future__ import annotations

import threading
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voxbeam.geometry import BrickKey
    from voxbeam.producer.link import Link
    from voxbeam.producer.produced_volume import ProducedVolume


#: From here on nobody waits for a brick.
FILL_PRIORITY = 1e11


class Need(NamedTuple):
    """A brick to be answered on `link`: at `offset` of its store, or inline where that is -1."""

    link: Link
    volume: ProducedVolume
    key: BrickKey
    priority: float
    offset: int


class NeedQueue:
    """A priority queue in which a brick stands once. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._entries: dict[tuple[int, BrickKey], tuple[int, Need]] = {}
        self._heap: list[tuple[float, int, tuple[int, BrickKey]]] = []
        self._count = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, needs: Iterable[Need]) -> None:
        """Add needs; a brick that waits already gets the new priority and place."""
        with self._lock:
            for need in needs:
                self._count += 1
                at = (id(need.volume), need.key)
                self._entries[at] = (self._count, need)
                heappush(self._heap, (need.priority, self._count, at))
            self._lock.notify_all()

    def take(self, most: int, *, wait: bool = True, most_of_fill: int = 0) -> list[Need]:
        """Take the most urgent needs: at most `most`, and no more than leaves work for the other workers.

        Where nobody waits for any of them, `most_of_fill` of one level, if there are so many. Empty once the queue is closed,
        or where it is and `wait` is False.
        """
        with self._lock:
            while wait and not self._entries and not self._closed:
                self._lock.wait()
            if self._closed or not self._entries:
                return []
            waiting = len(self._entries)
            count = max(1, min(most, waiting // 2))
            taken: list[Need] = []
            fill = False
            while self._entries and len(taken) < count:
                _, number, at = self._heap[0]
                is_newest = at in self._entries and self._entries[at][0] == number
                if fill and is_newest and at[1].level != taken[0].key.level:
                    break
                heappop(self._heap)
                if not is_newest:
                    continue
                taken.append(self._entries.pop(at)[1])
                if len(taken) == 1 and taken[0].priority >= FILL_PRIORITY:
                    fill = True
                    count = max(count, most_of_fill) if waiting >= most_of_fill else count
            return taken

    def cancel(self, volume: ProducedVolume, keys: Iterable[BrickKey] | None) -> list[Need]:
        """Remove needs of `volume` that nobody has begun, all of them for None, and return them."""
        with self._lock:
            if keys is None:
                places = [at for at in self._entries if at[0] == id(volume)]
            else:
                places = [at for at in ((id(volume), key) for key in keys) if at in self._entries]
            return [self._entries.pop(at)[1] for at in places]

    def clear(self) -> None:
        """Forget all needs."""
        with self._lock:
            self._entries.clear()
            self._heap.clear()

    def close(self) -> None:
        """Let everyone who waits go."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
