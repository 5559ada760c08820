"""The points in the order of their bricks, and what the producer sends of them: frames, ranges and boxes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from voxbeam.protocol import DTYPE_CODE, HEADER_BYTES, ErrorCode, FrameError, FrameType, encode_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import BrickKey
    from voxbeam.points.octree import Octree

#: Level, z, y, x, lowest and highest value, low and high corner of the box (z, y, x each).
NodeRow = tuple[int, int, int, int, float, float, int, int, int, int, int, int]
Columns = dict[str, "NDArray[Any]"]


class BrickRows:
    """Columns x, y, z (steps of the box), value, index, p0, p1, …, as on the wire, brick after brick."""

    def __init__(self, tree: Octree, columns: Columns) -> None:
        self.shape = tree.shape
        self._places = tree.places
        self._boxes = tree.boxes
        self._columns = {name: column[tree.order] for name, column in columns.items()}

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return sum(column.nbytes for column in self._columns.values())

    def columns(self, key: BrickKey) -> Columns:
        """The points of a brick: views."""
        start, end = self._places[key]
        return {name: column[start:end] for name, column in self._columns.items()}

    def frame(self, volume: int, key: BrickKey) -> bytes:
        """The BRICK frame of a brick."""
        level, z, y, x = key[:4]
        payload = encode_points(self.columns(key))
        return encode_frame(
            FrameType.BRICK, payload, volume=volume, level=level, dtype=DTYPE_CODE["points"], z=z, y=y, x=x, generation=1
        )

    def ranges(self) -> list[NodeRow]:
        """Values and boxes of all bricks, coarse levels first."""
        keys = sorted(self._places, key=lambda key: (-key.level, *key[1:4]))
        return [(*key[:4], *_range(self.columns(key)["value"]), *self._boxes[key]) for key in keys]


def _range(values: NDArray[np.float32]) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if len(values) else (float("inf"), float("-inf"))


def encode_points(columns: Columns) -> bytes:
    """The payload of a BRICK of points: an Arrow stream of one record batch."""
    names = list(columns)
    types = {name: pa.from_numpy_dtype(columns[name].dtype) for name in names}
    schema = pa.schema(
        [pa.field(name, types[name], nullable=False) for name in names],
        metadata={"p": " " * _padding(tuple((name, str(columns[name].dtype)) for name in names))},
    )
    arrays = [
        pa.Array.from_buffers(types[name], len(columns[name]), [None, pa.py_buffer(np.ascontiguousarray(columns[name]))])
        for name in names
    ]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    payload: bytes = sink.getvalue().to_pybytes()
    return payload


@cache
def _padding(fields: tuple[tuple[str, str], ...]) -> int:
    """Bytes of metadata after which the first column begins at a multiple of 64 bytes of the frame: the columns alone decide."""
    needle = np.full(64, 0x5AC3_96F1, np.uint32).tobytes()
    columns = {name: np.zeros(64, dtype) for name, dtype in fields}
    columns[fields[0][0]] = np.frombuffer(needle, fields[0][1])
    schema_fields = [pa.field(name, pa.from_numpy_dtype(np.dtype(dtype)), nullable=False) for name, dtype in fields]
    for padding in range(64):
        schema = pa.schema(schema_fields, metadata={"p": " " * padding})
        arrays = [pa.Array.from_buffers(f.type, 64, [None, pa.py_buffer(columns[f.name])]) for f in schema_fields]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
        if (HEADER_BYTES + sink.getvalue().to_pybytes().find(needle)) % 64 == 0:
            return padding
    raise AssertionError(f"no padding aligns {fields}")


def decode_points(payload: bytes | memoryview) -> Columns:
    """The columns of a BRICK payload of points whose checksum held.

    Raises
    ------
    FrameError
        4400 where it is not one.
    """
    batch = pa.ipc.open_stream(payload).read_next_batch()
    batch.validate(full=True)
    names = batch.schema.names
    if names[:5] != ["x", "y", "z", "value", "index"]:
        raise FrameError(ErrorCode.BAD_FRAME, f"brick of points with the columns {names}")
    return {name: batch.column(i).to_numpy(zero_copy_only=True) for i, name in enumerate(names)}
