"""One process that reads HDF5 for this one, as `hdf5_reader` does, into memory that both share."""

from __future__ import annotations

import contextlib
import json
import logging
import mmap
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from voxbeam.child_environment import child_environment

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger("voxbeam.sources")

#: One that does not answer for so long is taken for gone.
ANSWER_SECONDS = 120.0
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
            stderr=subprocess.DEVNULL, pass_fds=[self._memory], start_new_session=True, cwd="/",
            env=child_environment(BLOSC_NTHREADS="1"),
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
