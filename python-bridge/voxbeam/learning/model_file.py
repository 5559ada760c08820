"""Models in files, without pickle: reading one runs nothing of it, and makes only types that are known or trusted."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError, SourceError
from voxbeam.learning.features import Features

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

FORMAT = "voxbeam model"
VERSION = 1
#: Bytes that a file may unfold to.
MAX_BYTES = 2**32
#: Made besides what skops knows: the trees of forests, whose nodes are looked at before they are used.
_OWN_TYPES = ("sklearn.tree._tree.Tree",)


def save_model(path: str | os.PathLike[str], model: Any, features: Features, training: dict[str, Any]) -> None:
    """Write a fitted classifier with its features and record, by skops.

    Raises
    ------
    SourceError
        skops is not installed, or the folder cannot be written to.
    """
    about = {"format": FORMAT, "version": VERSION, "features": features.to_dict(), "training": training}
    try:
        _skops().dump({"about": json.dumps(about), "model": model}, Path(path))
    except OSError as error:
        text = f"{str(path)!r} cannot be written: {error.strerror}."
        raise SourceError(text, "Give a path in a folder that is there.") from error


def load_model(path: str | os.PathLike[str], *, trusted: Sequence[str] = ()) -> tuple[Any, Features, dict[str, Any]]:
    """Read what `save_model` wrote: classifier, features and record.

    Parameters
    ----------
    trusted
        Names of types beyond those of scikit-learn and NumPy that may be made.

    Raises
    ------
    SourceError
        It is missing, damaged, or no model.
    ParameterError
        It holds types that are not trusted; their names are in the message.
    """
    io = _skops()
    file = Path(path)
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MAX_BYTES:
            raise SourceError(f"{str(path)!r} unfolds to {size:,} bytes.", f"A model may take {MAX_BYTES:,}.")
        strangers = [name for name in io.get_untrusted_types(file=file) if name not in (*trusted, *_OWN_TYPES)]
        if strangers:
            text = f"{str(path)!r} holds {', '.join(strangers)}."
            raise ParameterError(text, f"If you know where it comes from: trusted={strangers!r}.")
        held = io.load(file, trusted=[*trusted, *_OWN_TYPES])
        about = json.loads(held["about"])
        if about["format"] != FORMAT or about["version"] > VERSION:
            text = f"{str(path)!r} is a {about['format']} of version {about['version']}."
            raise SourceError(text, f"This voxbeam reads version {VERSION}.")
        _check_trees(held["model"])
        return held["model"], Features.from_dict(about["features"]), about["training"]
    except (SourceError, ParameterError):
        raise
    except Exception as error:  # what libraries raise for damaged bytes is as various as the bytes
        reason = "it is not there" if isinstance(error, FileNotFoundError) else f"{type(error).__name__}: {error}"
        raise SourceError(f"{str(path)!r} cannot be read as a model: {reason}.", "Give a file that learner.save made.") from error


def _check_trees(model: Any) -> None:
    """Refuse trees whose nodes lead out of the tree: they are walked without being checked again."""
    for one in getattr(model, "estimators_", []):
        tree = getattr(one, "tree_", None)
        if tree is None:
            continue
        count, left, right, feature = tree.node_count, tree.children_left, tree.children_right, tree.feature
        own = np.arange(count)
        leaf = left == -1
        onwards = (left > own) & (left < count) & (right > own) & (right < count)
        sound = (onwards & (feature >= 0) & (feature < model.n_features_in_)) | leaf
        if not sound.all() or tree.value.shape[0] != count or count < 1:
            raise SourceError("the trees of the model lead nowhere.", "Give a file that learner.save made.")


def _skops() -> Any:
    try:
        from skops import io  # noqa: PLC0415  not everyone has it
    except ImportError as error:
        raise SourceError("skops is not installed.", "pip install 'voxbeam[learn]'") from error
    return io
