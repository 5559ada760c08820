"""Add points, wait for the page's answers; and the same number of messages over a bare relay."""

from __future__ import annotations

import json
import sys
import threading
import time

from websockets.sync.client import connect

import voxbeam as rv
from voxbeam.embedded import embedded_instance

ROUNDS = int(sys.argv[1])


def commands() -> dict:
    return json.loads(sys.stdin.readline())


with embedded_instance() as instance:
    heard: dict[str, float] = {}
    fresh = threading.Condition()

    def on_change(events: list[rv.AnnotationEvent]) -> None:
        with fresh:
            for event in events:
                heard.setdefault(event.annotation.name, time.perf_counter())
            fresh.notify_all()

    instance.annotations.on_change(on_change)
    print(json.dumps({"url": f"ws://{instance.host}:{instance.port}/v1/stream", "ticket": instance.ticket("stream", "edit", "loopback")}))
    commands()
    ours = []
    for index in range(ROUNDS):
        began = time.perf_counter()
        instance.annotations.add(rv.Point(name=f"ping-{index}", world=(1.0, 2.0, float(index))))
        with fresh:
            if not fresh.wait_for(lambda: f"pong-{index}" in heard, timeout=10):  # noqa: B023
                sys.exit(f"no answer to ping-{index} within 10 s")
        ours.append(heard[f"pong-{index}"] - began)
        instance.annotations.clear()
    print(json.dumps({"done": True}))
    bare = []
    with connect(commands()["relay"], compression=None) as socket:
        print(json.dumps({"joined": True}))
        commands()
        for _ in range(ROUNDS):
            began = time.perf_counter()
            socket.send(bytes(256))
            socket.recv(timeout=10)
            bare.append(time.perf_counter() - began)
    print(json.dumps({"ours": ours, "bare": bare}))
