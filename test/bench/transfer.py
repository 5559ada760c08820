"""An array shown from memory of its own and from memory that the server looks into; a part of a volume that changes."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import volumes

import voxbeam as rv
from voxbeam.embedded import embedded_instance
from voxbeam.geometry import brick_keys
from voxbeam.protocol import brick_template

SIDE, RUNS = int(sys.argv[1]), int(sys.argv[2])


volumes.machine_code()
volume = volumes.make(SIDE, "uint16")
floats = volumes.make(SIDE, "float32")
coarse = sum(1 for key in brick_keys(volume.shape) if key.level)
target = np.zeros_like(volume)
shared_volume = rv.share(volume)
copies, plain, shared, wide = [], [], [], []
moved = 0
for _ in range(RUNS):
    copies.append(min(volumes.seconds(lambda: np.copyto(target, volume)) for _ in range(3)))
    with embedded_instance() as instance:
        plain.append(volumes.seconds(lambda: rv.render_volume(volume, instance, name="plain")))
        wide.append(volumes.seconds(lambda: rv.render_volume(floats, instance, name="plain")))
        before = instance.status()["stored_bytes"]
        shared.append(volumes.seconds(lambda: rv.render_volume(shared_volume, instance, name="shared")))
        moved = max(moved, instance.status()["stored_bytes"] - before)

updates, touched = [], []
with embedded_instance() as instance:
    scan = rv.growing(volume.shape, "uint16", window=(0, 1))
    scan[...] = volume
    produced = instance.producer.declare(scan)
    while not (produced.built.is_set() and produced.updater.idle):
        time.sleep(0.01)
    box = ((64, 128),) * 3
    part, place = volume[:192, :192, :192], np.zeros((192, 192, 192), np.uint16)
    for _ in range(4 * RUNS):
        touched.append(volumes.seconds(lambda: np.copyto(place, part)))
        updates.append(volumes.seconds(lambda: produced.updater._update([box])))  # what a change costs, without the wait for the next
print(
    json.dumps(
        {
            "bytes": volume.nbytes, "copy": copies, "floats": wide, "float_bytes": floats.nbytes,
            "finest": moved - coarse * brick_template("u16").frame_bytes, "plain": plain, "shared": shared, "moved": moved, "updates": updates, "touched": touched,
        },
    ),
)
