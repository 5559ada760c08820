"""Processes that read HDF5 side by side: the library decodes one chunk at a time in each, whatever its filter is."""

from __future__ import annotations

import contextlib
import json
import logging
import mmap
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from voxbeam.kept.crew import cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger("voxbeam.sources")

#: Set to "0", none is started.
ENVIRONMENT = "VOXBEAM_HDF5_READERS"
MOST_READERS = 8
#: A larger block is read by the kernel: each reader holds one.
MOST_BLOCK_BYTES = 2**26
#: Readers that nobody has used for so long are ended.
IDLE_SECONDS = 30.0
#: One that does not answer for so long is taken for gone.
ANSWER_SECONDS = 120.0
#: So many that end before they have begun mean that the next would too.
MOST_FAILURES = 4
#: Its pipe closes a little before it counts as dead.
BURIAL_SECONDS = 1.0
_PROGRAM = "from voxbeam.sources.hdf5_reader import main; main()"


class Place(NamedTuple):
    """A dataset as another process finds it: its file, its name there, and device, inode and address to tell it by."""

    file: str
    name: str
    identity: tuple[int, int, int]

    @classmethod
    def of(cls, dataset: Any) -> Place | None:
        """Where a dataset is; None where only this process reads it."""
        import h5py  # noqa: PLC0415  whoever asks has it

        if dataset.file.driver != "sec2" or dataset.is_virtual or dataset.external or dataset.dtype.hasobject:
            return None
        path = Path(dataset.file.filename).resolve()
        found = path.stat()
        return cls(str(path), dataset.name, (found.st_dev, found.st_ino, int(h5py.h5o.get_info(dataset.id).addr)))


class ReaderGoneError(OSError):
    """A reader has ended while it was asked."""


class ReaderProcess:
    """One process, and the memory that it shares with this one: without a name, so that nothing is left when both are gone."""

    def __init__(self) -> None:
        self._memory = os.memfd_create("voxbeam-reader")
        self._map: mmap.mmap | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(self._memory), str(os.getpid())], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, pass_fds=[self._memory], start_new_session=True, cwd="/", env=_environment(),
        )
        self._unread = b""
        self._ready = False

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def ready(self) -> bool:
        """Whether it has started.

        Raises
        ------
        ReaderGoneError
            It has ended.
        """
        self._ready = self._ready or self._line(0) is not None
        return self._ready

    def read(self, place: Place, spans: list[tuple[int, int]], out: NDArray[Any]) -> bool:
        """Write a box to `out`; False where it could not be read.

        Raises
        ------
        ReaderGoneError
            The process has ended.
        """
        if self._map is None or len(self._map) < out.nbytes:
            os.ftruncate(self._memory, out.nbytes)
            self._map = mmap.mmap(self._memory, out.nbytes)
        question = {**place._asdict(), "spans": spans, "bytes": out.nbytes}
        assert self._process.stdin is not None
        try:
            os.write(self._process.stdin.fileno(), json.dumps(question).encode() + b"\n")
        except OSError as error:
            raise ReaderGoneError from error
        answer = self._line(ANSWER_SECONDS)
        if answer is None:
            raise ReaderGoneError
        if "error" in answer:
            log.debug("%s in %s was not read by a process of its own: %s", spans, place, answer["error"])
            return False
        np.copyto(out, np.frombuffer(self._map, out.dtype, out.size).reshape(out.shape))
        return True

    def end(self, patience: float = 0.0) -> str:
        """Kill it, unless it ends by itself within `patience` seconds; returns how it ended."""
        code = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(patience)
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._map = None
        os.close(self._memory)
        return "without an answer" if code is None else f"by signal {-code}" if code < 0 else f"with code {code}"

    def _line(self, seconds: float) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        out, until = self._process.stdout.fileno(), time.monotonic() + seconds
        while b"\n" not in self._unread:
            waiting = select.poll()
            waiting.register(out, select.POLLIN)
            if not waiting.poll(max(0, until - time.monotonic()) * 1000):
                return None
            data = os.read(out, 65536)
            if not data:
                raise ReaderGoneError
            self._unread += data
        line, self._unread = self._unread.split(b"\n", 1)
        return dict(json.loads(line))


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


def _environment() -> dict[str, str]:
    """The kernel's, with its module path, and one thread for libraries that would start many."""
    path = os.pathsep.join(str(Path(entry or ".").resolve()) for entry in sys.path)
    return {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "BLOSC_NTHREADS": "1"}


def _offered() -> bool:
    return hasattr(os, "memfd_create") and bool(sys.executable) and cores() > 1 and os.environ.get(ENVIRONMENT) != "0"


#: Those of this process.
readers = Readers()
