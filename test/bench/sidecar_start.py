"""Time from asking for a server until it answers, beside the same Node starting to run nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import volumes

from voxbeam.sidecar import find_node, start_sidecar

RUNS = int(sys.argv[1])
node = find_node()
found: dict[str, list[float]] = {"sidecar": [], "node": []}


def start() -> None:
    started.append(start_sidecar())


start_sidecar().stop()  # reads the program from disk
for _ in range(RUNS):
    started: list = []
    found["sidecar"].append(volumes.seconds(start))
    started[0].stop()
    found["node"].append(volumes.seconds(lambda: subprocess.run([str(node), "-e", "0"], check=True)))
print(json.dumps(found))
