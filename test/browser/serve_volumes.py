"""Hold volumes in an instance, and answer lines of standard input: ticket, change, status.

Arguments are edges of balls. With `--join HOST:PORT:TOKEN` before them they come into that instance and are not filled.
"""

from __future__ import annotations

import json
import os
import sys

import numpy as np

import voxbeam as rv
from voxbeam import embedded
from voxbeam.embedded import embedded_instance
from voxbeam.instance import Instance
from voxbeam.protocol import FrameType


def ball(edge: int) -> np.ndarray:
    """A bright ball with shells, 16 bits, nothing else."""
    axis = (np.arange(edge, dtype=np.float32) + 0.5) / edge * 2 - 1
    r = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    return (np.clip(1.2 - r, 0, 1) * (0.7 + 0.3 * np.cos(20 * r)) * 50000).astype(np.uint16)


arguments = sys.argv[1:]
joined = arguments[0] == "--join"
if joined:
    host, port, token = arguments[1].split(":")
    place = Instance(host, int(port), token)
else:
    place = embedded_instance()
    token = embedded._process.token
with place as instance:
    for number, edge in enumerate(arguments[2:] if joined else arguments):
        if joined:
            rv.view(ball(int(edge)), instance, name=f"joined{number}")  # shown by no page: nothing is filled
        else:
            rv.render_volume(ball(int(edge)), instance, name=f"ball{number}")
    pid = instance.status()["pid"]
    address = f"{instance.host}:{instance.port}"
    started = {"url": f"ws://{address}/v1/stream", "join": f"{address}:{token}", "sidecar": pid, "pid": os.getpid()}
    print(json.dumps(started), flush=True)
    for line in sys.stdin:
        word = line.strip().strip('"')
        if word == "change":
            instance.producer.volumes[0].send(FrameType.CHANGED, {"generation": 2, "boxes": [[0, 0, 0, 0, 1, 1, 1]]})
        answer = {"ticket": instance.ticket("stream", "edit", "loopback")} if word == "ticket" else instance.status()
        print(json.dumps(answer), flush=True)
