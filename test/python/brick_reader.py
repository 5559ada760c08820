"""A viewer without a screen: needs bricks and keeps what comes."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

from voxbeam.endpoint import Endpoint
from voxbeam.geometry import BrickKey, brick_keys
from voxbeam.protocol import FrameType, Header, decode_brick, decode_control, decode_ranges, encode_control, unpack_frame
from voxbeam.stream import open_stream

if TYPE_CHECKING:
    import numpy as np

    from voxbeam.sidecar import SidecarProcess
    from voxbeam.trust import Trust

SECONDS = 60.0


class BrickReader:
    """One viewer connection. Payloads are checked and validated in full."""

    def __init__(self, sidecar: SidecarProcess, trust: Trust | None = None) -> None:
        host = "127.0.0.1" if trust else sidecar.host
        ticket = Endpoint(host, sidecar.port, sidecar.token, trust).ticket("stream", "view", "none")
        self._stream = open_stream(host, sidecar.port, ticket, trust=trust)
        self._stream.send(encode_control(FrameType.HELLO, {"kind": "viewer", "client": "brick-reader"}))
        self.ranges: dict[tuple[int, BrickKey], tuple[float, float]] = {}
        self.announced: dict[int, dict] = {}
        self.changed: list[dict] = []
        self.errors: list[dict] = []
        self.bricks: dict[tuple[int, BrickKey], tuple[Header, np.ndarray]] = {}
        self._wanted: set[tuple[int, BrickKey]] = set()
        self.order: list[tuple[str, BrickKey | None, int]] = []

    def need(self, handle: int, keys: list[BrickKey], priority: float = 0) -> None:
        self._wanted |= {(handle, key) for key in keys}
        for moment in {key.time for key in keys}:
            wire = [[*key[:4], priority] for key in keys if key.time == moment]
            for start in range(0, len(wire), 1000):
                need = {"volume": handle, "time": moment, "keys": wire[start : start + 1000]}
                self._stream.send(encode_control(FrameType.NEED, need))

    def step(self, timeout: float = SECONDS) -> None:
        """Take one frame."""
        frame = self._stream.recv(timeout=timeout)
        header, payload = unpack_frame(frame)
        if header.type == FrameType.BRICK:
            self.bricks[header.volume, header.key] = header, decode_brick(header, payload)
            self.order.append(("brick", header.key, header.generation))
            self._stream.send(encode_control(FrameType.CREDIT, {"bytes": len(frame)}))
        elif header.type == FrameType.RANGES:
            for level, z, y, x, low, high in decode_ranges(payload):
                self.ranges[header.volume, BrickKey(level, z, y, x, header.time)] = low, high
        elif header.type == FrameType.PING:
            self._stream.send(encode_control(FrameType.PONG, decode_control(payload)))
        elif header.type == FrameType.CHANGED:
            message = decode_control(payload)
            self.changed.append(message)
            self.order.append(("changed", None, message["generation"]))
            handle = message["volume"]
            stale = [
                key
                for volume, key in self._wanted
                for level, z0, y0, x0, z1, y1, x1 in message["boxes"]
                if volume == handle and key.time == message.get("time", 0) and key.level == level
                and z0 <= key.z < z1 and y0 <= key.y < y1 and x0 <= key.x < x1
            ]
            for key in stale:
                self.bricks.pop((handle, key), None)
            self.need(handle, stale)  # what was to be seen is to be seen as it is now
        elif header.type == FrameType.ERROR:
            self.errors.append(decode_control(payload))
        elif header.type == FrameType.VOLUME:
            message = decode_control(payload)
            self.announced[message["volume"]] = message["description"]
        elif header.type == FrameType.WELCOME:
            self.announced |= {v["volume"]: v["description"] for v in decode_control(payload)["volumes"]}

    def until(self, condition, seconds: float = SECONDS) -> None:
        end = time.monotonic() + seconds
        while not condition():
            self.step(max(0.01, end - time.monotonic()))

    def read(self, handle: int, keys: list[BrickKey]) -> dict[BrickKey, tuple[Header, np.ndarray]]:
        """Need bricks and wait until all of them, or errors about them, have come."""
        self.need(handle, keys)

        def answered() -> bool:
            failed = {BrickKey(*error["key"], error.get("time", 0)) for error in self.errors if "key" in error}
            return all((handle, key) in self.bricks or key in failed for key in keys)

        self.until(answered)
        return {key: self.bricks[handle, key] for key in keys if (handle, key) in self.bricks}

    def read_all(self, handle: int, shape: tuple[int, int, int]) -> dict[BrickKey, tuple[Header, np.ndarray]]:
        return self.read(handle, list(brick_keys(shape)))

    def close(self) -> None:
        # Frames that nobody has taken would hold up the closing handshake for a second.
        with contextlib.suppress(OSError):
            self._stream.socket.shutdown(socket.SHUT_RDWR)
        self._stream.close()
