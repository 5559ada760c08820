"""Frames, templates and payloads, without a socket."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from voxbeam.geometry import STORED_VOXELS
from voxbeam.protocol import (
    HEADER_BYTES,
    MAX_CONTROL_BYTES,
    MAX_FRAME_BYTES,
    NUMPY_DTYPE,
    SLOT_BYTES,
    FrameError,
    FrameType,
    Header,
    brick_template,
    decode_control,
    decode_ranges,
    encode_control,
    encode_frame,
    encode_ranges,
    pack_header,
    unpack_frame,
)


@pytest.mark.parametrize("stored", NUMPY_DTYPE)
def test_a_template_around_any_voxels_is_a_valid_arrow_stream(stored):
    template, dtype = brick_template(stored), NUMPY_DTYPE[stored]
    voxels = np.random.default_rng(1).integers(0, 250, STORED_VOXELS).astype(dtype)
    payload = template.prefix + voxels.tobytes() + template.suffix
    assert template.voxels_offset % 64 == 0
    assert template.voxels_offset == HEADER_BYTES + len(template.prefix)
    assert template.frame_bytes == HEADER_BYTES + len(payload) <= SLOT_BYTES[stored]
    reader = pa.ipc.open_stream(payload)
    batch = reader.read_next_batch()
    batch.validate(full=True)
    assert batch.schema.names == ["voxels"]
    assert not batch.schema.field("voxels").nullable
    column = batch.column(0)
    assert column.null_count == 0
    np.testing.assert_array_equal(column.to_numpy(), voxels)
    with pytest.raises(StopIteration):
        reader.read_next_batch()


def test_a_frame_comes_back_as_it_went():
    fields = {"volume": 7, "level": 2, "dtype": 2, "z": 1, "y": 2, "x": 2**32 - 1, "generation": 3, "flags": 1, "time": 9}
    frame = encode_frame(FrameType.BRICK, b"payload", **fields)
    header, payload = unpack_frame(frame)
    assert bytes(payload) == b"payload"
    assert header == Header(4 + 1, 1, 7, 2, 2, 1, 2, 2**32 - 1, 3, 7, header.checksum, 9)
    assert frame[40:60] == bytes([9]) + bytes(19)


def _frame(at: int, value: bytes, *, sealed: bool) -> bytes:
    """A PING with bytes replaced; `sealed`: the header's own checksum holds again."""
    frame = bytearray(encode_control(FrameType.PING, {"t": 1}))
    frame[at : at + len(value)] = value
    if sealed:
        from xxhash import xxh32_intdigest

        frame[60:64] = xxh32_intdigest(bytes(frame[:60])).to_bytes(4, "little")
    return bytes(frame)


@pytest.mark.parametrize(
    ("frame", "code", "words"),
    [
        (b"VXB1", 4400, "4 bytes"),
        (_frame(0, b"JUNK", sealed=True), 4400, "JUNK"),
        (_frame(4, b"\x09", sealed=True), 4409, "version 9"),
        (_frame(20, b"\x01", sealed=False), 4400, "header checksum"),
        (_frame(6, b"\xc8", sealed=True), 4400, "type 200"),
        (_frame(32, b"\xff", sealed=True), 4400, "255 payload bytes"),
        (_frame(64, b"!", sealed=False), 4400, "payload checksum"),
        (bytes(MAX_FRAME_BYTES + 1), 4413, str(MAX_FRAME_BYTES)),
    ],
)
def test_a_damaged_frame_is_refused_for_what_is_wrong_with_it(frame, code, words):
    with pytest.raises(FrameError, match=words) as caught:
        unpack_frame(frame)
    assert caught.value.code == code


def test_checks_come_in_their_order():
    both = bytearray(_frame(4, b"\x09", sealed=True))
    both[6] = 200  # unknown type, and the header's checksum no longer holds
    with pytest.raises(FrameError) as caught:
        unpack_frame(bytes(both))
    assert caught.value.code == 4409


def test_a_header_is_packed_in_place():
    memory = memoryview(bytearray(100))
    pack_header(Header(FrameType.CREDIT), memory)
    assert bytes(memory[:64]) == bytes(pack_header(Header(FrameType.CREDIT)))
    assert bytes(memory[64:]) == bytes(36)


@pytest.mark.parametrize(
    ("payload", "code"), [(b"{", 4400), (b"[1]", 4400), (b"\xff", 4400), (b" " * (MAX_CONTROL_BYTES + 1), 4413)]
)
def test_a_control_message_is_an_object_of_bounded_size(payload, code):
    with pytest.raises(FrameError) as caught:
        decode_control(payload)
    assert caught.value.code == code


def test_numbers_that_json_has_not_are_never_sent():
    with pytest.raises(ValueError, match="JSON"):
        encode_control(FrameType.PING, {"t": float("nan")})


def test_ranges_come_back():
    rows = [(0, 1, 2, 3, -1.5, 2.5), (25, 2**32 - 1, 0, 0, float("inf"), float("-inf"))]
    assert decode_ranges(encode_ranges(rows)) == rows
    assert decode_ranges(encode_ranges([])) == []
