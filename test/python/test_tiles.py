"""Tiles as a real sidecar cuts them from a real producer's bricks, against NumPy."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from producer_support import SECONDS, noise
from voxbeam.endpoint import Endpoint
from voxbeam.protocol import FrameType, decode_control, encode_control, unpack_frame
from voxbeam.stream import open_stream
from voxel_reference import pyramid

SHARED_SIDECAR = True
EDGE = 128
AXES = {0: (1, 2), 1: (0, 2), 2: (0, 1)}


class TileReader:
    """A viewer that needs tiles only."""

    def __init__(self, sidecar) -> None:
        ticket = Endpoint(sidecar.host, sidecar.port, sidecar.token).ticket("stream", "view", "none")
        self.stream = open_stream(sidecar.host, sidecar.port, ticket)
        self.stream.send(encode_control(FrameType.HELLO, {"kind": "viewer", "client": "tile-reader"}))
        self.plane = 0

    def tile(self, handle: int, frame: dict, level: int, row: int, column: int) -> np.ndarray:
        """The texels of one tile, 130 x 130."""
        self.plane += 1
        message = {"volume": handle, "plane": self.plane, "frame": frame, "keys": [[level, row, column, 0]]}
        self.stream.send(encode_control(FrameType.NEED_TILE, message))
        while True:
            data = self.stream.recv(timeout=SECONDS)
            header, payload = unpack_frame(data)
            if header.type == FrameType.ERROR:
                raise AssertionError(decode_control(payload))
            if header.type != FrameType.TILE:
                continue
            self.stream.send(encode_control(FrameType.CREDIT, {"bytes": len(data)}))
            assert (header.z, header.y, header.x, header.level) == (self.plane, row, column, level)
            table = pa.ipc.open_stream(payload).read_all()
            table.validate(full=True)
            return table["voxels"].to_numpy().reshape(EDGE + 2, EDGE + 2)


@pytest.fixture
def tiles(sidecar):
    reader = TileReader(sidecar)
    yield reader
    reader.stream.close()


def axis_frame(axis: int, position: float) -> dict:
    """The plane normal to an axis, its texels on the voxels."""
    origin = [-0.5] * 3
    origin[axis] = position
    v, u = AXES[axis]
    return {"origin": origin, "u": [float(i == u) for i in range(3)], "v": [float(i == v) for i in range(3)]}


def padded(plane: np.ndarray, row: int, column: int) -> np.ndarray:
    """What a tile of a plane of voxels holds: its border, and the outermost voxels again beyond the edge."""
    rows = np.clip(np.arange(row * EDGE - 1, row * EDGE + EDGE + 1), 0, plane.shape[0] - 1)
    columns = np.clip(np.arange(column * EDGE - 1, column * EDGE + EDGE + 1), 0, plane.shape[1] - 1)
    return plane[np.ix_(rows, columns)]


@pytest.mark.parametrize(("dtype", "kind"), [("uint8", "image"), ("uint16", "image"), ("float32", "image"), ("uint16", "labels")])
def test_planes_across_every_axis_are_the_arrays(producer, tiles, dtype, kind):
    array = noise((150, 140, 200)).astype(dtype)
    volume = producer.declare(array, kind=kind)
    volume.fill(timeout=SECONDS)
    for level, voxels in enumerate(pyramid(array, kind)[:2]):
        for axis in range(3):
            index = voxels.shape[axis] * 2 // 3
            plane = voxels.take(index, axis)
            frame = axis_frame(axis, (index + 0.5) * 2**level - 0.5)
            for row in range(-(-plane.shape[0] // EDGE)):
                for column in range(-(-plane.shape[1] // EDGE)):
                    texels = tiles.tile(volume.handle, frame, level, row, column)
                    np.testing.assert_array_equal(texels, padded(plane, row, column))


def test_slabs_are_numpys_mean_maximum_and_minimum(producer, tiles):
    array = noise((150, 140, 90))
    volume = producer.declare(array)
    for mode in ("mean", "max", "min"):
        for axis in range(3):
            middle = array.shape[axis] // 2
            slab = array.take(range(middle - 3, middle + 4), axis).astype(np.float64)
            expected = getattr(slab, mode)(axis)
            along = [float(i == axis) for i in range(3)]
            frame = axis_frame(axis, middle) | {"slab": {"along": along, "thickness": 7, "mode": mode}}
            texels = tiles.tile(volume.handle, frame, 0, 0, 0)
            np.testing.assert_array_equal(texels, padded(np.floor(expected + 0.5).astype(np.uint16), 0, 0))
