"""Times for what is made in the scene."""

from __future__ import annotations

import threading
import time


class Clock:
    """Times that never repeat, so that what is made in one call has an order; sorted together with those of JavaScript."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Microseconds since 1970 that were given last, and the second they lie in, in words: most are of the same one.
        self._last = self._second = -1
        self._words = ""

    def now(self) -> str:
        """ISO 8601 in UTC, to the microsecond, later than any given before."""
        with self._lock:
            self._last = max(time.time_ns() // 1000, self._last + 1)
            second, micro = divmod(self._last, 1_000_000)
            if second != self._second:
                self._second, self._words = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            return f"{self._words}.{micro:06d}Z"


CLOCK = Clock()
