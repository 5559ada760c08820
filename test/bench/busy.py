"""A volume larger than its store, in a kernel that computes when it is told to: one line of JSON in, one out.

``{}`` gives a ticket. ``{"busy": "loop"}`` computes in Python, ``{"busy": "held"}`` in C code that keeps the interpreter, both for the seconds given.
"""

from __future__ import annotations

import ctypes
import json
import sys
import time

import volumes

import voxbeam as rv
from voxbeam.embedded import embedded_instance


def loop(seconds: float) -> None:
    end, total = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for i in range(1000):
            total += i


volumes.machine_code()
rv.configure(store_bytes=96 * 2**20)
volume = volumes.make(int(sys.argv[1]), "uint16")
with embedded_instance() as instance:
    producer = instance.producer
    produced = producer.declare(volume, name="bench")
    produced.built.wait()
    while producer.helper.heard == 0 and producer.helper.refused is None:
        time.sleep(0.05)
    print(json.dumps({"url": f"ws://{instance.host}:{instance.port}/v1/stream", "refused": producer.helper.refused}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "busy" not in order:
            print(json.dumps({"ticket": instance.ticket("stream", "edit", "loopback")}), flush=True)
            continue
        print(json.dumps({"busy": order["busy"]}), flush=True)
        if order["busy"] == "loop":
            loop(order["seconds"])
        elif order["busy"] == "held":
            ctypes.PyDLL(None).usleep(int(order["seconds"] * 1e6))
        print(json.dumps({"over": order["busy"]}), flush=True)
