"""Shorter turns for Python's threads while bricks are awaited: a busy kernel otherwise costs 5 ms for each call into NumPy."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT_SECONDS = 0.0005

_lock = threading.Lock()
_users = 0
_before = 0.0


@contextmanager
def short_turns() -> Iterator[None]:
    """Lower the interpreter's switch interval until the last of all users is done, then restore it."""
    global _users, _before  # noqa: PLW0603  the interval belongs to the process
    with _lock:
        _users += 1
        if _users == 1:
            _before = sys.getswitchinterval()
            sys.setswitchinterval(min(_before, SHORT_SECONDS))
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                sys.setswitchinterval(_before)
