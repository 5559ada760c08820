"""Reading the memory of another process of the same user, in place: Linux's ``process_vm_readv``."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.producer.brick_maker import NotMineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Spans that one call takes (IOV_MAX).
_SPANS_A_CALL = 1024
#: prctl's PR_SET_PTRACER: whom this process lets read its memory, where the system asks (Yama).
_SET_PTRACER = 0x59616D61


class MemoryLostError(NotMineError):
    """The other process has gone, its memory is no longer mapped, or reading it is not allowed."""


def supported() -> bool:
    """Whether this system has the call."""
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), "process_vm_readv")


def let_read(pid: int) -> None:
    """Let process `pid` read the memory of this one. Where the system does not ask for that, nothing happens."""
    ctypes.CDLL(None).prctl(_SET_PTRACER, ctypes.c_ulong(pid), 0, 0, 0)


class ProcessMemory:
    """The memory of process `pid`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        library = ctypes.CDLL(None, use_errno=True)
        self._read = library.process_vm_readv
        self._read.restype = ctypes.c_ssize_t
        self._read.argtypes = [
            ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong,
        ]

    def read(self, starts: NDArray[np.uint64], length: int, out: NDArray[Any]) -> None:
        """Copy `length` bytes from each of the addresses `starts` to `out`, one after the other.

        Parameters
        ----------
        out
            Contiguous memory of at least ``len(starts) * length`` bytes.

        Raises
        ------
        MemoryLostError
            Not all of it could be read.
        """
        spans = np.empty((len(starts), 2), np.uint64)
        spans[:, 0] = starts
        spans[:, 1] = length
        for first in range(0, len(spans), _SPANS_A_CALL):
            part = spans[first : first + _SPANS_A_CALL]
            wanted = len(part) * length
            target = np.array([out.ctypes.data + first * length, wanted], np.uint64)
            found = self._read(self.pid, target.ctypes.data, 1, part.ctypes.data, len(part), 0)
            if found != wanted:
                code = ctypes.get_errno() if found < 0 else 0
                words = os.strerror(code) if code else f"{found} of {wanted} bytes could be read"
                raise MemoryLostError(f"memory of process {self.pid}: {words}")
