"""COCO's compressed run lengths: how many voxels are off, on, off, … down the columns of a plane, as printable text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_CONTINUES, _SIGN, _BASE = 0x20, 0x10, 48


def to_text(counts: Sequence[int]) -> str:
    """Counts as text: from the fourth on, the difference to the one two before; five bits a character, the lowest first.

    Examples
    --------
    >>> to_text([6, 1, 40, 4, 5, 4, 5, 4, 21])
    '61X13mN000`0'
    """
    out = []
    for index, count in enumerate(counts):
        n = count - counts[index - 2] if index > 2 else count
        while True:
            bits = n & 0x1F
            n >>= 5
            more = n != -1 if bits & _SIGN else n != 0
            out.append(chr((bits | _CONTINUES if more else bits) + _BASE))
            if not more:
                break
    return "".join(out)


def from_text(text: str, total: int) -> list[int]:
    """The counts in `text`, which are those of `total` voxels.

    Raises
    ------
    ValueError
        They are not: the text is cut off or damaged.
    """
    counts: list[int] = []
    n = shift = 0
    for letter in text:
        bits = ord(letter) - _BASE
        if not 0 <= bits < 64 or shift > 50:
            raise ValueError(f"run lengths hold the character {letter!r}")
        n |= (bits & 0x1F) << shift
        shift += 5
        if bits & _CONTINUES:
            continue
        if bits & _SIGN:
            n -= 1 << shift
        counts.append(n + counts[-2] if len(counts) > 2 else n)
        n = shift = 0
    if shift or sum(counts) != total or min(counts, default=0) < 0:
        raise ValueError(f"run lengths of {sum(counts):,} voxels in a plane of {total:,}")
    return counts


def masks_of(plane: NDArray[Any]) -> dict[int, list[int]]:
    """The counts of each id of a plane y, x, without 0."""
    columns = np.ascontiguousarray(plane.T).reshape(-1)
    edges = np.flatnonzero(columns[1:] != columns[:-1]) + 1
    starts = np.concatenate([[0], edges])
    stops = np.append(edges, columns.size)
    found: dict[int, list[int]] = {}
    ends: dict[int, int] = {}
    for label, start, stop in zip(columns[starts].tolist(), starts.tolist(), stops.tolist(), strict=True):
        if label:
            found.setdefault(label, []).extend((start - ends.get(label, 0), stop - start))
            ends[label] = stop
    for label, counts in found.items():
        if ends[label] < columns.size:
            counts.append(columns.size - ends[label])
    return found


def paint(columns: NDArray[Any], counts: Sequence[int], label: int) -> int:
    """Write `label` where `counts` are on, into the voxels of a plane down its columns; gives how many had another one."""
    at = covered = 0
    for index, count in enumerate(counts):
        if index % 2:
            span = columns[at : at + count]
            covered += int(np.count_nonzero(span))
            span[:] = label
        at += count
    return covered
