"""Times for what is made in the scene."""

from __future__ import annotations

import datetime as dt
import threading


class Clock:
    """Times that never repeat, so that what is made in one call has an order; sorted together with those of JavaScript."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = dt.datetime.min.replace(tzinfo=dt.timezone.utc)

    def now(self) -> str:
        """ISO 8601 in UTC, to the microsecond, later than any given before."""
        with self._lock:
            self._last = max(dt.datetime.now(dt.timezone.utc), self._last + dt.timedelta(microseconds=1))
            return self._last.isoformat(timespec="microseconds").replace("+00:00", "Z")


CLOCK = Clock()
