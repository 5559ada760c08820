"""Short slices of the processor for what answers in a moment and then waits.

On a busy machine it is let in before others have used up theirs: Linux (6.12 and later) lets any thread have a shorter slice than
the usual few milliseconds. It gets no more of the processor, only sooner, and has to let go sooner. What it starts inherits it.
Elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The shortest that the system gives.
SLICE_NS = 100_000
#: Numbers of the calls sched_setattr and sched_getattr.
_CALLS = {"x86_64": (314, 315), "aarch64": (274, 275)}
#: size, policy, flags, nice, priority, runtime (here the slice), deadline, period, and two bounds of use.
_ATTRIBUTES = struct.Struct("=IIQiIQQQII")
_ORDINARY = 0


def slice_ns(thread: int = 0) -> int | None:
    """The slice of a thread, of the calling one for 0; None where there is no such thing."""
    return None if (found := _read(thread)) is None else found[5]


def _read(thread: int = 0) -> tuple[int, ...] | None:
    calls = _CALLS.get(platform.machine()) if sys.platform == "linux" else None
    if calls is None:
        return None
    attributes = ctypes.create_string_buffer(_ATTRIBUTES.size)
    if ctypes.CDLL(None).syscall(calls[1], thread, attributes, _ATTRIBUTES.size, 0) != 0:
        return None
    found = _ATTRIBUTES.unpack(attributes.raw)
    return found if found[1] == _ORDINARY else None  # who was given another policy keeps it


def set_slice(ns: int) -> None:
    """Give the calling thread slices of `ns`; 0: the usual ones."""
    found = _read()
    if found is not None:
        changed = _ATTRIBUTES.pack(_ATTRIBUTES.size, *found[1:5], ns, 0, 0, 0, 0)
        ctypes.CDLL(None).syscall(_CALLS[platform.machine()][0], 0, changed, 0)


@contextmanager
def short_slices() -> Iterator[None]:
    """Processes and threads that the calling thread starts meanwhile have short slices, and so has it itself."""
    before = slice_ns()
    set_slice(SLICE_NS)
    try:
        yield
    finally:
        set_slice(before or 0)
