"""Large empty labels in an instance of their own: a line stops its process, lets it go on, or asks what has been painted."""

from __future__ import annotations

import json
import os
import signal
import sys

import numpy as np

import voxbeam as rv
from voxbeam.instance import Instance
from voxbeam.sidecar import start_sidecar

process = start_sidecar(store_bytes=64 * 2**20)
instance = Instance(process.host, process.port, process.token, process=process)
rv.render_volume(np.full((16, 16, 16), 7, "u1"), instance, name="small", voxel_size=40)
labels = instance.labels("large", shape=(640, 640, 640), voxel_size=1)
print(instance.visualization_server_url, flush=True)
for line in sys.stdin:
    if line.strip() in ("stop", "go"):
        os.kill(process.pid, signal.SIGSTOP if line.strip() == "stop" else signal.SIGCONT)
        print(line.strip(), flush=True)
    else:
        print(json.dumps({"counts": labels.counts(), "edits": labels.changes().seq}), flush=True)
instance.close()
