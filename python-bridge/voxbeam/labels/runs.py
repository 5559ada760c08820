"""Runs of labels as they travel: varints (LEB128), deflated. NumPy does the work, not a loop."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.protocol import MAX_TAIL_BYTES, ErrorCode, FrameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A label or a length of 32 bits has so many groups of 7.
_GROUPS = 5
#: Deflate without a header, and as fast as it gets: runs are short already.
_RAW, _LEVEL = -15, 1


def encode_varints(numbers: NDArray[np.uint32]) -> bytes:
    """Numbers as varints, back to back.

    Examples
    --------
    >>> encode_varints(np.array([1, 300], "u4")).hex()
    '01ac02'
    """
    groups = np.arange(_GROUPS, dtype=np.uint32)
    parts = (numbers[:, None] >> (7 * groups)).astype(np.uint8) & 0x7F
    used = np.maximum(_GROUPS - (parts[:, ::-1] != 0).argmax(axis=1), 1)
    used[~parts.any(axis=1)] = 1
    parts |= np.where(groups < used[:, None] - 1, 0x80, 0).astype(np.uint8)
    return bytes(parts[groups < used[:, None]].tobytes())


def decode_varints(data: bytes) -> NDArray[np.uint32]:
    """The numbers of varints that stand back to back.

    Raises
    ------
    FrameError
        One is cut short or has more than 32 bits.
    """
    octets = np.frombuffer(data, np.uint8)
    if octets.size == 0:
        return np.empty(0, np.uint32)
    ends = np.flatnonzero(octets < 0x80)
    if ends.size == 0 or ends[-1] != octets.size - 1:
        raise FrameError(ErrorCode.BAD_FRAME, "a varint is cut short")
    starts = np.concatenate([[0], ends[:-1] + 1])
    if (ends - starts).max() >= _GROUPS:
        raise FrameError(ErrorCode.BAD_FRAME, "a varint has more than 32 bits")
    shifts = 7 * (np.arange(octets.size) - np.repeat(starts, ends - starts + 1))
    values = np.add.reduceat((octets & 0x7F).astype(np.uint64) << shifts.astype(np.uint64), starts)
    if values.max() >= 2**32:
        raise FrameError(ErrorCode.BAD_FRAME, "a varint has more than 32 bits")
    return values.astype(np.uint32)


def runs_of(values: NDArray[Any]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Label and length of each run, in z, y, x order."""
    flat = values.ravel()
    begins = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = np.diff(np.append(begins, flat.size))
    return flat[begins].astype(np.uint32), lengths.astype(np.uint32)


def encode_values(values: NDArray[Any]) -> bytes:
    """The tail of an edit of kind ``values``: label, length, label, length, … of all voxels."""
    labels, lengths = runs_of(values)
    return _deflated(encode_varints(np.stack([labels, lengths], axis=1).ravel()))


def encode_mask(mask: NDArray[np.bool_]) -> bytes:
    """The tail of an edit of kind ``runs``: lengths of runs, off first, then on and off in turn."""
    values, lengths = runs_of(mask)
    return _deflated(encode_varints(np.concatenate([np.zeros(int(values[0]), np.uint32), lengths])))


def decode_values(tail: bytes | memoryview, voxels: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The labels of a region, flat.

    Raises
    ------
    FrameError
        The tail inflates to more than it may, is damaged, or is not of ``voxels`` labels.
    """
    numbers = decode_varints(_inflated(tail))
    labels, lengths = numbers[::2], numbers[1::2]
    if labels.size != lengths.size or int(lengths.sum(dtype=np.uint64)) != voxels:
        raise FrameError(ErrorCode.BAD_FRAME, f"a region of {voxels} voxels has runs of {int(lengths.sum(dtype=np.uint64))}")
    return np.repeat(labels.astype(dtype), lengths)


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
    return packer.compress(data) + packer.flush()


def _inflated(tail: bytes | memoryview) -> bytes:
    unpacker = zlib.decompressobj(_RAW)
    try:
        data = unpacker.decompress(tail, MAX_TAIL_BYTES)
    except zlib.error as error:
        raise FrameError(ErrorCode.BAD_FRAME, f"a tail is damaged: {error}") from error
    if not unpacker.eof:
        raise FrameError(ErrorCode.TOO_LARGE, f"a tail inflates to more than {MAX_TAIL_BYTES} bytes, or is cut short")
    return data
