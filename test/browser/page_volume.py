"""Hold a block in air in an instance of its own, and hand out addresses of its page until standard input closes."""

from __future__ import annotations

import sys

import numpy as np

import voxbeam as rv
from voxbeam.embedded import embedded_instance

volume = np.zeros((80, 80, 80), "uint8")
volume[10:70, 10:70, 10:70] = 220
with embedded_instance() as instance:
    rv.render_volume(volume, instance, name="block", unit="mm", origin=(0, 0, 0))
    for _ in sys.stdin:
        print(instance.visualization_server_url, flush=True)
