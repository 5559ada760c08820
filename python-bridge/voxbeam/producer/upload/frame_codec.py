"""A BRICK frame made smaller for its way, as the protocol's "Coded frames" says, and when that is faster."""

from __future__ import annotations

import struct
import threading
import time
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from xxhash import xxh32_intdigest

from voxbeam.protocol import CONSTANT, DTYPE_CODE, HEADER_BYTES, NUMPY_DTYPE

if TYPE_CHECKING:
    from voxbeam.producer.upload.link_rate import LinkRate

Codec = Literal["lz4", "zstd"]

#: Compressing is begun only where that needs less than this part of the time; it is given up as soon as it needs more.
CLEARLY = 0.85
#: A frame that would be no smaller than this part of itself is sent as it is.
WORTH = 0.95
#: Before anything was seen, hopeful, so that a codec is tried: bytes a second, and bytes before for each one after.
HOPED_RATE, HOPED_RATIO, HOPED_DECODE = 200e6, 2.0, 300e6
#: How much a new figure counts beside those before, and how much hope comes back with each frame that went as it is.
WEIGHT, FORGET = 0.25, 0.01

_CODES = {"lz4": 1, "zstd": 2}
_ARROW = {"lz4": "lz4_raw", "zstd": "zstd"}
_ITEMS = {DTYPE_CODE[name]: dtype.itemsize for name, dtype in NUMPY_DTYPE.items()}


def smaller(frame: memoryview | bytes, codec: Codec) -> bytes | None:
    """The frame with its payload compressed; None where that would not be smaller, or nothing is left to be.

    Bytes of wider voxels are sorted first: all low ones, then all high ones, which compress well where neighbours are alike.
    """
    payload = memoryview(frame)[HEADER_BYTES:]
    item = _ITEMS.get(frame[13], 1)
    if frame[7] & CONSTANT or frame[14]:
        return None
    if len(payload) % item:
        item = 1
    data = payload if item == 1 else np.ascontiguousarray(np.frombuffer(payload, np.uint8).reshape(-1, item).T).data.cast("B")
    level = 1 if codec == "zstd" else None
    compressed: bytes = pa.Codec(_ARROW[codec], compression_level=level).compress(data, asbytes=True)
    if len(compressed) > WORTH * len(payload):
        return None
    head = bytearray(frame[:HEADER_BYTES])
    (checksum,) = struct.unpack_from("<I", head, 36)
    head[14], head[15] = _CODES[codec], item
    struct.pack_into("<II", head, 32, len(compressed), xxh32_intdigest(compressed))
    struct.pack_into("<II", head, 44, len(payload), checksum)
    struct.pack_into("<I", head, 60, xxh32_intdigest(memoryview(head)[:60]))
    return bytes(head) + compressed


class FrameCodec:
    """Decides, frame by frame, from what was measured: the link, the codec here and its effect on each volume, the decoder there.

    Parameters
    ----------
    offered
        What the instance can decode.
    link
        The link's rate; while that is unknown frames go as they are.
    forced
        What is used whatever the link is like: a codec, or ``"raw"``.
    """

    def __init__(self, offered: list[str], link: LinkRate, forced: str | None = None) -> None:
        names: tuple[Codec, ...] = ("zstd", "lz4")
        self._names = [name for name in names if name in offered and pa.Codec.is_available(_ARROW[name])]
        self._link = link
        self._forced = forced
        self._lock = threading.Lock()
        self._encode: dict[Codec, float] = {}
        self._ratios: dict[tuple[int, Codec], float] = {}
        self._decode = HOPED_DECODE
        self._now: dict[int, Codec | None] = {}
        #: Frames that went smaller, and as they are.
        self.coded, self.plain = 0, 0

    def decoded(self, count: int, milliseconds: float) -> None:
        """The other end made so many bytes whole in so long."""
        if count > 0:
            self._decode += WEIGHT * (min(count / max(milliseconds, 0.01) * 1000, 5e9) - self._decode)

    def choose(self, volume: int) -> Codec | None:
        """How a frame of a volume is to travel; None: as it is."""
        if self._forced is not None:
            return next((name for name in self._names if name == self._forced), None)
        rate = self._link.rate
        if rate is None or not self._names:
            return None
        with self._lock:
            best = min(self._names, key=lambda name: self._cost(volume, name, rate))
            now = self._now.get(volume)
            limit = (1.0 if now else CLEARLY) / rate
            chosen = best if self._cost(volume, best, rate) < limit else None
            self._now[volume] = chosen
        return chosen

    def apply(self, volume: int, frame: memoryview) -> memoryview | bytes:
        """The frame as it is to travel."""
        codec = self.choose(volume)
        if codec is None:
            self._passed(volume)
            return frame
        began = time.perf_counter()
        made = smaller(frame, codec)
        seconds = time.perf_counter() - began
        with self._lock:
            rate = len(frame) / max(seconds, 1e-6)
            known = self._encode.get(codec, rate)
            self._encode[codec] = known + WEIGHT * (rate - known)
            self._mix(volume, codec, len(frame) / len(made) if made else 1.0, WEIGHT)
            self.coded += made is not None
            self.plain += made is None
        return made or frame

    def _cost(self, volume: int, codec: Codec, rate: float) -> float:
        """Seconds for a byte."""
        ratio = self._ratios.get((volume, codec), HOPED_RATIO)
        return 1 / self._encode.get(codec, HOPED_RATE) + 1 / (rate * ratio) + 1 / self._decode

    def _passed(self, volume: int) -> None:
        with self._lock:
            self.plain += 1
            for codec in self._names:
                if (volume, codec) in self._ratios:
                    self._mix(volume, codec, HOPED_RATIO, FORGET)

    def _mix(self, volume: int, codec: Codec, ratio: float, weight: float) -> None:
        known = self._ratios.get((volume, codec), ratio)
        self._ratios[(volume, codec)] = known + weight * (ratio - known)
