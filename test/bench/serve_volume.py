"""Hold a resident volume in an instance of its own, and hand out tickets for it until standard input closes.

With ``{"deaf": true}`` there is a viewer that reads nothing beside the one that the ticket is for.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import volumes

import voxbeam as rv
from voxbeam.embedded import embedded_instance
from voxbeam.geometry import brick_keys
from voxbeam.protocol import FrameType, decode_control, encode_control, unpack_frame
from voxbeam.stream import open_stream

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

    from voxbeam.instance import Instance


def reads_nothing(instance: Instance) -> ClientConnection:
    """Open a viewer's connection that needs every brick and leaves what comes unread, but for the first few messages."""
    stream = open_stream(instance.host, instance.port, instance.ticket("stream", "view", "none"))
    stream.send(encode_control(FrameType.HELLO, {"kind": "viewer", "client": "deaf"}))
    welcome = decode_control(unpack_frame(stream.recv())[1])
    volume = welcome["volumes"][0]
    keys = [[*key[:4], 1.0] for key in brick_keys(tuple(volume["description"]["shape"])) if key.level == 0]
    stream.send(encode_control(FrameType.NEED, {"volume": volume["volume"], "keys": keys}))
    time.sleep(0.5)  # until its sockets hold what they can: that is traffic like any other
    return stream


with embedded_instance() as instance:
    rv.render_volume(volumes.make(int(sys.argv[1]), "uint16"), instance, name="bench")
    print(json.dumps({"url": f"ws://{instance.host}:{instance.port}/v1/stream", "pid": instance.status()["pid"]}))
    deaf = None
    for line in sys.stdin:
        order = json.loads(line)
        if deaf is not None:
            deaf.close_socket()
            deaf = None
        if order.get("deaf"):
            deaf = reads_nothing(instance)
        print(json.dumps({"ticket": instance.ticket("stream", "edit", "loopback")}))
