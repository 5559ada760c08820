"""What runs in the helper: it hears of arrays from the kernel, of needs from the sidecar, and ends with either.

Lines of JSON come on standard input and go to standard output. The first says where everything is; each further one is
about a volume, and is answered by its number when nothing that was told of that volume before is read any more.
"""

from __future__ import annotations

import json
import os
import select
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.connection import Connection
from voxbeam.geometry import BrickKey
from voxbeam.producer.brick_maker import NotMineError, refuse
from voxbeam.producer.helper.process_memory import ProcessMemory
from voxbeam.producer.helper.told_volume import ToldVolume
from voxbeam.producer.link import Link
from voxbeam.producer.need_queue import Need, NeedQueue
from voxbeam.producer.workers import Workers
from voxbeam.protocol import ErrorCode, FrameType, Header, decode_control

if TYPE_CHECKING:
    from voxbeam.producer.produced_volume import ProducedVolume

#: How often it looks whether the kernel still is its parent: a process that the kernel has forked may hold the pipe open.
PARENT_SECONDS = 2.0


class Program:
    """The helper, once it may read the kernel's memory."""

    def __init__(self, start: dict[str, Any], memory: ProcessMemory) -> None:
        self._memory = memory
        #: Told, not asked for: it may be gone before this has begun.
        self._kernel = int(start["pid"])
        self._volumes: dict[int, ToldVolume] = {}
        self._queue = NeedQueue()
        self._hearing = threading.Lock()
        self._unread = b""
        Workers(self._queue).start()
        self._connection = Connection(
            host=start["host"], port=start["port"], ticket=lambda: str(start["ticket"]), kind="helper", client=start["client"],
            helps=start["helps"],
        )
        self._connection.on(FrameType.NEED, self._on_need)
        self._connection.on(FrameType.CANCEL, self._on_cancel)
        self._connection.on_close(lambda _reason: os._exit(0))
        self._connection.start()
        self._link = Link(self._connection, self._queue.put)
        if self._link.store is None:
            _end(3, {"refused": "the store cannot be opened"})

    def run(self) -> None:
        """Hear the kernel until it is gone."""
        while os.getppid() == self._kernel:
            if select.select([0], [], [], PARENT_SECONDS)[0]:
                self._hear()
        os._exit(0)

    def _hear(self) -> None:
        """Take what the kernel has said so far."""
        with self._hearing:
            while select.select([0], [], [], 0)[0]:
                data = os.read(0, 2**16)
                if not data:
                    os._exit(0)
                *lines, self._unread = (self._unread + data).split(b"\n")
                for line in lines:
                    self._told(json.loads(line))

    def _told(self, message: dict[str, Any]) -> None:
        handle = message["handle"]
        volume = self._volumes.get(handle)
        if message.get("levels"):
            if volume is None:
                volume = self._volumes[handle] = ToldVolume(self._memory, message)
            else:
                volume.tell(message)
            self._link.send_control(FrameType.HELP, {"volume": handle, "boxes": volume.boxes})
        elif volume is not None:
            self._link.send_control(FrameType.HELP, {"volume": handle, "boxes": []})
            volume.close()
            del self._volumes[handle]
            self._refuse_all(self._queue.cancel(_as_produced(volume), None))
        _say({"heard": message["number"]})

    # On the connection's thread

    def _on_need(self, _header: Header, payload: memoryview) -> None:
        # What made the sidecar ask may have been said after the kernel told us of it: that comes first.
        self._hear()
        message = decode_control(payload)
        volume = self._volumes.get(message["volume"])
        keys = ((BrickKey(level, z, y, x, message.get("time", 0)), rank, at) for level, z, y, x, rank, at in message["keys"])
        if volume is not None:
            produced = _as_produced(volume)
            self._queue.put([Need(self._link, produced, key, rank, at) for key, rank, at in keys])
            return
        gone = _as_produced(_Gone(message["volume"]))
        self._refuse_all([Need(self._link, gone, key, rank, at) for key, rank, at in keys])

    def _on_cancel(self, _header: Header, payload: memoryview) -> None:
        message = decode_control(payload)
        volume = self._volumes.get(message["volume"])
        if volume is None:
            return
        keys = None
        if "keys" in message:
            keys = [BrickKey(level, z, y, x, message.get("time", 0)) for level, z, y, x in message["keys"]]
        self._refuse_all(self._queue.cancel(_as_produced(volume), keys))

    def _refuse_all(self, needs: list[Need]) -> None:
        for need in needs:
            refuse(need, ErrorCode.CANCELLED, "it was not begun")


class _Gone:
    """A volume that this process knows no longer."""

    def __init__(self, handle: int) -> None:
        self.handle = handle


def _as_produced(volume: ToldVolume | _Gone) -> ProducedVolume:
    return volume  # type: ignore[return-value]  # it has what making bricks asks of one


def _say(message: dict[str, Any]) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def _end(code: int, message: dict[str, Any]) -> None:
    _say(message)
    os._exit(code)


def main() -> None:
    """Run the helper, unless the system does not let it read the kernel's memory."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return
        line += byte
    start = json.loads(line)
    memory = ProcessMemory(start["pid"])
    found = np.zeros(len(start["probe"]) // 2, np.uint8)
    try:
        memory.read(np.array([start["address"]], np.uint64), found.nbytes, found)
    except NotMineError as error:
        _end(3, {"refused": str(error)})
    if found.tobytes().hex() != start["probe"]:
        _end(3, {"refused": "the memory read is not the one meant"})
    try:
        program = Program(start, memory)
    except Exception as error:  # noqa: BLE001  the kernel goes on without
        _end(4, {"failed": repr(error)})
        return
    _say({"ready": os.getpid(), "seconds": round(time.process_time(), 3)})
    program.run()

