"""What the conformance cases need around them: a good producer, a good viewer, and messages that are damaged on purpose."""

from __future__ import annotations

import http.client
import json
import struct
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from xxhash import xxh32_intdigest

from voxbeam.connection import Connection
from voxbeam.endpoint import Endpoint
from voxbeam.geometry import STORED_EDGE, BrickKey, brick_keys
from voxbeam.protocol import (
    DTYPE_CODE,
    HEADER_BYTES,
    FrameType,
    Header,
    brick_template,
    decode_brick,
    decode_control,
    encode_control,
    encode_frame,
    pack_header,
    unpack_frame,
)
from voxbeam.stream import open_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxbeam.sidecar import SidecarProcess

SECONDS = 60.0


class GoodProducer:
    """Declares the cases' volume and answers each need with a frame of that brick."""

    def __init__(
        self, sidecar: SidecarProcess, description: dict[str, Any], frame: Callable[[int, BrickKey], bytes] | None = None,
    ) -> None:
        self._name = description["name"]
        self._frame = frame or good_brick
        endpoint = Endpoint(sidecar.host, sidecar.port, sidecar.token)
        self.handle = -1
        self._declared = threading.Event()
        self.connection = Connection(
            host=sidecar.host,
            port=sidecar.port,
            ticket=lambda: endpoint.ticket("stream", "owner", "none"),
            kind="producer",
            client="conformance-producer",
        )
        self.connection.on(FrameType.VOLUME, self._announced)
        self.connection.on(FrameType.NEED, self._answer)
        self.connection.start()
        self.connection.send_control(FrameType.VOLUME, description)
        assert self._declared.wait(SECONDS)

    def _announced(self, _header: Header, payload: memoryview) -> None:
        message = decode_control(payload)
        if message["description"]["name"] == self._name:
            self.handle = message["volume"]
            self._declared.set()

    def _answer(self, _header: Header, payload: memoryview) -> None:
        need = decode_control(payload)
        for level, z, y, x, *_ in need["keys"]:
            self.connection.send(self._frame(need["volume"], BrickKey(level, z, y, x)))


class GoodViewer:
    """Needs one brick after the other, and checks each."""

    def __init__(self, sidecar: SidecarProcess, handle: int, shape: tuple[int, int, int]) -> None:
        self._stream = open_stream(
            sidecar.host, sidecar.port, Endpoint(sidecar.host, sidecar.port, sidecar.token).ticket("stream", "view", "none")
        )
        self._stream.send(encode_control(FrameType.HELLO, {"kind": "viewer", "client": "conformance-viewer"}))
        self._handle = handle
        self._keys = list(brick_keys(shape))
        self._turn = 0

    def sees_a_brick(self) -> None:
        key = self._keys[self._turn % len(self._keys)]
        self._turn += 1
        self._stream.send(encode_control(FrameType.NEED, {"volume": self._handle, "keys": [[*key[:4], 0]]}))
        while True:
            frame = self._stream.recv(timeout=SECONDS)
            header, payload = unpack_frame(frame)
            if header.type == FrameType.PING:
                self._stream.send(encode_control(FrameType.PONG, decode_control(payload)))
            if header.type == FrameType.BRICK and header.key == key:
                break
        assert header.volume == self._handle
        np.testing.assert_array_equal(decode_brick(header, payload), brick_voxels(key))
        self._stream.send(encode_control(FrameType.CREDIT, {"bytes": len(frame)}))

    def close(self) -> None:
        self._stream.close()


def brick_voxels(key: BrickKey) -> np.ndarray:
    """Voxels that tell which brick they are of."""
    seed = key.level * 1000 + key.z * 100 + key.y * 10 + key.x
    return ((np.arange(STORED_EDGE**3) + seed) % 251).astype(np.uint8).reshape((STORED_EDGE,) * 3)


def good_brick(handle: int, key: BrickKey) -> bytes:
    template = brick_template("u8")
    payload = template.prefix + brick_voxels(key).tobytes() + template.suffix
    fields = {"volume": handle, "level": key.level, "z": key.z, "y": key.y, "x": key.x}
    return encode_frame(FrameType.BRICK, payload, dtype=DTYPE_CODE["u8"], generation=1, **fields)


def message(spec: dict[str, Any], handle: int, description: dict[str, Any]) -> str | bytes:
    """The message that a case describes."""
    if "text" in spec:
        return str(spec["text"])
    if "hex" in spec:
        return bytes.fromhex(spec["hex"])
    if "zeros" in spec:
        return bytes(spec["zeros"])
    payload = _payload(spec, handle, description)
    fields = filled(spec.get("header", {}), handle, description)
    header = Header(type=spec["type"], payload_bytes=len(payload), checksum=xxh32_intdigest(payload), **fields)
    frame = bytearray(HEADER_BYTES) + payload
    pack_header(header, memoryview(frame)[:HEADER_BYTES])
    for damage in spec.get("damage", ()):
        wound = bytes.fromhex(damage["hex"])
        frame[damage["at"] : damage["at"] + len(wound)] = wound
    if spec.get("reseal"):
        struct.pack_into("<I", frame, HEADER_BYTES - 4, xxh32_intdigest(frame[: HEADER_BYTES - 4]))
    return bytes(frame)


def _payload(spec: dict[str, Any], handle: int, description: dict[str, Any]) -> bytes:
    if "json" in spec:
        return json.dumps(filled(spec["json"], handle, description), separators=(",", ":"), ensure_ascii=False).encode()
    if "payload" in spec:
        return str(spec["payload"]).encode()
    return bytes.fromhex(spec.get("payload_hex", "")) or b" " * spec.get("spaces", 0)


def filled(value: Any, handle: int, description: dict[str, Any]) -> Any:  # noqa: PLR0911  a case for each placeholder
    """``value`` with what its placeholders stand for."""
    if value == "$volume":
        return handle
    if value == "$description":
        return description
    if isinstance(value, list):
        return [filled(item, handle, description) for item in value]
    if not isinstance(value, dict):
        return value
    if "$description" in value:
        return {**description, **filled(value["$description"], handle, description)}
    if "$repeat" in value:
        times, item = value["$repeat"]
        return [filled(item, handle, description)] * times
    return {name: filled(item, handle, description) for name, item in value.items()}


def http_status(sidecar: SidecarProcess, request: dict[str, Any]) -> int:
    """The status that answers a request of the cases."""
    connection = http.client.HTTPConnection(sidecar.host, sidecar.port, timeout=SECONDS)
    body = None
    if "json" in request:
        body = json.dumps(request["json"]).encode()
    elif "text" in request:
        body = request["text"].encode()
    elif "zeros" in request:
        body = bytes(request["zeros"])
    headers = dict(request.get("headers", {}))
    if body is not None:
        headers["Content-Type"] = "application/json"
    if "bearer" in request:
        headers["Authorization"] = f"Bearer {sidecar.token if request['bearer'] == 'owner' else 'w' * 43}"
    try:
        connection.request(request["method"], request["path"], body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def upgrade(sidecar: SidecarProcess, case: dict[str, Any]) -> tuple[int, str | None]:
    """Status and selected subprotocol that answer a handshake of the cases."""
    endpoint = Endpoint(sidecar.host, sidecar.port, sidecar.token)
    kind = case.get("ticket", "fresh")
    path = case.get("path", "/v1/stream")
    ticket: str | None = {"unknown": "A" * 43, "malformed": "short", "none": None}.get(kind, "")
    if ticket == "":
        ticket = endpoint.ticket("page" if kind == "page" else "stream", "view", case.get("ticket_origin", "none"))
    if kind == "used":
        open_stream(sidecar.host, sidecar.port, str(ticket)).close()
    if kind == "query":
        path, ticket = f"{path}?ticket={ticket}", None
    offered = [case.get("subprotocol", "vxb.1"), f"vxb.ticket.{ticket}" if ticket else None]
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": ", ".join(filter(None, offered)),
    }
    headers |= {name.title(): case[name] for name in ("origin", "host") if name in case}
    connection = http.client.HTTPConnection(sidecar.host, sidecar.port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={name: value for name, value in headers.items() if value})
        response = connection.getresponse()
        return response.status, response.getheader("Sec-WebSocket-Protocol")
    finally:
        connection.close()
