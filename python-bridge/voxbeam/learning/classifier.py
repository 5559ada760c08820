"""The classifier: a random forest unless another one is given, grown in steps so that it can be stopped, and judged fairly."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TREES = 40
#: Trees grown between two looks whether to go on.
_STEP = 8
#: Of the default forest.
FOREST = {"n_estimators": TREES, "min_samples_leaf": 3, "max_depth": 18, "max_features": "sqrt"}


class CancelledError(Exception):
    """Training or prediction was given up, by whoever started it."""


def default_classifier(seed: int) -> Any:
    """A random forest of scikit-learn.

    Raises
    ------
    SourceError
        scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415  heavy, and not everyone has it
    except ImportError as error:
        raise SourceError("scikit-learn is not installed.", "pip install 'voxbeam[learn]'") from error
    return RandomForestClassifier(**FOREST, random_state=seed, n_jobs=os.cpu_count() or 1)


def checked_classifier(model: Any) -> Any:
    """A classifier that a user gave.

    Raises
    ------
    ParameterError
        It has no `fit` or no `predict_proba`.
    """
    missing = [name for name in ("fit", "predict_proba") if not callable(getattr(model, name, None))]
    if missing or isinstance(model, type):
        is_class = isinstance(model, type)
        what = f"{model.__name__} is a class" if is_class else f"{type(model).__name__} has no {' and no '.join(missing)}"
        raise ParameterError(f"The model {what}.", "Give an object with fit and predict_proba.")
    return model


def balanced_weights(label: NDArray[np.int64]) -> NDArray[np.float64]:
    """A weight for each voxel, so that each class weighs the same, with mean 1."""
    _, place, counts = np.unique(label, return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = len(label) / (len(counts) * counts[place.ravel()])
    return weights


def fresh(model: Any) -> Any:
    """The same kind of classifier with the same parameters, which knows nothing yet."""
    if hasattr(model, "get_params"):
        from sklearn.base import clone  # noqa: PLC0415

        return clone(model)
    return copy.deepcopy(model)


def fit(
    model: Any, rows: NDArray[np.float32], label: NDArray[np.int64], *, keep: bool, tell: Callable[[int, int], None],
) -> None:
    """Train `model` in place.

    Parameters
    ----------
    rows
        Features, one row a voxel.
    keep
        Warm start: half of a forest's trees stay, the younger ones, and as many new ones are grown on all there is now.
    tell
        Called with steps done and all of them; what it raises ends the training.
    """
    if not _is_forest(model):
        tell(0, 1)
        parameters = model.get_params() if hasattr(model, "get_params") else {}
        if "warm_start" in parameters:
            model.set_params(warm_start=keep)
        model.fit(rows, label)
        tell(1, 1)
        return
    wanted = int(model.n_estimators)
    trees = getattr(model, "estimators_", [])
    known = keep and trees and np.array_equal(model.classes_, np.unique(label))
    kept = len(trees) // 2 if known else 0
    if kept:
        model.estimators_ = list(trees[-kept:])
    elif trees:
        del model.estimators_
    weights = balanced_weights(label)
    processors = model.n_jobs
    try:
        for count in [*range(kept + _STEP, wanted, _STEP), wanted]:
            tell(count - min(_STEP, count), wanted)
            model.set_params(warm_start=True, n_estimators=count, n_jobs=os.cpu_count() or 1)
            model.fit(rows, label, sample_weight=weights)
    finally:
        model.set_params(warm_start=False, n_estimators=wanted, n_jobs=processors)
    tell(wanted, wanted)


def apart(model: Any) -> Any:
    """One like `model`, with what it knows, that can be trained while the other one predicts."""
    return copy.copy(model) if _is_forest(model) else copy.deepcopy(model)


def ready_for_threads(model: Any) -> Any:
    """A fitted classifier as several threads may ask it at once: each by itself, so that sums have one order."""
    if _is_forest(model):
        model = copy.copy(model)
        model.n_jobs = 1
    return model


def _is_forest(model: Any) -> bool:
    parameters = model.get_params() if hasattr(model, "get_params") else {}
    own = type(model).__module__.startswith("sklearn.ensemble._forest")
    return own and {"n_estimators", "warm_start", "n_jobs"} <= set(parameters)
