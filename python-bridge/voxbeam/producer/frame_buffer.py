"""Memory that holds one whole BRICK frame: what is constant is written once, the voxels straight into their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from xxhash import xxh32_intdigest

from voxbeam.geometry import STORED_EDGE, STORED_VOXELS
from voxbeam.protocol import (
    CONSTANT,
    DTYPE_CODE,
    HEADER_BYTES,
    NUMPY_DTYPE,
    FrameType,
    Header,
    brick_template,
    pack_header,
)

if TYPE_CHECKING:
    from voxbeam.compiled.kernels import Found
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
        #: The same as whole numbers, whose equality is that of their bits.
        self._bits = flat.view(f"<u{flat.itemsize}")
        self.bytes[HEADER_BYTES : template.voxels_offset] = template.prefix
        self.bytes[len(self.bytes) - len(template.suffix) :] = template.suffix

    @property
    def constant(self) -> bool:
        """Whether all voxels have the same bits: a look at three of them, and at all where these are the same."""
        first = self._bits[0]
        return bool(self._bits[-1] == first and self._bits[len(self._bits) // 2] == first and (self._bits == first).all())

    def seal(self, volume: int, key: BrickKey, generation: int, flags: int, found: Found | None = None) -> memoryview:
        """Write the header, with the checksum of the voxels as they are now.

        Parameters
        ----------
        found
            What is known of the voxels; else they are looked at.

        Returns
        -------
        memoryview
            The frame: this memory, or a small frame beside it where all voxels are the same.
        """
        constant = self.constant if found is None else found.constant
        payload = self._bits[:1].tobytes() if constant else self.bytes[HEADER_BYTES:]
        level, z, y, x, time = key
        flags |= CONSTANT if constant else 0
        checksum = xxh32_intdigest(payload) if found is None or constant else found.checksum
        header = Header(FrameType.BRICK, flags, volume, level, self._code, z, y, x, generation, len(payload), checksum, time)
        if constant:
            return memoryview(bytes(pack_header(header)) + payload)
        pack_header(header, self.bytes)
        return self.bytes
