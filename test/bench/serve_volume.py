"""Hold a resident volume in an instance of its own, and hand out tickets for it until standard input closes."""

from __future__ import annotations

import json
import sys

import volumes

import voxbeam as rv
from voxbeam.embedded import embedded_instance

with embedded_instance() as instance:
    rv.render_volume(volumes.make(int(sys.argv[1]), "uint16"), instance, name="bench")
    print(json.dumps({"url": f"ws://{instance.host}:{instance.port}/v1/stream", "pid": instance.status()["pid"]}))
    for _ in sys.stdin:
        print(json.dumps({"ticket": instance.ticket("stream", "edit", "loopback")}))
