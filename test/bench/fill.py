"""Time of `render_volume` until the volume is resident, beside a copy of the same array between warm memory."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import volumes

import voxbeam as rv
from voxbeam.embedded import embedded_instance

SIDE, RUNS = int(sys.argv[1]), int(sys.argv[2])
compiled = os.environ.get("VOXBEAM_COMPILED") != "0" and volumes.machine_code()
small = volumes.make(SIDE, "uint16")
large = np.empty((SIDE, 2 * SIDE, 2 * SIDE), np.uint16)
for y in (0, SIDE):
    for x in (0, SIDE):
        np.add(small, np.uint16(y + x), out=large[:, y : y + SIDE, x : x + SIDE])
orders = {"c": small, "fortran": np.asfortranarray(small), "strided": np.repeat(small[:, :, : SIDE // 2], 4, axis=2)[:, :, ::2]}
target = np.zeros_like(large)
found: dict[str, list[float]] = {name: [] for name in ("copy", "copy_small", "cold", "warm", "cut", *orders)}


def fill(volume: np.ndarray, instance: rv.Instance) -> float:
    volume[0, 0, 0] += 1  # other voxels: nothing in the store can be used again
    return volumes.seconds(lambda: rv.render_volume(volume, instance, name="volume"))


with embedded_instance() as instance:
    fill(large, instance)  # uses all slots for the first time
    for _ in range(RUNS):
        found["copy"].append(min(volumes.seconds(lambda: np.copyto(target, large)) for _ in range(2)))
        found["warm"].append(fill(large, instance))
        large[0, 0, 0] += 1
        produced = instance.producer.declare(large, name="volume")
        produced.hurry.set()
        produced.built.wait()
        found["cut"].append(volumes.seconds(produced.fill))
    for _ in range(RUNS):
        for name, volume in orders.items():
            found[name].append(fill(volume, instance))
part = np.zeros_like(small)
for _ in range(RUNS):
    found["copy_small"].append(min(volumes.seconds(lambda: np.copyto(part, small)) for _ in range(2)))
    with embedded_instance() as instance:
        found["cold"].append(fill(small, instance))
print(json.dumps({"bytes": large.nbytes, "small": small.nbytes, "compiled": compiled, **found}))
