"""The kernel's side of its helper: starts it, tells it where arrays stand, and keeps them as long as it may read them."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam import cache
from voxbeam.child_environment import child_environment
from voxbeam.producer.helper.process_memory import let_read, supported
from voxbeam.producer.helper.remote_voxels import Place
from voxbeam.producer.voxels import ArrayVoxels

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxbeam.connection import Connection
    from voxbeam.producer.produced_volume import ProducedVolume

log = logging.getLogger("voxbeam.producer")

#: Set to "0", nothing is started: bricks are cut in the kernel alone.
ENVIRONMENT = "VOXBEAM_HELPER"
#: Before it is started: a volume that is filled by then needs none, and a first picture has the processors to itself;
#: then before each new try.
PAUSES_SECONDS = (8.0, 0.5, 1.0, 2.0, 4.0)
#: One that has run for so long has not failed at the start.
SETTLED_SECONDS = 10.0
_PROGRAM = "from voxbeam.producer.helper.program import main; main()"


class HelperProcess:
    """The helper of one producer. Safe from any thread; never waited for by whoever declares, cuts or shows something."""

    def __init__(self, connection: Connection, volumes: Callable[[], list[ProducedVolume]]) -> None:
        self._connection = connection
        self._volumes = volumes
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._number = 0
        #: Arrays that it may be reading, by the number of the message that told of them, with the volume's handle.
        self._held: dict[int, tuple[int, list[Any]]] = {}
        self._offered = supported() and bool(sys.executable) and os.environ.get(ENVIRONMENT) != "0"
        #: Number of the last message that it has acted on.
        self.heard = 0
        #: Why there is none, where the system refuses it.
        self.refused: str | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        process = self._process
        return process.pid if process is not None else None

    def wish(self, volume: ProducedVolume) -> None:
        """Start it soon, where it can help with `volume`, which is not complete."""
        if not self._offered or self.refused or self._thread is not None or not self._can_help(volume):
            return
        with self._lock:
            if self._thread is None:
                self._ended.clear()
                self._thread = threading.Thread(target=self._run, name="voxbeam-helper", daemon=True)
                self._thread.start()

    def tell(self, volume: ProducedVolume) -> None:
        """The levels of `volume` are others now; to be called while its order is held, before CHANGED is said."""
        if self._process is not None:
            with self._lock:
                self._tell(volume, _levels(volume))

    def forget(self, volume: ProducedVolume) -> None:
        """`volume` is gone: its arrays are let go as soon as nobody reads them."""
        if self._process is not None:
            with self._lock:
                self._tell(volume, [])

    def stop(self) -> None:
        """End it; for the connection has."""
        self._ended.set()
        with self._lock:
            self._hang_up()

    def _can_help(self, volume: ProducedVolume) -> bool:
        source = volume.source
        if source is None or source.array is None or volume.levels.small:
            return False
        welcome = self._connection.welcome
        if self._connection.speaks_tls:  # it is on another machine, or is to be taken for one
            return False
        return "helper" in welcome and os.access(welcome["store"]["path"], os.R_OK | os.W_OK)

    def _tell(self, volume: ProducedVolume, levels: list[tuple[dict[str, Any], Any]]) -> None:
        process = self._process
        if process is None or process.stdin is None or volume.handle < 0:
            return
        self._number += 1
        self._held[self._number] = volume.handle, [array for _, array in levels]
        d = volume.description
        message = {
            "number": self._number, "handle": volume.handle, "name": d.name, "stored": d.stored, "shape": d.shape,
            "time_points": d.time_points, "level_count": len(volume.levels.answers), "levels": [level for level, _ in levels],
        }
        try:
            os.write(process.stdin.fileno(), json.dumps(message).encode() + b"\n")
        except OSError:  # it is gone, or no longer listens: then it must not read on either
            process.kill()

    def _hang_up(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        self._held.clear()  # not earlier: nobody reads them any more

    # On its own thread

    def _run(self) -> None:
        pauses = iter(PAUSES_SECONDS)
        while (pause := next(pauses, None)) is not None and not self._ended.wait(pause):
            if self.refused or not self._is_wanted():
                break
            began = time.monotonic()
            try:
                self._serve()
            except Exception:
                log.exception("the helper could not be started")
            if time.monotonic() - began > SETTLED_SECONDS:
                pauses = iter(PAUSES_SECONDS)
        else:
            if not self._ended.is_set():
                self.refused = "it ended too often"
        with self._lock:
            self._thread = None

    def _is_wanted(self) -> bool:
        return any(v.live and not v.status["complete"] and self._can_help(v) for v in self._volumes())

    def _tell_all(self) -> None:
        for volume in self._volumes():
            if self._can_help(volume):
                with volume.order:
                    self.tell(volume)

    def _serve(self) -> None:
        """Start it, tell it of all volumes, and read what it says until it ends."""
        probe = np.frombuffer(os.urandom(16), np.uint8).copy()
        start = {
            "pid": os.getpid(), "address": probe.ctypes.data, "probe": probe.tobytes().hex(), "client": "voxbeam-helper",
            "host": self._connection.host, "port": self._connection.port, "helps": self._connection.welcome["helper"],
            "ticket": self._connection.ticket(),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True, cwd="/", env=_environment(),
        )
        let_read(process.pid)
        assert process.stdin is not None
        assert process.stdout is not None
        with self._lock:
            if self._ended.is_set():
                process.kill()
                process.wait()
                return
            self._process = process
            os.set_blocking(process.stdin.fileno(), False)
            os.write(process.stdin.fileno(), json.dumps(start).encode() + b"\n")
        self._tell_all()
        with process.stdout:
            for line in process.stdout:
                self._heard(json.loads(line))
        with self._lock:
            if self._process is process:
                self._hang_up()

    def _heard(self, message: dict[str, Any]) -> None:
        if "refused" in message:
            self.refused = str(message["refused"])
            log.info("no helper: %s", self.refused)
        elif "failed" in message:
            log.debug("the helper ended: %s", message["failed"])
        elif "heard" in message:
            with self._lock:
                number = self.heard = message["heard"]
                handle = self._held.get(number, (-1, []))[0]
                for older in [n for n, (of, _) in self._held.items() if of == handle and n < number]:
                    del self._held[older]
                if number in self._held and not self._held[number][1]:
                    del self._held[number]


def _levels(volume: ProducedVolume) -> list[tuple[dict[str, Any], Any]]:
    """What can be read of a volume's first time point by others: messages, and the arrays that must be kept for them."""
    found: list[tuple[dict[str, Any], Any]] = []
    levels = volume.levels
    for level, answer in enumerate(levels.answers):
        voxels = answer.voxels
        if not isinstance(voxels, ArrayVoxels) or voxels.mapping.ids is not None:
            continue
        if answer.generation and not levels.has_ranges(level):
            continue
        place = Place.of(voxels.array)
        message = {
            "level": level, "address": place.address, "shape": place.shape, "strides": place.strides, "dtype": place.dtype.str,
            "write_as": voxels.mapping.write_as.str, "sign_bit": voxels.mapping.sign_bit,
            "generation": answer.generation, "flags": answer.flags,
        }
        found.append((message, voxels.array))
    return found


def _environment() -> dict[str, str]:
    kept = cache.path()  # where machine code is
    return child_environment(**{cache.ENVIRONMENT: "off" if kept is None else str(kept.parent)})
