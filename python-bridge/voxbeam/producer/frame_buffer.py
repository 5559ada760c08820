"""Memory that holds one whole BRICK frame: what is constant is written once, the voxels straight into their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from xxhash import xxh32_intdigest

from voxbeam.geometry import STORED_EDGE, STORED_VOXELS
from voxbeam.protocol import (
    DTYPE_CODE,
    HEADER_BYTES,
    NUMPY_DTYPE,
    FrameType,
    Header,
    brick_template,
    pack_header,
)

if TYPE_CHECKING:
    from voxbeam.geometry import BrickKey


class FrameBuffer:
    """A frame of stored `dtype` in `memory`, or in memory of its own."""

    def __init__(self, dtype: str, memory: memoryview | None = None) -> None:
        template = brick_template(dtype)
        whole = memoryview(bytearray(template.frame_bytes)) if memory is None else memory
        self.bytes = whole[: template.frame_bytes]
        self._code = DTYPE_CODE[dtype]
        flat = np.frombuffer(self.bytes, NUMPY_DTYPE[dtype], STORED_VOXELS, template.voxels_offset)
        #: 66³ voxels to be written.
        self.voxels = flat.reshape(STORED_EDGE, STORED_EDGE, STORED_EDGE)
        self.bytes[HEADER_BYTES : template.voxels_offset] = template.prefix
        self.bytes[len(self.bytes) - len(template.suffix) :] = template.suffix

    def seal(self, volume: int, key: BrickKey, generation: int, flags: int) -> None:
        """Write the header, with the checksum of the voxels as they are now."""
        payload = self.bytes[HEADER_BYTES:]
        level, z, y, x, time = key
        header = Header(
            FrameType.BRICK, flags, volume, level, self._code, z, y, x, generation, len(payload), xxh32_intdigest(payload), time,
        )
        pack_header(header, self.bytes)
