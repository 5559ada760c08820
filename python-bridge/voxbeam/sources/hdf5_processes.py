"""Processes that read HDF5 side by side: the library decodes one chunk at a time in each, whatever its filter is."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from voxbeam.kept.crew import cores
from voxbeam.sources.hdf5_reader_process import ReaderGoneError, ReaderProcess

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.sources.hdf5_reader_process import Place

log = logging.getLogger("voxbeam.sources")

#: Set to "0", none is started.
ENVIRONMENT = "VOXBEAM_HDF5_READERS"
MOST_READERS = 8
#: A larger block is read by the kernel: each reader holds one.
MOST_BLOCK_BYTES = 2**26
#: Readers that nobody has used for so long are ended.
IDLE_SECONDS = 30.0
#: So many that end before they have begun mean that the next would too.
MOST_FAILURES = 4
#: Its pipe closes a little before it counts as dead.
BURIAL_SECONDS = 1.0


class Readers:
    """As many readers as there are processors, started when the first is wished for. Safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Condition(threading.RLock())
        self._free: list[ReaderProcess] = []
        self._count = 0
        self._used = 0.0
        self._pid = 0
        self._watched = False
        self._failures = 0

    @property
    def pids(self) -> list[int]:
        """Of those that nobody uses."""
        with self._lock:
            return [reader.pid for reader in self._free]

    def read(self, place: Place, spans: list[tuple[int, int]], out: NDArray[Any]) -> bool:
        """Write a box of a dataset to `out`; False where this process is to read it.

        Raises
        ------
        ValueError
            Two readers in a row have ended while they read it: what ends them would end the kernel.
        """
        if out.nbytes > MOST_BLOCK_BYTES or not _offered():
            return False
        how = ""
        for attempt in range(2):
            reader = self._take(wait=attempt > 0)
            if reader is None:
                return False
            try:
                done = reader.read(place, spans, out)
            except ReaderGoneError:
                how = self._lose(reader)
            else:
                self._give(reader)
                return done
        raise ValueError(f"the process that decodes it has ended {how} twice")

    def _take(self, *, wait: bool) -> ReaderProcess | None:
        """A reader that nobody uses; None where none has started yet, unless one is to be waited for."""
        with self._lock:
            if self._pid != os.getpid():  # a forked child has none; those that there are, are its parent's
                self._free, self._count, self._pid, self._watched = [], 0, os.getpid(), False
            self._used = time.monotonic()
            self._start()
            while self._count:
                starting = False
                for reader in list(self._free):
                    try:
                        if reader.ready:
                            self._free.remove(reader)
                            return reader
                        starting = True
                    except ReaderGoneError:
                        self._free.remove(reader)
                        self._lose(reader)
                        self._failures += 1
                if starting and not wait:
                    return None
                self._lock.wait(0.05 if starting else 1.0)
            return None

    def _start(self) -> None:
        """Start those that are missing, unless they have ended as they began."""
        while self._count < min(cores(), MOST_READERS) and self._failures < MOST_FAILURES:
            try:
                self._free.append(ReaderProcess())
            except OSError as error:
                log.warning("no process can be started to read HDF5: %s", error)
                self._failures += 1
                return
            self._count += 1
        if not self._watched:
            self._watched = True
            threading.Thread(target=self._rest, name="voxbeam-hdf5-readers", daemon=True).start()

    def _give(self, reader: ReaderProcess) -> None:
        with self._lock:
            self._free.append(reader)
            self._lock.notify()

    def _lose(self, reader: ReaderProcess) -> str:
        how = reader.end(BURIAL_SECONDS)
        log.warning("a process that reads HDF5 has ended %s", how)
        with self._lock:
            self._count -= 1
            self._lock.notify()
        return how

    def _rest(self) -> None:
        """End those that nobody has used for a while."""
        while True:
            time.sleep(IDLE_SECONDS / 3)
            with self._lock:
                idle = time.monotonic() - self._used > IDLE_SECONDS
                ended, self._free = (self._free, []) if idle else ([], self._free)
                self._count -= len(ended)
                self._watched = not idle
            for reader in ended:
                reader.end()
            if idle:
                return


def _offered() -> bool:
    return hasattr(os, "memfd_create") and bool(sys.executable) and cores() > 1 and os.environ.get(ENVIRONMENT) != "0"


#: Those of this process.
readers = Readers()
