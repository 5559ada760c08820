"""How fast a link is, as its far end sees it: what it says to have taken while there was something on the way."""

from __future__ import annotations

import threading
from collections import deque
from statistics import median

#: Words of what was taken come in bursts: over a shorter time they say little.
LEAST_SECONDS = 0.1
#: Fewer bytes say more of the latency than of the rate.
LEAST_BYTES = 2**16
SAMPLES = 8


class LinkRate:
    """The rate of all connections to one place together. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self._taken = 0
        self._began = 0.0
        self._rates: deque[float] = deque(maxlen=SAMPLES)
        #: Bytes a second; None before it was measured.
        self.rate: float | None = None
        #: The shortest round trip, in seconds.
        self.round_trip = float("inf")

    @property
    def under_way(self) -> int:
        """Bytes that were sent, and not heard to be taken."""
        return self._under_way

    def answered(self, seconds: float) -> None:
        """A question came back after so long."""
        self.round_trip = min(self.round_trip, seconds)

    def sent(self, count: int, now: float) -> None:
        """So many bytes are about to be sent."""
        with self._lock:
            if self._under_way == 0:
                self._taken = 0
                self._began = now + (0.0 if self.round_trip == float("inf") else self.round_trip)
            self._under_way += count

    def taken(self, count: int, now: float) -> None:
        """So many bytes were taken at the other end."""
        with self._lock:
            self._under_way = max(0, self._under_way - count)
            self._taken += count
            seconds = now - self._began
            if seconds >= LEAST_SECONDS and self._taken >= LEAST_BYTES:
                self._rates.append(self._taken / seconds)
                self.rate = median(self._rates)
                self._taken, self._began = 0, now

    def lost(self, count: int) -> None:
        """So many bytes will not be heard of."""
        with self._lock:
            self._under_way = max(0, self._under_way - count)
