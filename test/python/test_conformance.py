"""The cases of ``test/conformance`` against a live sidecar. Each gets its documented answer, and the sidecar stays up."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from websockets.exceptions import ConnectionClosed
from xxhash import xxh32_intdigest

from conformance_peers import SECONDS, GoodProducer, GoodViewer, filled, http_status, message, upgrade
from voxbeam.endpoint import Endpoint
from voxbeam.protocol import (
    DTYPE_CODE,
    NUMPY_DTYPE,
    FrameError,
    FrameType,
    brick_template,
    decode_brick,
    decode_control,
    encode_control,
    encode_frame,
    unpack_frame,
)
from voxbeam.sidecar import start_sidecar
from voxbeam.stream import open_stream

if TYPE_CHECKING:
    from voxbeam.geometry import BrickKey

CASES = json.loads((Path(__file__).parents[1] / "conformance" / "cases.json").read_text())
DESCRIPTION = CASES["volume"]


class Peers:
    def __init__(self) -> None:
        self.sidecar = start_sidecar(store_bytes=64 * 2**20)
        self.endpoint = Endpoint(self.sidecar.host, self.sidecar.port, self.sidecar.token)
        self.producer = GoodProducer(self.sidecar, DESCRIPTION)
        self.viewer = GoodViewer(self.sidecar, self.producer.handle, tuple(DESCRIPTION["shape"]))
        self.pid = self.sidecar.pid

    def still_serves(self) -> None:
        self.viewer.sees_a_brick()
        assert self.endpoint.status()["pid"] == self.pid

    def filled(self, value):
        return filled(value, self.producer.handle, DESCRIPTION)


@pytest.fixture(scope="module")
def peers():
    peers = Peers()
    peers.still_serves()
    yield peers
    assert peers.endpoint.status()["volumes"][0]["description"] == DESCRIPTION
    peers.viewer.close()
    peers.producer.connection.close()
    peers.sidecar.stop()


def named(kind: str):
    return pytest.mark.parametrize("case", CASES[kind], ids=[case["name"] for case in CASES[kind]])


@named("http")
def test_http(peers, case):
    assert http_status(peers.sidecar, case["request"]) == case["expect"]
    peers.still_serves()


@named("upgrade")
def test_upgrade(peers, case):
    status, selected = upgrade(peers.sidecar, case)
    assert status == case["expect"]
    if status == 101:
        assert selected == "vxb.1"
    peers.still_serves()


@named("frames")
def test_frames(peers, case):
    ticket = peers.endpoint.ticket("stream", case.get("role", "view"), "none")
    stream = open_stream(peers.sidecar.host, peers.sidecar.port, ticket)
    if (kind := case.get("hello", "viewer")) is not None:
        stream.send(encode_control(FrameType.HELLO, {"kind": kind, "client": "conformance"}))
        assert next_of(stream, FrameType.WELCOME)
    for spec in case["send"]:
        stream.send(message(spec, peers.producer.handle, DESCRIPTION))
    error = next_of(stream, FrameType.ERROR)
    expected = peers.filled(case["expect"])
    assert {name: error[name] for name in expected if name != "close"} == {k: v for k, v in expected.items() if k != "close"}
    assert error["fatal"] is ("close" in expected)
    assert error["message"]
    if "close" in expected:
        assert close_code(stream) == expected["close"]
    else:
        stream.send(encode_control(FrameType.PING, {"t": 7}))
        assert next_of(stream, FrameType.PONG) == {"t": 7}
        stream.close()
    peers.still_serves()


@named("bricks")
def test_bricks(peers, case):
    dtype = NUMPY_DTYPE[case["stored"]]
    frames = []

    def frame(volume: int, key: BrickKey) -> bytes:
        fields = {"volume": volume, "level": key.level, "z": key.z, "y": key.y, "x": key.x, "flags": case["flags"]}
        payload = bytes.fromhex(case["payload_hex"])
        frames.append(encode_frame(FrameType.BRICK, payload, dtype=DTYPE_CODE[case["stored"]], generation=1, **fields))
        return frames[-1]

    description = {**DESCRIPTION, "name": "brick cases", "stored": case["stored"]}
    producer = GoodProducer(peers.sidecar, description, frame)
    stream = open_stream(peers.sidecar.host, peers.sidecar.port, peers.endpoint.ticket("stream", "view", "none"))
    stream.send(encode_control(FrameType.HELLO, {"kind": "viewer", "client": "conformance"}))
    stream.send(encode_control(FrameType.NEED, {"volume": producer.handle, "keys": [[0, 1, 1, 0, 0]]}))
    if "code" in case["expect"]:
        error = next_of(stream, FrameType.ERROR)
        assert (error["code"], error["key"], error["fatal"]) == (case["expect"]["code"], [0, 1, 1, 0], False)
        with pytest.raises(FrameError):
            decode_brick(*unpack_frame(frames[-1]))
    else:
        got = stream.recv(timeout=SECONDS)
        while unpack_frame(got)[0].type != FrameType.BRICK:
            got = stream.recv(timeout=SECONDS)
        assert got == frames[-1]
        voxels = decode_brick(*unpack_frame(got))
        assert voxels.dtype == dtype
        np.testing.assert_array_equal(voxels, np.full((66, 66, 66), float(case["expect"]["value"]), dtype))
    stream.close()
    producer.connection.send_control(FrameType.VOLUME_GONE, {"volume": producer.handle})
    producer.connection.close()
    peers.still_serves()


@named("coded")
def test_coded(peers, case):
    dtype, stored = NUMPY_DTYPE[case["stored"]], case["stored"]
    ramp = np.arange(66**3)
    voxels = (ramp & 63 if stored == "u8" else 1000 + ramp % 4096).astype(dtype)
    template = brick_template(stored)
    payload = template.prefix + voxels.tobytes() + template.suffix

    def frame(volume: int, key: BrickKey) -> bytes:
        fields = {"volume": volume, "level": key.level, "z": key.z, "y": key.y, "x": key.x}
        return encode_frame(FrameType.BRICK, payload, dtype=DTYPE_CODE[stored], generation=1, **fields)

    producer = GoodProducer(peers.sidecar, {**DESCRIPTION, "name": "coded cases", "stored": stored}, frame)
    stream = open_stream(peers.sidecar.host, peers.sidecar.port, peers.endpoint.ticket("stream", "view", "none"))
    stream.send(encode_control(FrameType.HELLO, {"kind": "viewer", "client": "conformance", **case["hello"]}))
    need = {"volume": producer.handle, "keys": [[0, 1, 1, 0, 0]], **({"exact": True} if case.get("exact") else {})}
    stream.send(encode_control(FrameType.NEED, need))
    while unpack_frame(got := stream.recv(timeout=SECONDS))[0].type != FrameType.BRICK:
        continue
    # Read from the page of the protocol alone.
    codec, item = got[14], got[15]
    assert (codec, item, got[7]) == (case["expect"]["codec"], case["expect"]["item"], case["expect"]["flags"])
    size, checksum = struct.unpack_from("<II", got, 44)
    coded = bytes(got[64:])
    if codec == 0:
        assert (coded, size, checksum) == (payload, 0, 0)
    else:
        decoded = pa.Codec(["", "lz4_raw", "zstd"][codec]).decompress(coded, decompressed_size=size, asbytes=True)
        decoded = np.frombuffer(decoded, np.uint8).reshape(item, -1).T.tobytes()
        assert (len(decoded), xxh32_intdigest(decoded)) == (size, checksum)
        if case["expect"]["flags"] == 0:
            assert decoded == payload
        else:
            low, high = struct.unpack_from("<ff", decoded)
            assert (low, high) == (voxels.min(), voxels.max())
            steps = np.frombuffer(decoded, np.uint8, offset=8)
            assert np.abs(low + (high - low) * steps / 254 - voxels).max() <= (high - low) / 508 + 0.01
    stream.close()
    producer.connection.send_control(FrameType.VOLUME_GONE, {"volume": producer.handle})
    producer.connection.close()
    peers.still_serves()


@named("held")
def test_held(peers, case):
    stream = open_stream(peers.sidecar.host, peers.sidecar.port, peers.endpoint.ticket("stream", "view", "none"))
    stream.send(encode_control(FrameType.HELLO, {"kind": "viewer", "client": "conformance"}))

    def ask(**more):
        stream.send(encode_control(FrameType.NEED, {"volume": peers.producer.handle, "keys": [[0, 0, 1, 0, 0]], **more}))
        while True:
            header, _ = unpack_frame(stream.recv(timeout=SECONDS))
            if header.type == FrameType.BRICK:
                return header

    first = ask()
    hashes = [first.checksum if one == "$checksum" else one for one in case.get("if_hash", [])]
    again = ask(**({"if_hash": hashes} if hashes else {}))
    assert (again.key, again.generation, again.flags) == (first.key, first.generation, case["expect"]["flags"])
    expected = case["expect"].get("payload_bytes", first.payload_bytes)
    assert again.payload_bytes == expected
    if expected:
        assert again.checksum == first.checksum
    stream.close()
    peers.still_serves()


def next_of(stream, frame_type: FrameType) -> dict:
    """The next control message of a type; others in between do not matter."""
    while True:
        header, payload = unpack_frame(stream.recv(timeout=SECONDS))
        if header.type == frame_type:
            return decode_control(payload)


def close_code(stream) -> int:
    """The code with which the sidecar closes the connection."""
    try:
        while True:
            stream.recv(timeout=SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code
