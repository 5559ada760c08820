"""The wire: the mirror of ``src/protocol``, whose README is the specification. Pure: nothing here sends or receives."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
from xxhash import xxh32_intdigest

from voxbeam.errors import VoxbeamError
from voxbeam.frame_type import ErrorCode as ErrorCode  # noqa: PLC0414  theirs is one page of names
from voxbeam.frame_type import FrameType as FrameType  # noqa: PLC0414
from voxbeam.geometry import STORED_EDGE, STORED_VOXELS, BrickKey

if TYPE_CHECKING:
    from collections.abc import Iterable

PROTOCOL_VERSION = 1
SUBPROTOCOL = "vxb.1"
TICKET_SUBPROTOCOL_PREFIX = "vxb.ticket."
MAX_FRAME_BYTES = 8 * 2**20
MAX_CONTROL_BYTES = 2**20
MAX_NEED_KEYS = 4096
MAX_AXIS = 2**31
MAX_LEVELS = 26
MAX_TIMES = 2**20
MAX_LABEL_IDS = 4096
MAX_NAME_CHARS = 200
MAX_PATH_POINTS = 16_384
MAX_PROPS = 64
MAX_PROP_CHARS = 4096
MAX_WORDS_CHARS = 2000
MAX_PRESENCE_BYTES = 8192
PRESENCE_EXPIRY_MS = 30_000
POINT_STEPS = 2**30
MAX_POINT_ROWS = 14_336
MAX_POINT_PROPERTIES = 16
MAX_EDIT_VOXELS = 2**28
MAX_RANGE_BRICKS = 2048
MAX_INTERPOLATED_TEXELS = 2**23
MAX_COUNTED_LABELS = 16_384
MAX_READ_VOXELS = 2**24
MAX_TAIL_BYTES = 64 * 2**20
MAX_EDIT_RUNS = 2**22
MAX_STROKE_POINTS = 4096
MAX_POLYGON_POINTS = 16_384
MAX_STROKE_RADIUS = 512
MAX_SUPERVOXEL_SEEDS = 1024
MAX_CELL_EDGE = 64
MAX_CELL_VOXELS = 2**15
MAX_REGION_BOXES = 4096
MAX_LABEL_REQUESTS = 1024
DEFAULT_CREDIT_BYTES = 16 * 2**20
MAX_CREDIT_BYTES = 64 * 2**20
HEARTBEAT_MS = 10_000

HEADER_BYTES = 64
MAGIC = b"VXB1"
PREVIEW = 1
"""Bit of the header's flags: the voxels are a strided preview."""
CONSTANT = 2
"""Bit of the header's flags: all voxels are the same, and the payload is one of them."""
LOSSY = 8
"""Bit of the header's flags: 8 bits a voxel, to be looked at. Only viewers that ask for it are sent such; here none does."""

DTYPE_CODE = {"u8": 1, "u16": 2, "u32": 3, "f32": 4, "points": 5}
NUMPY_DTYPE: dict[str, np.dtype[Any]] = {
    "u8": np.dtype("<u1"),
    "u16": np.dtype("<u2"),
    "u32": np.dtype("<u4"),
    "f32": np.dtype("<f4"),
}
#: Bytes of the store that one brick's frame takes.
SLOT_BYTES = {"u8": 290_816, "u16": 2 * 290_816, "u32": 4 * 290_816, "f32": 4 * 290_816, "points": 290_816}

_HEADER = struct.Struct("<4sHBBIBBHIIIIIII16xI")
_CHECKED_HEADER_BYTES = HEADER_BYTES - 4


class FrameError(VoxbeamError):
    """Why a frame was refused; `code` is one of `ErrorCode`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Header:
    """The fields of a frame's header. Those that do not belong to its type are 0."""

    type: int
    flags: int = 0
    volume: int = 0
    level: int = 0
    dtype: int = 0
    z: int = 0
    y: int = 0
    x: int = 0
    generation: int = 0
    payload_bytes: int = 0
    checksum: int = 0
    time: int = 0

    @property
    def key(self) -> BrickKey:
        """The brick that the frame carries."""
        return BrickKey(self.level, self.z, self.y, self.x, self.time)


def pack_header(header: Header, out: memoryview | bytearray | None = None) -> bytes | memoryview | bytearray:
    """The 64 bytes of `header` with its own checksum, written to the start of `out` where that is given."""
    target = bytearray(HEADER_BYTES) if out is None else out
    h = header
    fields = (MAGIC, PROTOCOL_VERSION, h.type, h.flags, h.volume, h.level, h.dtype, 0, h.z, h.y, h.x)
    _HEADER.pack_into(target, 0, *fields, h.generation, h.payload_bytes, h.checksum, h.time, 0)
    own = xxh32_intdigest(memoryview(target)[:_CHECKED_HEADER_BYTES])
    struct.pack_into("<I", target, _CHECKED_HEADER_BYTES, own)
    return bytes(target) if out is None else out


def encode_frame(frame_type: int, payload: bytes, **fields: int) -> bytes:
    """A frame of `frame_type` around `payload`; `fields` are further fields of the header."""
    header = Header(type=frame_type, payload_bytes=len(payload), checksum=xxh32_intdigest(payload), **fields)
    return bytes(pack_header(header)) + payload


def unpack_header(frame: bytes | memoryview) -> Header:
    """Reads and checks the header of a whole frame: size, magic, version, header checksum, type, length.

    Raises
    ------
    FrameError
        With code 4400 (bad frame), 4409 (version) or 4413 (too large).
    """
    size = len(frame)
    if size > MAX_FRAME_BYTES:
        raise FrameError(ErrorCode.TOO_LARGE, f"frame of {size} bytes; the limit is {MAX_FRAME_BYTES}")
    if size < HEADER_BYTES:
        raise FrameError(ErrorCode.BAD_FRAME, f"frame of {size} bytes; a header alone has {HEADER_BYTES}")
    magic, version, kind, *fields, length, checksum, time, own = _HEADER.unpack_from(frame)
    if magic != MAGIC:
        raise FrameError(ErrorCode.BAD_FRAME, f"magic {magic!r}; expected {MAGIC!r}")
    if version != PROTOCOL_VERSION:
        text = f"protocol version {version}; this side speaks {PROTOCOL_VERSION}: update the older one"
        raise FrameError(ErrorCode.VERSION, text)
    if own != xxh32_intdigest(memoryview(frame)[:_CHECKED_HEADER_BYTES]):
        raise FrameError(ErrorCode.BAD_FRAME, "header checksum differs")
    if kind not in FrameType._value2member_map_:
        raise FrameError(ErrorCode.BAD_FRAME, f"unknown frame type {kind}")
    if HEADER_BYTES + length != size:
        text = f"header says {length} payload bytes; the frame holds {size - HEADER_BYTES}"
        raise FrameError(ErrorCode.BAD_FRAME, text)
    flags, volume, level, dtype, _, z, y, x, generation = fields
    return Header(kind, flags, volume, level, dtype, z, y, x, generation, length, checksum, time)


def unpack_frame(frame: bytes | memoryview) -> tuple[Header, memoryview]:
    """Header and payload (a view) of a whole frame, after all checks, the payload's checksum last.

    Raises
    ------
    FrameError
        Where any of the checks fails; `code` says which kind.
    """
    header = unpack_header(frame)
    payload = memoryview(frame)[HEADER_BYTES:]
    found = xxh32_intdigest(payload)
    if found != header.checksum:
        raise FrameError(ErrorCode.BAD_FRAME, f"payload checksum {found}; the header says {header.checksum}")
    return header, payload


def encode_control(frame_type: int, message: dict[str, Any]) -> bytes:
    """A control frame with `message` as its JSON payload."""
    payload = json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    if len(payload) > MAX_CONTROL_BYTES:
        text = f"control message of {len(payload)} bytes; the limit is {MAX_CONTROL_BYTES}"
        raise FrameError(ErrorCode.TOO_LARGE, text)
    return encode_frame(frame_type, payload)


def decode_control(payload: bytes | memoryview) -> dict[str, Any]:
    """The message in a control frame's payload.

    Raises
    ------
    FrameError
        4413 where it is too large, 4400 where it is not a JSON object.
    """
    if len(payload) > MAX_CONTROL_BYTES:
        text = f"control message of {len(payload)} bytes; the limit is {MAX_CONTROL_BYTES}"
        raise FrameError(ErrorCode.TOO_LARGE, text)
    try:
        message = json.loads(bytes(payload))
    except ValueError as error:
        raise FrameError(ErrorCode.BAD_FRAME, f"control message is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise FrameError(ErrorCode.BAD_FRAME, f"control message is a {type(message).__name__}; expected an object")
    return message


def encode_head_tail(frame_type: int, head: dict[str, Any], tail: bytes = b"") -> bytes:
    """An EDIT or REGION frame: the length of the head in 4 bytes, the head as JSON, the tail."""
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    if len(text) > MAX_CONTROL_BYTES:
        raise FrameError(ErrorCode.TOO_LARGE, f"head of {len(text)} bytes; the limit is {MAX_CONTROL_BYTES}")
    payload = struct.pack("<I", len(text)) + text + tail
    if HEADER_BYTES + len(payload) > MAX_FRAME_BYTES:
        size = HEADER_BYTES + len(payload)
        raise FrameError(ErrorCode.TOO_LARGE, f"frame of {size} bytes; the limit is {MAX_FRAME_BYTES}")
    return encode_frame(frame_type, payload)


def decode_head_tail(payload: bytes | memoryview) -> tuple[dict[str, Any], memoryview]:
    """Head and tail (a view) of the payload of an EDIT or REGION frame.

    Raises
    ------
    FrameError
        4413 where the head is too large, 4400 where the payload is cut short or the head is not a JSON object.
    """
    view = memoryview(payload)
    if len(view) < 4:
        raise FrameError(ErrorCode.BAD_FRAME, f"payload of {len(view)} bytes; a head's length alone has 4")
    (size,) = struct.unpack_from("<I", view)
    if size > MAX_CONTROL_BYTES:
        raise FrameError(ErrorCode.TOO_LARGE, f"head of {size} bytes; the limit is {MAX_CONTROL_BYTES}")
    if 4 + size > len(view):
        text = f"head of {size} bytes; the payload has {len(view) - 4} after its length"
        raise FrameError(ErrorCode.BAD_FRAME, text)
    return decode_control(view[4 : 4 + size]), view[4 + size :]


class BrickTemplate(NamedTuple):
    """What surrounds the voxels of a BRICK frame: a constant of the stored dtype."""

    prefix: bytes
    suffix: bytes
    voxels_offset: int
    frame_bytes: int


def _voxel_stream(dtype: np.dtype[Any], rows: int, padding: int) -> bytes:
    """An Arrow stream of `rows` voxels of value 1, with `padding` bytes of schema metadata."""
    arrow_type = pa.from_numpy_dtype(dtype)
    schema = pa.schema([pa.field("voxels", arrow_type, nullable=False)], metadata={"p": " " * padding})
    array = pa.Array.from_buffers(arrow_type, rows, [None, pa.py_buffer(np.ones(rows, dtype))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays([array], schema=schema))
    stream: bytes = sink.getvalue().to_pybytes()
    return stream


@cache
def brick_template(dtype: str) -> BrickTemplate:
    """The Arrow bytes before and after the voxels of a brick of stored `dtype`.

    The schema metadata is padded until the voxels begin at a multiple of 64 bytes of the frame. How long the metadata
    is does not depend on the number of rows, so the padding is found with few of them.

    Notes
    -----
    ``frame = header + prefix + voxels + suffix``; `voxels_offset` counts from the start of the frame.
    """
    numpy_dtype = NUMPY_DTYPE[dtype]
    few = np.ones(64, numpy_dtype)
    for padding in range(64):
        start = _voxel_stream(numpy_dtype, few.size, padding).find(few.tobytes())
        if (HEADER_BYTES + start) % 64 == 0:
            stream = _voxel_stream(numpy_dtype, STORED_VOXELS, padding)
            suffix = stream[start + STORED_VOXELS * numpy_dtype.itemsize :]
            return BrickTemplate(stream[:start], suffix, HEADER_BYTES + start, HEADER_BYTES + len(stream))
    raise AssertionError(f"no padding aligns the voxels of {dtype}")


RANGES_SCHEMA = pa.schema(
    [
        pa.field("level", pa.uint8(), nullable=False),
        *(pa.field(axis, pa.uint32(), nullable=False) for axis in "zyx"),
        pa.field("min", pa.float32(), nullable=False),
        pa.field("max", pa.float32(), nullable=False),
    ],
)

#: Of points, which also tell where a brick with all finer ones under it is.
POINT_RANGES_SCHEMA = pa.schema(
    [*RANGES_SCHEMA, *(pa.field(f"{axis}{end}", pa.uint32(), nullable=False) for end in "01" for axis in "zyx")],
)

_RANGES_NUMPY = {pa.uint8(): np.uint8, pa.uint32(): np.uint32, pa.float32(): np.float32}


def encode_ranges(rows: Iterable[tuple[float, ...]]) -> bytes:
    """The payload of a RANGES frame: rows of level, z, y, x, min, max; min > max where nothing is finite.

    Rows of points have six more numbers: low z, y, x and high z, y, x of the brick's box.
    """
    columns = list(zip(*rows, strict=True)) or [()] * len(RANGES_SCHEMA)
    schema = RANGES_SCHEMA if len(columns) == len(RANGES_SCHEMA) else POINT_RANGES_SCHEMA
    with np.errstate(over="ignore"):
        arrays = [_column(values, field.type) for values, field in zip(columns, schema, strict=True)]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    payload: bytes = sink.getvalue().to_pybytes()
    return payload


def _column(values: Iterable[float], arrow_type: pa.DataType) -> pa.Array:
    """The values as Arrow; ``pa.array`` would first import pandas, which takes longer than everything else before a picture."""
    column = np.array(values, dtype=_RANGES_NUMPY[arrow_type])
    return pa.Array.from_buffers(arrow_type, len(column), [None, pa.py_buffer(column)])


def decode_ranges(payload: bytes | memoryview) -> list[tuple[int, int, int, int, float, float]]:
    """The rows of a RANGES payload whose checksum held."""
    table = pa.ipc.open_stream(payload).read_all()
    table.validate(full=True)
    return list(zip(*(table[name].to_pylist() for name in RANGES_SCHEMA.names), strict=True))


def decode_brick(header: Header, payload: bytes | memoryview) -> np.ndarray[Any, Any]:
    """The voxels of a BRICK payload whose checksum held: 66³ in z, y, x order, a view of `payload`.

    Raises
    ------
    FrameError
        4400 where the payload is not what its header says.
    """
    name = next((name for name, code in DTYPE_CODE.items() if code == header.dtype), None)
    if header.flags & LOSSY:
        raise FrameError(ErrorCode.BAD_FRAME, "brick of 8 bits a voxel, which was not asked for")
    if header.flags & CONSTANT:
        return _constant_brick(name, payload)
    batch = pa.ipc.open_stream(payload).read_next_batch()
    batch.validate(full=True)
    if name is None or batch.schema.names != ["voxels"] or batch.num_rows != STORED_VOXELS:
        text = f"brick of dtype {header.dtype} with {batch.num_rows} rows of {batch.schema.names}"
        raise FrameError(ErrorCode.BAD_FRAME, text)
    voxels: np.ndarray[Any, Any] = batch.column(0).to_numpy(zero_copy_only=True)
    if voxels.dtype != NUMPY_DTYPE[name]:
        raise FrameError(ErrorCode.BAD_FRAME, f"brick of {voxels.dtype}; the header says {name}")
    return voxels.reshape(STORED_EDGE, STORED_EDGE, STORED_EDGE)


def _constant_brick(name: str | None, payload: bytes | memoryview) -> np.ndarray[Any, Any]:
    """66³ voxels of one value, which takes the memory of one."""
    dtype = NUMPY_DTYPE.get(name or "")
    if dtype is None or len(payload) != dtype.itemsize:
        raise FrameError(ErrorCode.BAD_FRAME, f"constant payload of {len(payload)} bytes for a brick of dtype {name}")
    return np.broadcast_to(np.frombuffer(payload, dtype), (STORED_EDGE, STORED_EDGE, STORED_EDGE))
