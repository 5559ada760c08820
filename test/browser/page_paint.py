"""Hold a volume in an instance of its own; print an address of its page, and then for each line on standard input what has been painted: also at the voxel that it names."""

from __future__ import annotations

import json
import sys

import numpy as np
from scipy import ndimage

import voxbeam as rv
from voxbeam.embedded import embedded_instance

z, y, x = np.ogrid[:64, :64, :64]
inside = np.hypot(np.hypot(z - 31.5, y - 31.5), x - 31.5) < 24
ball = ((40 * x + 1000) * inside if "alone" in sys.argv else 40 * x + 1000 * inside).astype("u2")
with embedded_instance() as instance:
    rv.render_volume(ball, instance, name="ball", unit="mm")
    print(instance.visualization_server_url, flush=True)
    for line in sys.stdin:
        voxel = tuple(int(n) for n in line.split())
        painted = {}
        for name, volume in instance.volumes.items():
            if volume.description.editable:
                labels = np.asarray(instance.labels(name))
                planes = np.flatnonzero(labels.any(axis=(1, 2)))
                values = ball[labels == 3]
                painted[name] = {
                    "labels": np.bincount(labels.ravel(), minlength=4).tolist(), "planes": planes.tolist(),
                    "values": [int(values.min()), int(values.max())] if values.size else None,
                    "parts": ndimage.label(labels == 3)[1],
                    "there": int(labels[voxel]) if voxel else None,
                    "classes": {str(label): [one.name, one.color] for label, one in instance.labels(name).classes.items()},
                }
        print(json.dumps(painted), flush=True)
