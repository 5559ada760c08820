"""What a notebook calls to learn from labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from voxbeam.embedded import instance_for
from voxbeam.errors import ParameterError
from voxbeam.keywords import caller_name, refuse_unknown
from voxbeam.learning.learner import MAX_VOXELS, Learner
from voxbeam.learning.predicted_levels import MEMORY_BYTES
from voxbeam.learning.shown_image import shown_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.instance import Instance
    from voxbeam.learning.features import Features

_OPTIONS = (
    "instance", "view", "name", "features", "model", "seed", "shade", "max_voxels", "voxel_size", "unit", "origin", "memory",
    "folder", "threads", "background", "cluster",
)


def learn(
    volume: Any,
    labels: Any,
    *,
    instance: Instance | None = None,
    view: Any = None,
    name: str = "prediction",
    features: Features | None = None,
    model: Any = None,
    seed: int = 0,
    shade: int | None = None,
    max_voxels: int = MAX_VOXELS,
    voxel_size: float | Sequence[float] | None = None,
    unit: str | None = None,
    origin: float | Sequence[float] | None = None,
    memory: int = MEMORY_BYTES,
    folder: str | None = None,
    threads: int | None = None,
    background: bool = True,
    cluster: Any = None,
    **unknown: NoReturn,
) -> Learner:
    """Learn to label a volume from voxels that somebody has labelled, and show what comes of it.

    Nothing is trained yet: call :meth:`Learner.train`, or :meth:`Learner.follow` to have it done after each stroke.

    Parameters
    ----------
    volume
        An image: whatever :func:`render_volume` takes, or the name of a volume that this process shows. Its channels are
        learnt from together.
    labels
        Array-like of whole numbers, of the same shape: ``view.labels(name)``, or an array. 0 is where nothing is said;
        background is a class of its own.
    instance, view
        Where the prediction is shown; the view's slices are predicted first. Left out, this kernel's embedded instance.
    name
        Of the prediction's layer; that of its uncertainty has "uncertainty" behind it.
    features
        What the classifier sees of a voxel; left out, intensity, edges and texture at scales of 1, 2 and 4 voxels.
    model
        Any object with ``fit`` and ``predict_proba``, or the path of a saved model; left out, a random forest of scikit-learn.
    seed
        Of whatever is left to chance. The same labels, seed and features give the same forest.
    shade
        A class, to show its probability in place of the uncertainty.
    max_voxels
        Labelled voxels to train on at most.
    voxel_size, unit, origin
        As for :func:`render_volume`; left out, as the volume is shown.
    memory, folder
        Bytes that the prediction may take in memory; a larger one is kept in a file in `folder` (the system's for
        temporary files).
    threads
        How many predict at once; left out, one a processor.
    background
        Whether what nobody looks at is predicted too.
    cluster
        A client of `distributed`, whose workers predict.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((20, 30, 40), "uint8"); image[:, 15:] = 200
    >>> scribbles = np.zeros(image.shape, "uint8")
    >>> scribbles[10, 5, 5:30] = 1; scribbles[10, 25, 5:30] = 2
    >>> learner = learn(image, scribbles, name="halves")  # doctest: +SKIP
    >>> learner.train()  # doctest: +SKIP
    """
    refuse_unknown("learn", unknown, _OPTIONS)
    if view is not None and instance is None:
        instance = view.instance
    if not hasattr(labels, "shape"):
        text = f"labels is a {type(labels).__name__}."
        raise ParameterError(text, "Give an array of the volume's shape, or view.labels(name).")
    place = instance_for(instance, "learn")
    image = shown_image(volume, place, voxel_size=voxel_size, unit=unit, origin=origin, fallback_name=caller_name(volume))
    keywords = {"memory": memory, "folder": folder, "threads": threads, "background": background}
    return Learner(
        image, labels, place, name=name, features=features, model=model, seed=seed, shade=shade, max_voxels=max_voxels, view=view,
        cluster=cluster, keywords=keywords,
    )
