"""The frames of editable labels, as `src/protocol` has them."""

from __future__ import annotations

import struct

import pytest

from voxbeam.protocol import (
    MAX_CONTROL_BYTES,
    FrameError,
    FrameType,
    decode_head_tail,
    encode_head_tail,
    unpack_frame,
)


def test_head_and_tail_come_back() -> None:
    head = {"id": "a", "author": "Änne", "label": 3}
    header, payload = unpack_frame(encode_head_tail(FrameType.EDIT, head, b"\x01\x02"))
    assert header.type == 25
    decoded, tail = decode_head_tail(payload)
    assert decoded == head
    assert bytes(tail) == b"\x01\x02"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"\x01\x00", 4400),
        (struct.pack("<I", 9) + b"{}", 4400),
        (struct.pack("<I", MAX_CONTROL_BYTES + 1) + b"{}", 4413),
        (struct.pack("<I", 2) + b"[]", 4400),
    ],
)
def test_a_bad_head_is_refused(payload: bytes, code: int) -> None:
    with pytest.raises(FrameError) as caught:
        decode_head_tail(payload)
    assert caught.value.code == code


def test_a_frame_beyond_the_limit_is_not_made() -> None:
    with pytest.raises(FrameError, match="8388608"):
        encode_head_tail(FrameType.EDIT, {}, bytes(8 * 2**20))
