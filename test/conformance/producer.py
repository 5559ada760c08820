"""A producer written from src/protocol/README.md alone: it imports nothing of voxbeam.

One line of JSON on stdin, {"port", "token", "inline", "shape", "name"}, then it serves a volume whose voxel (z, y, x) is
(7 z + 3 y + x) mod 251, until stdin closes. It prints {"volume": handle} whenever it is announced.
"""

import json
import os
import struct
import sys
import threading
import urllib.request

import numpy as np
import pyarrow as pa
import xxhash
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

HEADER = struct.Struct("<IHBBIBBHIIIIIIII12xI")
MAGIC = int.from_bytes(b"VXB1", "little")
HELLO, WELCOME, NEED, CANCEL, BRICK, ERROR, PING, PONG, VOLUME, RANGES, DONE, FILL = 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 15, 16
U8 = 1


def pack(kind, payload, volume=0, key=(0, 0, 0, 0), dtype=0, generation=0, flags=0):
    level, z, y, x = key
    head = HEADER.pack(
        MAGIC, 1, kind, flags, volume, level, dtype, 0, z, y, x, generation, len(payload), xxhash.xxh32_intdigest(payload), 0, 0, 0,
    )
    return head[:60] + struct.pack("<I", xxhash.xxh32_intdigest(head[:60])) + payload


def unpack(frame):
    """Type and payload; checked in the order that the page gives."""
    if not isinstance(frame, bytes) or not 64 <= len(frame) <= 8 << 20:
        raise ValueError("size")
    magic, version, kind, *_ = HEADER.unpack(frame[:64])
    length, checksum = struct.unpack_from("<II", frame, 32)
    if magic != MAGIC or version != 1 or struct.unpack_from("<I", frame, 60)[0] != xxhash.xxh32_intdigest(frame[:60]):
        raise ValueError("header")
    payload = frame[64:]
    if not 1 <= kind <= 41 or length != len(payload) or checksum != xxhash.xxh32_intdigest(payload):
        raise ValueError("payload")
    return kind, payload


def halve(level):
    """The mean of the existing voxels of each 2x2x2, rounded half up."""
    odd = [(0, n % 2) for n in level.shape]
    total = np.pad(level.astype(np.uint32), odd)
    there = np.pad(np.ones(level.shape, np.uint32), odd)
    fold = [n for size in total.shape for n in (size // 2, 2)]
    total, there = (a.reshape(fold).sum((1, 3, 5)) for a in (total, there))
    return ((2 * total + there) // (2 * there)).astype(np.uint8)


def brick(level, index):
    """66^3 voxels; where the volume ends its edge voxel is repeated."""
    at = [np.clip(np.arange(64 * i - 1, 64 * i + 65), 0, n - 1) for i, n in zip(index, level.shape)]
    return np.ascontiguousarray(level[np.ix_(*at)])


def arrow(voxels):
    """One record batch; schema metadata pads so that the voxels begin at a multiple of 64 bytes of the frame."""
    column = pa.array(voxels.reshape(-1))
    for padding in range(64):
        schema = pa.schema([pa.field("voxels", pa.uint8(), nullable=False)], metadata={"p": " " * padding})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as stream:
            stream.write_batch(pa.record_batch([column], schema=schema))
        payload = sink.getvalue().to_pybytes()
        if padding == 63 or payload.find(voxels.tobytes()[:4096]) % 64 == 0:
            return payload
    raise AssertionError


class Producer:
    def __init__(self, port, token, inline, shape, name):
        self.port, self.token, self.inline, self.name = port, token, inline, name
        z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
        self.levels = [((7 * z + 3 * y + x) % 251).astype(np.uint8)]
        while max(self.levels[-1].shape) > 64:
            self.levels.append(halve(self.levels[-1]))
        self.resume = None

    def ticket(self):
        body = json.dumps({"use": "stream", "role": "owner", "origin": "none"}).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/ticket", body, headers)
        return json.loads(urllib.request.urlopen(request, timeout=5).read())["ticket"]

    def open(self, ticket):
        protocols = ["vxb.1", f"vxb.ticket.{ticket}"]
        return connect(f"ws://127.0.0.1:{self.port}/v1/stream", subprotocols=protocols, compression=None, max_size=8 << 20)

    def life(self):
        """One connection, from HELLO to its end."""
        try:
            socket = self.open(self.resume or self.ticket())
        except InvalidStatus:
            socket = self.open(self.ticket())
        self.store = None
        with socket:
            self.tell(socket, HELLO, {"kind": "producer", "client": "stranger"})
            for frame in socket:
                try:
                    kind, payload = unpack(frame)
                except ValueError:
                    return  # what cannot be trusted is left, and connected to anew
                if kind in (WELCOME, NEED, PING, VOLUME):
                    self.heard(socket, kind, json.loads(payload))

    def heard(self, socket, kind, message):
        if kind == WELCOME:
            self.resume = message["resume"]
            if not self.inline and "store" in message:
                self.store = self.opened(message["store"])
            self.tell(socket, VOLUME, {
                "name": self.name, "kind": "image", "dtype": "uint8", "stored": "u8", "scale": 1, "offset": 0,
                "shape": list(self.levels[0].shape), "voxel_size": [1, 1, 1], "unit": "", "origin": [0, 0, 0],
                "fingerprint": f"stranger {self.levels[0].shape}", "display": {},
            })
        elif kind == PING:
            self.tell(socket, PONG, message)
        elif kind == VOLUME and message["description"]["name"] == self.name:
            print(json.dumps({"volume": message["volume"]}), flush=True)
            self.tell(socket, FILL, {"volume": message["volume"]})
        elif kind == NEED:
            for *key, _priority, offset in sorted(message["keys"], key=lambda need: need[4]):
                self.answer(socket, message["volume"], tuple(key), offset, message.get("time", 0))

    def answer(self, socket, volume, key, offset, time):
        level, *index = key
        shape = self.levels[level].shape if level < len(self.levels) else (0, 0, 0)
        if time or any(64 * i >= n for i, n in zip(index, shape)):
            at = {"volume": volume, "key": list(key), "fatal": False, **({"time": time} if time else {})}
            self.tell(socket, ERROR, {"code": 4404, "message": f"no brick {key}", **at})
            return
        frame = pack(BRICK, arrow(brick(self.levels[level], index)), volume, key, U8, generation=1)
        if self.store is None or offset < 0:
            socket.send(frame)
            return
        os.pwrite(self.store, frame, offset)
        self.tell(socket, DONE, {"volume": volume, "keys": [[*key, offset, len(frame), 1]]})

    @staticmethod
    def opened(store):
        """The store's file, where this host has it."""
        try:
            real = os.readlink(store["path"]) if os.path.islink(store["path"]) else store["path"]
            if "name" in store and os.path.basename(real).removesuffix(" (deleted)") != store["name"]:
                return None
            return os.open(store["path"], os.O_RDWR)
        except OSError:
            return None

    @staticmethod
    def tell(socket, kind, message):
        socket.send(pack(kind, json.dumps(message).encode()))


def main():
    producer = Producer(**json.loads(sys.stdin.readline()))

    def serve():
        while True:
            try:
                producer.life()
            except (OSError, ConnectionClosed):
                pass
            threading.Event().wait(0.1)

    threading.Thread(target=serve, daemon=True).start()
    sys.stdin.read()


main()
