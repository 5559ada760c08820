"""Hold a volume in an instance of its own; print an address of its page, and then for each line of standard input its annotations and labels.

A line that holds a number adds as many points first, all over the volume but not near its middle, where one more is.
"""

from __future__ import annotations

import json
import sys

import numpy as np

import voxbeam as rv
from voxbeam.embedded import embedded_instance

z, y, x = np.ogrid[:64, :64, :64]
distance = np.hypot(np.hypot(z - 31.5, y - 31.5), x - 31.5)
ball = (1000 * (distance < 24) + 10 * x).astype("u2")
rng = np.random.default_rng(5)


def crowd(count: int) -> list[rv.Annotation]:
    places = rng.uniform(0, 63, (count, 3))
    places[:, 0] += np.where(abs(places[:, 0] - 32) < 8, 16, 0)
    return [rv.Point(voxel=tuple(one)) for one in np.clip(places, 0, 63).tolist()]


with embedded_instance() as instance:
    rv.render_volume(ball, instance, name="ball", unit="mm")
    print(instance.visualization_server_url, flush=True)
    for line in sys.stdin:
        if line.strip():
            instance.annotations.clear()
            instance.annotations.extend(crowd(int(line)))
            instance.annotations.add(rv.Point(voxel=(32, 32, 32), name="seed", color="#ff00ff"))
        painted = {}
        for name, volume in instance.volumes.items():
            if volume.description.editable:
                labels = np.asarray(instance.labels(name))
                painted[name] = [int((labels > 0).sum()), np.argwhere(labels > 0).mean(axis=0).tolist() if labels.any() else None]
        marks = [[one.kind, one.name, list(np.ravel(one.coords()))] for one in instance.annotations]
        print(json.dumps({"marks": marks if len(marks) < 100 else marks[-1:], "painted": painted}, default=float), flush=True)
