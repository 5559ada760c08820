"""Training: labelled voxels become rows of features, rows become a model, and the model a score on strokes it has not seen."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.learning.classifier import fit, fresh
from voxbeam.learning.strokes import hold_out, stroke_boxes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voxbeam.learning.block_reader import BlockReader
    from voxbeam.learning.features import Features
    from voxbeam.learning.labelled_voxels import LabelledVoxels


@dataclass
class Training:
    """What a model was trained on, and how well it did on what it was not shown.

    Attributes
    ----------
    counts : dict of int to int
        Labelled voxels of each class: the balance. Each class weighs the same in a forest.
    strokes : dict of int to int
        How many strokes these were.
    score : float, optional
        Mean over the classes of the share of held-out voxels that were right; None where no class has a stroke to spare.
    recalls : dict of int to float
        That share class by class.
    held_out : dict of int to int
        Voxels that were held out for the score. The model itself is trained on all.
    seed, model, parameters, features
        What it takes to do it again.
    seconds, created
        How long it took without the score, and when it was, ISO 8601 UTC.
    """

    counts: dict[int, int]
    strokes: dict[int, int]
    seed: int
    model: str
    parameters: dict[str, Any]
    features: dict[str, Any]
    seconds: float
    created: str
    score: float | None = None
    recalls: dict[int, float] = field(default_factory=dict)
    held_out: dict[int, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    def __str__(self) -> str:
        whole = sum(self.counts.values())
        parts = ", ".join(f"{one}: {n:,} ({100 * n / whole:.0f} %)" for one, n in self.counts.items())
        how = "not judged: no class has a stroke to spare"
        if self.score is not None:
            how = f"{100 * self.score:.1f} % right on {sum(self.held_out.values()):,} voxels of held-out strokes"
        return f"{self.model}, {whole:,} voxels in {self.seconds:.2f} s; classes {parts}; {how}"


class SampleRows:
    """Features of labelled voxels of one image; those known already are not computed again."""

    def __init__(self, image: BlockReader, features: Features) -> None:
        self._image = image
        self._features = features
        self._index = np.zeros(0, np.int64)
        self._rows = np.zeros((0, len(features.names(image.channels))), np.float32)
        #: Voxels whose features were computed, for who wants to know.
        self.computed = 0

    def of(self, voxels: LabelledVoxels, check: Callable[[], None] = lambda: None) -> NDArray[np.float32]:
        """A row for each of `voxels`. `check` is called between boxes, and may raise."""
        known = np.isin(voxels.index, self._index, assume_unique=True)
        missing = voxels.take(~known)
        rows = np.empty((len(missing), self._rows.shape[1]), np.float32)
        for box, members in stroke_boxes(missing, self._features.reach):
            check()
            block = self._features.read(self._image, box)
            z, y, x = (missing.voxels[members] - np.array([low for low, _ in box])).T
            rows[members] = block[:, z, y, x].T
        self.computed += len(missing)
        index = np.concatenate([self._index, missing.index])
        order = np.argsort(index)
        self._index, self._rows = index[order], np.concatenate([self._rows, rows])[order]
        at = np.searchsorted(self._index, voxels.index)
        found: NDArray[np.float32] = self._rows[at]
        # What is labelled no more is let go.
        self._index, self._rows = voxels.index, found
        return found


def train(
    model: Any, voxels: LabelledVoxels, rows: NDArray[np.float32], features: Features, stroke: NDArray[np.int64], *, seed: int,
    keep: bool, began: float, tell: Callable[[int, int], None],
) -> Training:
    """Fit `model` in place to all labelled voxels; `stroke` numbers their strokes.

    Raises
    ------
    ParameterError
        There are fewer than two classes.
    """
    counts = voxels.counts
    if len(counts) < 2:
        have = f"only class {next(iter(counts))}" if counts else "no labelled voxels"
        raise ParameterError(f"There is {have}.", "Label some voxels of each of two classes or more; background is a class too.")
    fit(model, rows, voxels.label, keep=keep, tell=tell)
    parameters = model.get_params() if hasattr(model, "get_params") else {}
    return Training(
        counts=counts,
        strokes={one: len(np.unique(stroke[voxels.label == one])) for one in counts},
        seed=seed,
        model=type(model).__name__,
        parameters={name: _plain(value) for name, value in parameters.items()},
        features=features.to_dict(),
        seconds=time.perf_counter() - began,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def judge(
    training: Training, model: Any, voxels: LabelledVoxels, rows: NDArray[np.float32], stroke: NDArray[np.int64], *,
    tell: Callable[[int, int], None],
) -> None:
    """Train one like `model` without some strokes, and write down how well it knows those."""
    held = hold_out(voxels.label, stroke, training.seed)
    if not held.any():
        return
    other = fresh(model)
    fit(other, rows[~held], voxels.label[~held], keep=False, tell=tell)
    guess = np.asarray(other.classes_)[np.asarray(other.predict_proba(rows[held])).argmax(axis=1)]
    truth = voxels.label[held]
    training.recalls = {int(one): float((guess[truth == one] == one).mean()) for one in np.unique(truth)}
    training.held_out = {one: int((truth == one).sum()) for one in training.recalls}
    training.score = float(np.mean(list(training.recalls.values())))


def _plain(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float, str, type(None))) else repr(value)
