"""Hold a cloud of points in an instance of its own, and hand out addresses of its page until standard input closes."""

from __future__ import annotations

import sys

import numpy as np

import voxbeam as rv
from voxbeam.embedded import embedded_instance

rng = np.random.default_rng(0)
# A sphere of many small points, and one alone in its middle that is known.
shell = rng.normal(size=(40_000, 3))
shell *= 10 / np.linalg.norm(shell, axis=1, keepdims=True)
xyz = np.concatenate([shell, [[0, 0, 0]]])
values = np.concatenate([shell[:, 2], [100]])
with embedded_instance() as instance:
    rv.render_points(
        xyz, values, instance, name="shell", unit="mm", radius=(0.05, 3), window=(-10, 100), properties={"mass": values * 2}
    )
    for _ in sys.stdin:
        print(instance.visualization_server_url, flush=True)
