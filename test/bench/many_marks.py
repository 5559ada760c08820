"""An instance with a hundred thousand points and ten thousand boxes that Python added, beside the bare document that takes as many texts."""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from pycrdt import Doc, Map

import voxbeam as rv
from voxbeam.embedded import embedded_instance

RUNS, POINTS, BOXES = (int(n) for n in sys.argv[1:4])
SIDE = 64
rng = np.random.default_rng(3)
z, y, x = np.ogrid[:SIDE, :SIDE, :SIDE]
ball = (60000 * np.exp(-((z - 30) ** 2 + (y - 31) ** 2 + (x - 33) ** 2) / 400)).astype("u2")


def marks() -> list[rv.Annotation]:
    """Points and boxes all over the volume; in its middle there are none, so that one that is put there can be taken hold of."""
    points = rng.uniform(0, SIDE - 1, (POINTS, 3))
    points[:, 0] += np.where(abs(points[:, 0] - SIDE / 2) < 6, 12, 0)
    lows = rng.uniform(0, SIDE - 9, (BOXES, 3))
    lows[:, 0] = rng.uniform(0, 12, BOXES)
    highs = lows + rng.uniform(1, 8, lows.shape)
    made: list[rv.Annotation] = [rv.Point(voxel=tuple(p), name=f"point {i}") for i, p in enumerate(points.tolist())]
    return made + [rv.Box(tuple(a), tuple(b), name=f"box {i}") for i, (a, b) in enumerate(zip(lows.tolist(), highs.tolist(), strict=True))]


def seconds(work: object) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def bare(rows: list[dict[str, object]]) -> None:
    """As many rows as texts in a map of the document's library, in as many transactions: without ids, times, colours, checks, and nobody to send it to."""
    doc: Doc[object] = Doc()
    doc["rows"] = Map()
    for at in range(0, len(rows), 4096):
        with doc.transaction():
            doc["rows"].update({str(at + i): json.dumps(row) for i, row in enumerate(rows[at : at + 4096])})
        doc.get_update()


def heard_after(listen: object, edit: object, count: int) -> list[float]:
    """Seconds from asking for each edit in one kernel to the callback in another."""
    heard, times = threading.Event(), []
    listen(lambda _: heard.set())
    for i in range(count):
        heard.clear()
        began = time.perf_counter()
        edit(i)
        if not heard.wait(30):
            raise TimeoutError("nothing was heard")
        times.append(time.perf_counter() - began)
        time.sleep(0.01)
    return times


found: dict[str, list[float]] = {name: [] for name in ("add", "kept", "bare", "read", "update", "clear", "point", "dab")}
with tempfile.TemporaryDirectory() as folder:
    for run in range(RUNS):
        with embedded_instance(Path(folder) / f"{run}.vxscene") as instance:
            rv.render_volume(ball, instance, name="ball", unit="mm")
            annotations = instance.annotations
            new = marks()
            found["add"].append(seconds(lambda: annotations.extend(new)))
            found["kept"].append(seconds(lambda: annotations.flush(60)))
            found["read"].append(seconds(lambda: len(annotations)))
            rows = [{"kind": a.kind, "name": a.name, "color": a.color, "coords": a.coords(), "created": a.created, "author": a.author} for a in annotations]
            found["bare"].append(seconds(lambda: bare(rows)))
            one = annotations[POINTS // 2].id
            found["update"] += [seconds(lambda: annotations.update(one, voxel=(1, 2, i))) for i in range(20)]
            found["clear"].append(seconds(annotations.clear))
    with embedded_instance(Path(folder) / "page.vxscene") as instance:
        rv.render_volume(ball, instance, name="ball", unit="mm")
        other = rv.attach(instance.address)
        mine, theirs = (one.labels("heard", shape=(SIDE, SIDE, SIDE)) for one in (instance, other))
        point = instance.annotations.add(rv.Point(voxel=(0, 0, 0)))
        found["point"] = heard_after(other.annotations.on_change, lambda i: instance.annotations.update(point, voxel=(1, 2, i)), 200)
        found["dab"] = heard_after(theirs.on_change, lambda i: mine.paint((32, 32, 20 + i % 24), 16, 1 + i % 9), 100)
        instance.annotations.clear()
        mine[:] = 0
        other.close()
        middle = (SIDE // 2, SIDE // 2, SIDE // 2)
        instance.annotations.add(rv.Point(voxel=middle, name="seed"))
        print(json.dumps({"empty": instance.visualization_server_url, **found}), flush=True)
        sys.stdin.readline()
        instance.annotations.clear()
        print(json.dumps({"url": instance.visualization_server_url}), flush=True)
        sys.stdin.readline()
        instance.annotations.extend(marks())
        seed = instance.annotations.add(rv.Point(voxel=middle, name="seed"))
        instance.annotations.flush(60)
        while True:
            told = {"url": instance.visualization_server_url, "seed": instance.annotations[seed.id].world, "count": len(instance.annotations)}
            print(json.dumps(told), flush=True)
            if not sys.stdin.readline():
                break
