"""Hold resident volumes in an instance, and answer lines of standard input: ticket, change, status."""

from __future__ import annotations

import json
import os
import sys

import numpy as np

import voxbeam as rv
from voxbeam.embedded import embedded_instance
from voxbeam.protocol import FrameType


def ball(edge: int) -> np.ndarray:
    """A bright ball with shells, 16 bits, nothing else."""
    axis = (np.arange(edge, dtype=np.float32) + 0.5) / edge * 2 - 1
    r = np.sqrt(axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2)
    return (np.clip(1.2 - r, 0, 1) * (0.7 + 0.3 * np.cos(20 * r)) * 50000).astype(np.uint16)


with embedded_instance() as instance:
    for number, edge in enumerate(sys.argv[1:]):
        rv.render_volume(ball(int(edge)), instance, name=f"ball{number}")
    pid = instance.status()["pid"]
    print(json.dumps({"url": f"ws://{instance.host}:{instance.port}/v1/stream", "sidecar": pid, "pid": os.getpid()}), flush=True)
    for line in sys.stdin:
        word = line.strip().strip('"')
        if word == "change":
            instance.producer.volumes[0].send(FrameType.CHANGED, {"generation": 2, "boxes": [[0, 0, 0, 0, 1, 1, 1]]})
        answer = {"ticket": instance.ticket("stream", "edit", "loopback")} if word == "ticket" else instance.status()
        print(json.dumps(answer), flush=True)
