"""Draws and paints in an instance until it is killed, and says on stdout what was acknowledged: of ``test_durable.py``."""

from __future__ import annotations

import json
import sys
from itertools import count

LABEL_SHAPE = (2, 64, 256)
MIB = 2**20


def main(order: dict) -> None:
    """Begin an instance, or come to one, and edit."""
    import voxbeam as rv
    from voxbeam.instance import Instance
    from voxbeam.sidecar import start_sidecar

    if "scene_file" in order:
        process = start_sidecar(store_bytes=64 * MIB, scene_file=order["scene_file"])
        instance = Instance(process.host, process.port, process.token, process=process)
        place = {"sidecar": process.pid, "host": process.host, "port": process.port, "token": process.token}
    else:
        instance, place = Instance(order["host"], order["port"], order["token"]), {}
    labels = instance.labels("tissue", shape=LABEL_SHAPE, dtype="uint8")
    say(place)
    who, turn = order["who"], order["turn"]
    for n in count():
        names = [f"{turn}/{who}/{n}/{k}" for k in range(3)]
        marks = instance.annotations.extend([rv.Point(world=(n, 2, 3), name=f"{name} new") for name in names])
        for mark, name in zip(marks, names, strict=True):
            instance.annotations.update(mark, name=name)
        instance.annotations.flush()
        say({"names": names})
        at, value = (who, turn % 64, n % 256), 1 + n % 250
        labels[at[0] : at[0] + 1, at[1] : at[1] + 1, at[2] : at[2] + 1] = value
        say({"painted": [[at, value]]})


def say(what: dict) -> None:
    """One line, out of this process before anything else is done."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
