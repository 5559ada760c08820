"""Predicted labels become labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.geometry import BRICK_EDGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from voxbeam.geometry import Box
    from voxbeam.learning.prediction import Prediction


def accept_prediction(
    prediction: Prediction, labels: Any, box: Box | Sequence[Sequence[int]] | None, *, classes: Iterable[int] | None, write: str,
) -> int:
    """Write predicted labels of a box to `labels`, brick by brick. Returns how many voxels were written."""
    if write not in ("empty", "all"):
        raise ParameterError(f"write is {write!r}.", "Give 'empty' or 'all'.")
    wanted = None if classes is None else np.asarray(sorted(set(classes)))
    written = 0
    for part in bricks_in(checked_box(box, prediction.shape)):
        where = tuple(slice(*span) for span in part)
        guess = prediction[where]
        held = np.asarray(labels[where])
        chosen = guess != held
        if write == "empty":
            chosen &= held == 0
        if wanted is not None:
            chosen &= np.isin(guess, wanted)
        count = int(chosen.sum())
        if not count:
            continue
        if int(guess[chosen].max()) > np.iinfo(held.dtype).max if held.dtype.kind in "iu" else held.dtype.kind != "b":
            text = f"The labels are {held.dtype}, and class {int(guess[chosen].max())} is predicted."
            raise ParameterError(text, "Use a wider dtype.")
        if write == "empty" and hasattr(labels, "where"):
            # Whether a voxel is empty is asked when it is written: what others have drawn meanwhile stays.
            for one in np.unique(guess[chosen]):
                done = labels.where(chosen & (guess == one), int(one), at=tuple(low for low, _ in part), over="empty")
                written += sum(change.voxels for change in done)
        else:
            labels[where] = np.where(chosen, guess.astype(held.dtype), held)
            written += count
    return written


def checked_box(box: Box | Sequence[Sequence[int]] | None, shape: Sequence[int]) -> Box:
    """Half-open ranges along z, y, x within a volume."""
    spans = [(0, n) for n in shape] if box is None else [tuple(int(i) for i in span) for span in box]
    if len(spans) != 3 or any(len(span) != 2 or not 0 <= span[0] < span[1] <= n for span, n in zip(spans, shape, strict=False)):
        raise ParameterError(f"The box is {box!r}.", f"Give ((z0, z1), (y0, y1), (x0, x1)) within {tuple(shape)}.")
    return spans[0], spans[1], spans[2]  # type: ignore[return-value]


def bricks_in(box: Box) -> Iterable[Box]:
    """The parts of a box that lie in one brick each."""
    z, y, x = (
        [(max(low, start), min(high, start + BRICK_EDGE)) for start in range(low // BRICK_EDGE * BRICK_EDGE, high, BRICK_EDGE)]
        for low, high in box
    )
    return ((i, j, k) for i in z for j in y for k in x)
