"""A viewer in a process of its own: reads the bricks that it is told of and says when each came, and what it holds.

One line of JSON in, ``{"volume", "groups": [keys], "after"}``: the groups are read in turn, so many seconds from now.
One out, ``{"began", "bricks": [[key, when on the monotonic clock, seconds, CRC-32 of the voxels]], "errors"}``.
"""

from __future__ import annotations

import json
import sys
import time
import zlib
from typing import TYPE_CHECKING

from brick_reader import BrickReader
from voxbeam.geometry import BrickKey

if TYPE_CHECKING:
    from voxbeam.sidecar import SidecarProcess


class _Place:
    """Where a sidecar is."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self.host, self.port, self.token = host, port, token


def main() -> None:
    place: SidecarProcess = _Place(sys.argv[1], int(sys.argv[2]), sys.stdin.readline().strip())  # type: ignore[assignment]
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        reader = BrickReader(place)  # one that waited for lines would answer no pings meanwhile
        time.sleep(order.get("after", 0))
        found = []
        began = time.monotonic()
        for group in order["groups"]:
            keys = [BrickKey(*key) for key in group]
            for key in keys:
                reader.bricks.pop((order["volume"], key), None)
            start = time.monotonic()
            for key, (_, voxels) in reader.read(order["volume"], keys).items():
                found.append([list(key), time.monotonic(), time.monotonic() - start, zlib.crc32(voxels.tobytes())])
        print(json.dumps({"began": began, "bricks": found, "errors": reader.errors}), flush=True)
        reader.close()


main()
