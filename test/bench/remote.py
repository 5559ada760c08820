"""A producer that cannot open the store, as on another host, beside bare sockets that move the same bytes; plain and in TLS."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import volumes

import voxbeam as rv
from voxbeam.geometry import brick_keys
from voxbeam.producer.frame_buffer import FrameBuffer
from voxbeam.producer.store import Store
from voxbeam.producer.upload import uploads
from voxbeam.sidecar import find_node, start_sidecar

SIDE, RUNS, CONNECTIONS = int(sys.argv[1]), int(sys.argv[2]), [int(count) for count in sys.argv[3].split(",")]
Store.open = classmethod(lambda *_: None)
volumes.machine_code()
volume = np.random.default_rng(1).integers(0, 60000, (SIDE,) * 3).astype("uint16")  # no brick of it travels as one value
folder = Path(tempfile.mkdtemp())
cert, key = folder / "cert.pem", folder / "key.pem"
openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
openssl += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
subprocess.run(openssl, check=True, capture_output=True)

#: Reads and counts, as any server in Node must at least: in as many threads as an instance has for uploads, each with a port.
RECEIVER = """
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');
const [cert, key] = isMainThread ? process.argv.slice(1) : workerData.files;
const fs = require('fs');
const count = (socket) => {
  let left = 0;
  socket.on('data', (chunk) => {
    if (left === 0) { left = Number(chunk.readBigUInt64LE(0)); chunk = chunk.subarray(8); }
    left -= chunk.length;
    if (left === 0) socket.write('done');
  });
};
if (isMainThread) {
  const threads = Math.min(4, require('os').availableParallelism());
  const workers = Array.from({ length: threads }, () => new Worker(process.execArgv.at(-1), { eval: true, workerData: { files: [cert, key] } }));
  Promise.all(workers.map((worker) => new Promise((done) => worker.once('message', done)))).then((ports) => console.log(JSON.stringify(ports)));
} else {
  const server = cert
    ? require('tls').createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, count)
    : require('net').createServer(count);
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
}
"""


class Bare:
    """So many bare sockets, each with a thread that sends, in pieces as large as a brick: as many different bytes as bricks have."""

    def __init__(self, count: int, tls: bool) -> None:
        command = [find_node(), "-e", RECEIVER, *([str(cert), str(key)] if tls else [])]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE)
        ports = json.loads(self.child.stdout.readline())
        self.sockets = [socket.create_connection(("127.0.0.1", ports[number % len(ports)])) for number in range(count)]
        if tls:
            context = ssl.create_default_context(cafile=str(cert))
            self.sockets = [context.wrap_socket(sock, server_hostname="127.0.0.1") for sock in self.sockets]
        self.bytes = memoryview(np.random.default_rng(1).bytes(4 * volume.nbytes))

    def move(self, size: int) -> None:
        """As many bytes in all."""
        share = size // len(self.sockets)
        threads = [
            threading.Thread(target=self._send, args=(sock, self.bytes[number * share : (number + 1) * share]))
            for number, sock in enumerate(self.sockets)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, sock: socket.socket, mine: memoryview) -> None:
        sock.sendall(len(mine).to_bytes(8, "little"))
        for at in range(0, len(mine), 575_000):
            sock.sendall(mine[at : at + 575_000])
        assert sock.recv(4) == b"done"


class Ready:
    """Bricks of a volume that are cut already: what is left is to send them."""

    def __init__(self) -> None:
        self.frames: dict[object, bytes] = {}

    def make(self, produced: object) -> None:
        """Random voxels, sealed as bricks of the volume."""
        for at in brick_keys(volume.shape):
            frame = FrameBuffer("u16")
            frame.voxels[...] = volume[:66, :66, :66]
            self.frames[at] = bytes(frame.seal(produced.handle, at, 1, 0))
        produced.answer = self.answer

    def answer(self, needs: list, _tools: object) -> None:
        """In place of cutting."""
        for need in needs:
            frame = memoryview(self.frames[need.key])
            if not need.link.upload(need, frame):
                need.link.send(frame)


def measure(count: int, tls: bool) -> dict[str, float]:
    """Medians of seconds: bare sockets, bricks that are ready, bricks that are cut meanwhile."""
    os.environ[uploads.ENVIRONMENT] = str(count)
    files = {"tls_cert": str(cert), "tls_key": str(key)} if tls else {}
    process = start_sidecar(store_bytes=4 * volume.nbytes, **files)
    known = f"&sha256={process.fingerprint}" if tls else ""
    bare = Bare(count, tls)
    times: dict[str, list[float]] = {"bare": [], "ready": [], "cut": []}
    with rv.connect(f"http{'s' if tls else ''}://127.0.0.1:{process.port}/#token={process.token}{known}") as instance:
        for _ in range(RUNS):
            for name in ("ready", "cut"):
                volume[0, 0, 0] += 1
                produced = instance.producer.declare(volume, name="volume")
                produced.built.wait()
                while not (link := instance.producer._link).uploads or len(link.uploads.connections) < count:
                    time.sleep(0.01)
                if name == "ready":
                    Ready().make(produced)
                times[name].append(volumes.seconds(produced.fill))
                size = produced.status["total"] * 66**3 * 2
                produced.remove()
            times["bare"].append(volumes.seconds(lambda: bare.move(size)))  # noqa: B023
    process.stop()
    bare.child.kill()
    return {"bytes": size, **{name: sorted(found)[len(found) // 2] for name, found in times.items()}}


print(json.dumps({"found": [{"connections": count, "tls": tls, **measure(count, tls)} for tls in (False, True) for count in CONNECTIONS]}))
