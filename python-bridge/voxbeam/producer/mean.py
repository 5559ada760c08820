"""The mean of each 2x2x2 of an image, over the voxels that exist and are finite; integers are rounded half up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: Two voxels of each integer dtype read as one number: sums of pairs need no conversion.
_PAIR: dict[np.dtype[Any], np.dtype[Any]] = {np.dtype(np.uint8): np.dtype("<u2"), np.dtype(np.uint16): np.dtype("<u4")}
#: Planes of the result that are made together.
_SLAB = 8


def even(block: NDArray[Any]) -> NDArray[Any]:
    """`block` with odd axes lengthened by their last voxel, which changes neither mean nor mode of what exists."""
    if not any(n % 2 for n in block.shape):
        return block
    return np.pad(block, [(0, n % 2) for n in block.shape], mode="edge")


def halve_by_mean(block: NDArray[Any], out: NDArray[Any], *, finite: bool = True) -> None:
    """Write the means of `block` to `out`, half as long along each axis.

    Parameters
    ----------
    block
        Stored voxels of an image, each row contiguous.
    finite
        False where some may be NaN or infinite: these are left out; where none is left the mean is NaN.
    """
    whole = even(block)
    if whole.dtype in _PAIR:
        _halve_integers(whole, out)
    elif whole.dtype.kind in "iu":
        _halve_wide_integers(whole, out)
    elif not finite or whole.dtype.itemsize < 4 or not _halve_floats(whole, out):
        _halve_what_is_finite(whole, out)


def _slabs(block: NDArray[Any], out: NDArray[Any]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """A few planes at a time, so that what is kept between two operations stays in cache."""
    for start in range(0, out.shape[0], _SLAB):
        yield block[2 * start : 2 * (start + _SLAB)], out[start : start + _SLAB]


def _halve_integers(block: NDArray[Any], out: NDArray[Any]) -> None:
    wide = _PAIR[block.dtype]
    bits = 8 * block.itemsize
    mask = wide.type(2**bits - 1)
    totals, parts = (np.empty((min(_SLAB, out.shape[0]), *out.shape[1:]), wide) for _ in range(2))
    for pairs, target in _slabs(block.view(wide), out):
        total, part = totals[: len(target)], parts[: len(target)]
        total[...] = 4  # half of eight: rounds up
        for z in (0, 1):
            for y in (0, 1):
                corner = pairs[z::2, y::2]
                np.bitwise_and(corner, mask, out=part)
                np.add(total, part, out=total)
                np.right_shift(corner, bits, out=part)
                np.add(total, part, out=total)
        np.right_shift(total, 3, out=total)
        np.copyto(target, total, casting="unsafe")


def _halve_wide_integers(block: NDArray[Any], out: NDArray[Any]) -> None:
    """Of any width and sign: eighths and what is left of them are summed apart, so that no sum leaves 64 bits."""
    wide = np.dtype(np.uint64 if block.dtype.kind == "u" else np.int64)
    for slab, target in _slabs(block, out):
        eighths, rests = np.zeros(target.shape, wide), np.full(target.shape, 4, wide)
        for corner in np.ndindex(2, 2, 2):
            part = slab[tuple(slice(c, None, 2) for c in corner)].astype(wide)
            eighths += part >> wide.type(3)
            rests += part & wide.type(7)
        np.copyto(target, eighths + (rests >> wide.type(3)), casting="unsafe")


def _halve_floats(block: NDArray[Any], out: NDArray[Any]) -> bool:
    """Means in float32; False where a sum of eight has left its range."""
    with np.errstate(over="ignore", invalid="ignore"):
        for slab, target in _slabs(block, out):
            planes = slab[0::2] + slab[1::2]
            rows = planes[:, 0::2] + planes[:, 1::2]
            np.add(rows[..., 0::2], rows[..., 1::2], out=target)
            np.multiply(target, target.dtype.type(0.125), out=target)
    return bool(np.isfinite(out.min()) and np.isfinite(out.max()))


def _halve_what_is_finite(block: NDArray[Any], out: NDArray[Any]) -> None:
    for slab, target in _slabs(block, out):
        good = np.isfinite(slab)
        values = np.where(good, slab, 0.0).astype(np.float64)
        total = np.zeros(target.shape)
        count = np.zeros(target.shape, np.uint8)
        for corner in np.ndindex(2, 2, 2):
            at = tuple(slice(c, None, 2) for c in corner)
            total += values[at]
            count += good[at]
        with np.errstate(invalid="ignore"):  # 0 / 0 is NaN, as it should be
            target[...] = total / count
