"""Time of `render_volume` until the volume is resident, beside a copy of the same array between warm memory."""

from __future__ import annotations

import json
import sys

import numpy as np
import volumes

import voxbeam as rv
from voxbeam.embedded import embedded_instance

SIDE, RUNS = int(sys.argv[1]), int(sys.argv[2])


volume = volumes.make(SIDE, "uint16")
target = np.zeros_like(volume)
copies, cold, warm = [], [], []
for _ in range(RUNS):
    copies.append(min(volumes.seconds(lambda: np.copyto(target, volume)) for _ in range(3)))
    with embedded_instance() as instance:
        cold.append(volumes.seconds(lambda: rv.render_volume(volume, instance, name="volume")))
        volume[0, 0, 0] += 1  # other voxels: nothing in the store can be used again
        warm.append(volumes.seconds(lambda: rv.render_volume(volume, instance, name="volume")))
print(json.dumps({"bytes": volume.nbytes, "copy": copies, "cold": cold, "warm": warm}))
