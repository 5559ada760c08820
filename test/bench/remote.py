"""A producer that cannot open the store, as on another host, beside bare sockets that move the same bytes; plain and in TLS."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import voxbeam as rv
from voxbeam.producer.store import Store
from voxbeam.sidecar import find_node, start_sidecar

SIDE, RUNS = int(sys.argv[1]), int(sys.argv[2])
Store.open = classmethod(lambda *_: None)
volume = np.random.default_rng(1).integers(0, 60000, (SIDE,) * 3).astype("uint16")  # no brick of it travels as one value
folder = Path(tempfile.mkdtemp())
cert, key = folder / "cert.pem", folder / "key.pem"
openssl = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
openssl += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
subprocess.run(openssl, check=True, capture_output=True)

#: Reads and counts, as any server in Node must at least.
RECEIVER = """
const [cert, key] = process.argv.slice(1);
const fs = require('fs');
const count = (socket) => {
  let left = 0;
  socket.on('data', (chunk) => {
    if (left === 0) { left = Number(chunk.readBigUInt64LE(0)); chunk = chunk.subarray(8); }
    left -= chunk.length;
    if (left === 0) socket.write('done');
  });
};
const server = cert
  ? require('tls').createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, count)
  : require('net').createServer(count);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


def bare(size: int, tls: bool) -> float:
    """Seconds that one bare socket takes for as many bytes, in pieces as large as a brick."""
    command = [find_node(), "-e", RECEIVER, *([str(cert), str(key)] if tls else [])]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    sock = socket.create_connection(("127.0.0.1", int(child.stdout.readline())))
    if tls:
        context = ssl.create_default_context(cafile=str(cert))
        sock = context.wrap_socket(sock, server_hostname="127.0.0.1")
    piece = np.random.default_rng(1).bytes(575_000)
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        sock.sendall(size.to_bytes(8, "little"))
        for at in range(0, size, len(piece)):
            sock.sendall(piece[: size - at])
        assert sock.recv(4) == b"done"
        times.append(time.perf_counter() - began)
    child.kill()
    return sorted(times)[len(times) // 2]


def ours(tls: bool) -> tuple[int, float]:
    """Bytes of the bricks, and seconds until all are in the store."""
    files = {"tls_cert": str(cert), "tls_key": str(key)} if tls else {}
    process = start_sidecar(store_bytes=4 * volume.nbytes, **files)
    known = f"&sha256={process.fingerprint}" if tls else ""
    times = []
    with rv.connect(f"http{'s' if tls else ''}://127.0.0.1:{process.port}/#token={process.token}{known}") as instance:
        for _ in range(RUNS):
            volume[0, 0, 0] += 1
            produced = instance.producer.declare(volume, name="volume")
            began = time.perf_counter()
            produced.fill()
            times.append(time.perf_counter() - began)
            size = produced.status["total"] * 66**3 * 2
            produced.remove()
    process.stop()
    return size, sorted(times)[len(times) // 2]


rows = {}
for name, tls in (("plain", False), ("tls", True)):
    size, seconds = ours(tls)
    rows[name] = {"bytes": size, "ours": seconds, "bare": bare(size, tls)}
print(json.dumps(rows))
