"""The closed loop: scribble, train, look at the prediction, correct, train again."""

from __future__ import annotations

import html
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from voxbeam.errors import ParameterError, VoxbeamError
from voxbeam.learning.accept import accept_prediction
from voxbeam.learning.block_reader import same_shape
from voxbeam.learning.classifier import CancelledError, apart, checked_classifier, default_classifier, ready_for_threads
from voxbeam.learning.features import Features
from voxbeam.learning.followed_labels import FollowedLabels
from voxbeam.learning.model_file import load_model, save_model
from voxbeam.learning.pixel_predictor import PixelModel, PixelPredictor
from voxbeam.learning.prediction import Prediction
from voxbeam.learning.shown_prediction import follow_view, move_view, show_prediction, view_voxel
from voxbeam.learning.strokes import find_cells, find_strokes
from voxbeam.learning.training import SampleRows, Training, judge, train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from typing_extensions import Self

    from voxbeam.geometry import Box, Shape
    from voxbeam.instance import Instance
    from voxbeam.learning.block_reader import BlockReader

#: Labelled voxels that are trained on at most; of more, some are taken by chance.
MAX_VOXELS = 100_000
#: Places within so many voxels of one that was visited are not offered again.
VISITED_VOXELS = 32


class Learner:
    """Made by :func:`voxbeam.learn`. All methods may be called from any thread.

    Attributes
    ----------
    model
        The classifier; fitted once it was trained.
    training : Training, optional
        What it was trained on last, and its score.
    prediction : Prediction, optional
        What it says of every voxel; there from the first training on.
    seed, features
        As they were given.
    """

    def __init__(
        self, image: BlockReader, labels: Any, instance: Instance | None, *, name: str, features: Features | None, model: Any,
        seed: int, shade: int | None, max_voxels: int, view: Any, cluster: Any, keywords: dict[str, Any],
    ) -> None:
        same_shape(labels.shape, image, "The labels")
        self._image = image
        self._labels = labels
        self._changes = FollowedLabels(labels)
        self._instance = instance
        self._name = name
        self._shade = shade
        self._max_voxels = max_voxels
        self._cluster = cluster
        self._keywords = keywords
        self._view: Any = None
        self._unfollow: Callable[[], None] | None = None
        self._busy = threading.Lock()
        self._stop = threading.Event()
        self._visited: list[Shape] = []
        self._closers: list[Callable[[], None]] = []
        self.seed = seed
        self.training: Training | None = None
        self.prediction: Prediction | None = None
        self.features = features or Features()
        loaded = isinstance(model, (str, os.PathLike))
        if loaded:
            self.model, self.features, said = load_model(model)
            self.training = Training(**{**said, **{key: {int(i): v for i, v in said[key].items()} for key in _BY_CLASS}})
        else:
            self.model = default_classifier(seed) if model is None else checked_classifier(model)
        self._rows = SampleRows(image, self.features)
        if view is not None:
            self.follow_view(view)
        if loaded:
            self._show()

    # Training

    def train(self, *, warm_start: bool = False, progress: bool = True, score: bool = True) -> Training:
        """Train on all voxels labelled now, and predict anew: the slices that are looked at first.

        Features are computed for voxels that were not labelled before, and for those only.

        Parameters
        ----------
        warm_start
            Keep half of the forest's trees, the younger ones, and grow as many new ones: half the time. Only where the
            classes are the same; of other models, what their own `warm_start` does.
        progress
            Show a bar where it takes longer than a second.
        score
            Train another one without some strokes, beside the prediction, to say how many of their voxels it knows.

        Returns
        -------
        Training
            Classes with their counts, the score, and all it takes to do it again.

        Raises
        ------
        ParameterError
            There are fewer than two classes, or a label that cannot be learnt.
        VoxbeamError
            It was cancelled, or the model failed.
        """
        from voxbeam.progress import Progress  # noqa: PLC0415

        with self._busy, Progress("Training", patience=1.0 if progress else float("inf")) as bar:
            self._stop.clear()

            def tell(done: int, total: int) -> None:
                self._check()
                bar.update(done, total)

            try:
                began = time.perf_counter()
                known = self._changes.gather()
                voxels = known.limited(self._max_voxels, self.seed)
                stroke = find_strokes(voxels) if len(voxels) == len(known) else find_cells(voxels)
                rows = self._rows.of(voxels, self._check)
                model = self.model if self.prediction is None else apart(self.model)
                training = train(
                    model, voxels, rows, self.features, stroke, seed=self.seed, keep=warm_start, began=began, tell=tell,
                )
                self.model, self.training = model, training
                self._show()
                if score:
                    judge(training, model, voxels, rows, stroke, tell=tell)
            except CancelledError:
                raise VoxbeamError("The training was cancelled.", "What was predicted before is still shown.") from None
            except VoxbeamError:
                raise
            except Exception as error:
                text = f"The model {type(self.model).__name__} failed: {type(error).__name__}: {error}."
                raise VoxbeamError(text, "It is given rows of float32 features and a label for each.") from error
            return training

    def cancel(self) -> None:
        """Give up the training that is under way, and all that is still to be predicted."""
        self._stop.set()
        if self.prediction is not None:
            self.prediction.cancel()

    def follow(self, *, seconds: float = 0.5) -> Self:
        """Train again by itself whenever labels have changed, once they have been left alone for so many seconds.

        Raises
        ------
        ParameterError
            The labels are an array that does not tell of changes: call `train` then.
        """
        if not hasattr(self._labels, "on_change"):
            text = f"The labels are a {type(self._labels).__name__}, which does not tell of changes."
            raise ParameterError(text, "Give the labels of a view, view.labels(name), or call train() after each change.")
        changed = threading.Event()
        ended = threading.Event()

        def run() -> None:
            while not ended.is_set():
                changed.wait()
                while changed.is_set() and not ended.is_set():
                    changed.clear()
                    changed.wait(seconds)
                if not ended.is_set():
                    self._train_quietly()

        def end() -> None:
            ended.set()
            changed.set()

        def told(_event: Any = None) -> None:
            self.cancel()  # what is trained on, and predicted from, is out of date
            changed.set()

        self._closers += [self._labels.on_change(told), end]
        threading.Thread(target=run, name="voxbeam-learner", daemon=True).start()
        return self

    def _train_quietly(self) -> None:
        from voxbeam.learning.prediction import log  # noqa: PLC0415

        try:
            self.train(warm_start=True, progress=False)
        except VoxbeamError as error:
            log.info("not trained: %s", error)

    # What comes of it

    def most_uncertain(self, view: Any = None) -> dict[str, Any] | None:
        """Take the view to the place that the model is least certain of, another one each time.

        Parameters
        ----------
        view
            Which one; left out, the one it was made for, if any.

        Returns
        -------
        dict or None
            ``voxel`` (z, y, x), ``world`` (x, y, z) and ``uncertainty`` (0 to 1); None where nothing is left, or nothing is
            predicted yet.
        """
        from voxbeam.geometry import voxel_to_world  # noqa: PLC0415

        if self.prediction is None:
            return None
        prediction = self.prediction
        found = prediction.uncertainty()
        scale = [n / m for n, m in zip(prediction.shape, found.shape, strict=True)]
        grids = np.ogrid[tuple(slice(0, n) for n in found.shape)]
        free = np.ones(found.shape, bool)
        for place in self._visited:
            free &= sum(((g + 0.5) * s - p) ** 2 for g, s, p in zip(grids, scale, place, strict=True)) > VISITED_VOXELS**2
        best = prediction.most_uncertain(within=free)
        if best is None:
            return None
        voxel, uncertainty = best
        self._visited.append(voxel)
        image = self._image
        shown = view or self._view
        if shown is not None:
            move_view(shown, voxel, image.voxel_size, image.origin)
        return {"voxel": voxel, "world": voxel_to_world(voxel, image.voxel_size, image.origin), "uncertainty": uncertainty}

    def accept(
        self, box: Box | Sequence[Sequence[int]] | None = None, *, labels: Any = None, classes: Iterable[int] | None = None,
        write: Literal["empty", "all"] = "empty",
    ) -> int:
        """Make predicted labels labels, brick by brick; returns how many voxels that were.

        Parameters
        ----------
        box
            Half-open ranges ``((z0, z1), (y0, y1), (x0, x1))``; all of the volume where left out.
        labels
            Where to write: an array-like of the same shape; left out, the labels that it learns from.
        classes
            Which of the predicted ones; all where left out.
        write
            ``"empty"``: where nothing is labelled; ``"all"``: over what is.
        """
        if self.prediction is None:
            raise VoxbeamError("Nothing is predicted yet.", "Train first.")
        target = self._labels if labels is None else labels
        same_shape(target.shape, self._image, "The labels")
        return accept_prediction(self.prediction, target, box, classes=classes, write=write)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the model with its features, parameters, seed and score to a file, without pickle (skops).

        ``rv.learn(volume, labels, model=path)`` reads it.
        """
        if self.training is None:
            raise VoxbeamError("There is nothing to save: the model was not trained.", "Train first.")
        save_model(path, self.model, self.features, self.training.to_dict())
        return Path(path)

    def follow_view(self, view: Any) -> None:
        """Predict the slices of this view first, from now on."""
        if self._unfollow is not None:
            self._unfollow()

        def look(voxel: Sequence[float]) -> None:
            if self.prediction is not None:
                self.prediction.look_at(voxel)

        self._view = view
        self._unfollow = follow_view(view, self._image.voxel_size, self._image.origin, look)

    def close(self) -> None:
        """Give up what is under way and follow nothing any more. What is shown stays, and can be read."""
        self._stop.set()
        for one in self._closers:
            one()
        self._closers = []
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None
        if self.prediction is not None:
            self.prediction.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "not trained yet" if self.training is None else str(self.training)
        if self.prediction is not None:
            done, whole = self.prediction.progress
            state += f"; {done} of {whole} bricks predicted"
        return f"<Learner of {self._image.name!r}: {state}>"

    def _repr_html_(self) -> str:
        return f"<div>{html.escape(repr(self)[1:-1])}</div>"

    # Inside

    def _check(self) -> None:
        if self._stop.is_set():
            raise CancelledError

    def _show(self) -> None:
        image = self._image
        classes = tuple(int(one) for one in self.model.classes_)
        if self._shade is not None and self._shade not in classes:
            raise ParameterError(f"shade is {self._shade!r}.", f"Give None for the uncertainty, or one of {classes}.")
        model = PixelModel(self.features, ready_for_threads(self.model), classes, self._shade)
        predictor = PixelPredictor(image, model, self._cluster)
        prediction = self.prediction
        if prediction is None or not set(classes) <= set(prediction.classes):
            kind = "uncertainty" if self._shade is None else f"probability of {self._shade}"
            prediction = Prediction(
                image.shape, classes, name=self._name, shade_name=f"{self._name} {kind}", voxel_size=image.voxel_size,
                unit=image.unit, origin=image.origin, **self._keywords,
            )
        focus = view_voxel(self._view, image.voxel_size, image.origin)
        prediction.renew(predictor, focus)
        self._visited = []
        if prediction is not self.prediction:
            before, self.prediction = self.prediction, prediction
            if self._instance is not None:
                show_prediction(prediction, self._instance)
            if before is not None:
                before.close()


_BY_CLASS = ("counts", "strokes", "recalls", "held_out")
