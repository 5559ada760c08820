"""A prediction that is shown while it is made: what is looked at first, and the old one until the new one is there."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError, VoxbeamError
from voxbeam.geometry import BRICK_EDGE, BRICK_HALO, brick_grid, level_count, level_shape
from voxbeam.learning.classifier import CancelledError
from voxbeam.learning.pixel_predictor import label_dtype
from voxbeam.learning.plane_tiles import plane_tiles
from voxbeam.learning.predicted_levels import MEMORY_BYTES, PredictedLevels, brick_box
from voxbeam.learning.prediction_source import PredictedSource
from voxbeam.learning.prediction_wants import PredictionWants, Work
from voxbeam.producer.switch_interval import short_turns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from voxbeam.geometry import Box, Shape, Vec3
    from voxbeam.learning.pixel_predictor import Predictor

log = logging.getLogger("voxbeam.learning")

#: How far its threads stand back, on Linux: who draws comes first.
NICENESS = 5
#: A coarse brick that stands for more bricks than this wants none of them first.
MAX_UNDER = 512


class Prediction:
    """Labels and a shade (uncertainty, or the probability of a class) of every voxel, made when and where they are looked at.

    Array-like: ``prediction[z0:z1, y0:y1, x0:x1]`` gives labels, and predicts first what is missing of them. Safe from any
    thread.

    Attributes
    ----------
    shape : tuple of int
        z, y, x.
    classes : tuple of int
        The labels that it tells apart.
    labels, shade : PredictedSource
        As volumes.
    failure : VoxbeamError, optional
        Why it stopped, where it did.

    Parameters
    ----------
    memory
        Bytes that results may take in memory, see :class:`PredictedLevels`; folder is where the file of larger ones goes.
    threads
        How many predict at once.
    background
        Whether what nobody looks at is predicted too.
    """

    def __init__(
        self, shape: Shape, classes: Sequence[int], *, memory: int = MEMORY_BYTES, folder: str | None = None,
        threads: int | None = None, background: bool = True, name: str = "prediction", shade_name: str = "uncertainty",
        **place: Any,
    ) -> None:
        self.shape = shape
        self.classes = tuple(classes)
        self.dtype = label_dtype(self.classes)
        self._lock = threading.RLock()
        self._news = threading.Condition(self._lock)
        self._levels = PredictedLevels(shape, self.dtype, memory=memory, folder=folder, lock=self._lock)
        self._wants = PredictionWants(self._levels.grid, lambda brick: bool(self._levels.version[brick] == self.version))
        self._background = background
        self._predictor: Predictor | None = None
        self._round = 0
        self._idle = True
        #: Number of the model whose prediction it is; 0: none yet.
        self.version = 0
        self.failure: VoxbeamError | None = None
        self._planes_left = 0
        self._live = True
        self._threads = threads or min(os.cpu_count() or 1, 8)
        self._started = False
        count = level_count(shape)
        self.labels = PredictedSource(
            lambda level, box: self._read("labels", level, box), count, shape=shape, dtype=self.dtype, kind="labels", name=name,
            **place,
        )
        self.shade = PredictedSource(
            lambda level, box: self._read("shade", level, box), count, shape=shape, dtype=np.dtype(np.uint8), name=shade_name,
            window=(0.0, 255.0), colormap="magma", **place,
        )

    @property
    def voxel_size(self) -> Vec3:
        """Edge lengths of a voxel, z, y, x."""
        return self.labels.voxel_size

    # What it is told

    def renew(self, predictor: Predictor, focus: Sequence[int] | None = None) -> int:
        """Predict everything anew with another model; what is under way is given up. Returns the number of the model.

        Parameters
        ----------
        focus
            Voxel (z, y, x) whose three slices are looked at: they are predicted first, and then outwards from there.

        Raises
        ------
        ParameterError
            The model knows other classes than this was made for.
        """
        unknown = sorted(set(predictor.classes) - set(self.classes))
        if unknown:
            raise ParameterError(f"The model has the class {unknown[0]}.", f"This prediction is of {self.classes}.")
        looked_at = [n // 2 for n in self.shape] if focus is None else focus
        at = [min(max(int(i), 0), n - 1) for i, n in zip(looked_at, self.shape, strict=True)]
        planes = plane_tiles(self.shape, at)
        with self._lock:
            self._predictor = predictor
            self.version += 1
            self._round += 1
            self._idle, self.failure = False, None
            self._planes_left = len(planes)
            self._wants.renew(planes, tuple(i / BRICK_EDGE for i in at), self._round, background=self._background)
            self._news.notify_all()
        whole = tuple((0, n) for n in self.shape)
        if self.version > 1:
            self._tell(whole)  # type: ignore[arg-type]
        self._start()
        return self.version

    def look_at(self, voxel: Sequence[float]) -> None:
        """Somebody looks at the slices through a voxel (z, y, x): those are predicted next."""
        at = [min(max(round(i), 0), n - 1) for i, n in zip(voxel, self.shape, strict=True)]
        with self._lock:
            planes = [] if self._idle else [box for box in plane_tiles(self.shape, at) if not self._is_known(box)]
            self._planes_left += len(planes)
            self._wants.add_planes(planes)

    def cancel(self) -> None:
        """Predict nothing more by itself until there is another model; what is known stays."""
        with self._lock:
            self._idle = True
            self._round += 1
            self._planes_left = 0
            self._wants.renew([], (0.0, 0.0, 0.0), self._round, background=False)
            self._news.notify_all()

    def close(self) -> None:
        """Its threads end. What is known can still be read."""
        with self._lock:
            self._live = False
            self._wants.close()
            self._news.notify_all()

    # What it tells

    @property
    def progress(self) -> tuple[int, int]:
        """Bricks of level 0 that the model of now has predicted, and all of them."""
        done = self._levels.version == self.version
        return (int(done.sum()) if self.version else 0), done.size

    def wait(self, timeout: float | None = None, *, slices: bool = False) -> None:
        """Wait until all is predicted; with `slices`, until those that are looked at are.

        Raises
        ------
        VoxbeamError
            A part could not be predicted.
        TimeoutError
            It took longer than `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        with self._news:
            while not (self._planes_left == 0 if slices else self.progress[0] == self.progress[1]):
                if self.failure is not None:
                    raise self.failure
                if self._idle or not self._live:
                    raise VoxbeamError("Nothing is predicted now.", "Train a model first.")
                left = 0.5 if end is None else end - time.monotonic()
                if left <= 0:
                    text = f"{self.progress[0]} of {self.progress[1]} bricks are predicted after {timeout} s."
                    raise TimeoutError(text)
                self._news.wait(min(left, 0.5))

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Labels of a box; what is missing of them is predicted in this thread."""
        parts = [*(index if isinstance(index, tuple) else (index,))]
        if Ellipsis in parts:
            at = parts.index(Ellipsis)
            parts[at : at + 1] = [slice(None)] * (4 - len(parts))
        parts += [slice(None)] * (3 - len(parts))
        whole = [part if isinstance(part, slice) else slice(int(part), int(part) + 1 or None) for part in parts]
        z, y, x = ((low, max(low, high)) for low, high, _ in (part.indices(n) for part, n in zip(whole, self.shape, strict=True)))
        self.ensure((z, y, x))
        block = self._levels.read("labels", 0, (z, y, x))
        steps = tuple(slice(None, None, part.step) if isinstance(part, slice) else 0 for part in parts)
        found: NDArray[Any] = block[steps]
        return found

    def ensure(self, box: Box) -> None:
        """Predict in this thread what is missing of a box."""
        for brick in bricks_of(box):
            with self._lock:
                predictor, version = self._predictor, self.version
                done = self._levels.version[brick] == version
            if done:
                continue
            if predictor is None:
                raise VoxbeamError("Nothing is predicted yet.", "Train a model first.")
            labels, shade = predictor.predict(brick_box(self.shape, brick, BRICK_HALO), lambda: None)
            self._keep(Work("brick", None, brick, 0), labels, shade, version)

    def most_uncertain(self, *, within: NDArray[Any] | None = None) -> tuple[Shape, float] | None:
        """The voxel (z, y, x) in whose surroundings the shade is nearest to not knowing, of those predicted.

        Parameters
        ----------
        within
            Mask of the level that is looked at, see `uncertainty`: other places are not taken.

        Returns
        -------
        tuple or None
            Voxel, and the uncertainty 0 to 1 as a mean over 8³ voxels (fewer in small volumes); None where nothing is predicted.
        """
        found = self.uncertainty()
        if within is not None:
            found = np.where(within, found, -1)
        at = np.unravel_index(int(found.argmax()), found.shape)
        if found[at] < 0:
            return None
        scale = 2**self._summary
        z, y, x = (min(int((i + 0.5) * scale), n - 1) for i, n in zip(at, self.shape, strict=True))
        return (z, y, x), float(found[at])

    def uncertainty(self) -> NDArray[np.float32]:
        """Means of the uncertainty (0 to 1) over 8³ voxels; −1 where it is not predicted."""
        level = self._summary
        with self._lock:
            shade = self._levels.array("shade", level).astype(np.float32) / 255
            shape = level_shape(self.shape, level)
            places = [(np.arange(n) << level) // BRICK_EDGE for n in shape]
            known = (self._levels.version == self.version)[np.ix_(*places)] & (self.version > 0)
        if self.shade.name != "uncertainty" and not self.shade.name.endswith(" uncertainty"):
            shade = 1 - np.abs(2 * shade - 1)
        return np.where(known, shade, np.float32(-1))

    @property
    def _summary(self) -> int:
        return min(3, level_count(self.shape) - 1)

    def __repr__(self) -> str:
        done, whole = self.progress
        trouble = f", failed: {self.failure}" if self.failure else ""
        return f"<Prediction {self.labels.name!r} of classes {self.classes}, {done} of {whole} bricks{trouble}>"

    # For viewers

    def _read(self, kind: str, level: int, box: Box) -> NDArray[Any]:
        if not self._idle:
            low, high = zip(*box, strict=True)
            # A brick is asked for with its halo: what is wanted is the brick.
            inner = tuple(
                (a + (BRICK_HALO if a else 0), max(b - (BRICK_HALO if b < n else 0), a + 1))
                for a, b, n in zip(low, high, level_shape(self.shape, level), strict=True)
            )
            fine = tuple((a << level, min(b << level, n)) for (a, b), n in zip(inner, self.shape, strict=True))
            under = list(bricks_of(fine)) if 8**level <= MAX_UNDER else []  # type: ignore[arg-type]
            self._wants.want(under, level)
        return self._levels.read(kind, level, box)

    def _is_known(self, box: Box) -> bool:
        return all(self._levels.version[brick] == self.version for brick in bricks_of(box))

    def _tell(self, box: Box) -> None:
        self.labels.changes.tell(box)
        self.shade.changes.tell(box)

    # Its threads

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        for number in range(self._threads):
            threading.Thread(target=self._run, name=f"voxbeam-predict-{number}", daemon=True).start()

    def _run(self) -> None:
        if sys.platform == "linux":  # where each thread has a priority
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while self._live:
            work = self._wants.take()
            if work is None:
                return
            with self._lock:
                predictor, version = self._predictor, self.version
                stale = work.round != self._round
            if predictor is None or stale or self.failure is not None:
                continue
            try:
                with short_turns():  # several threads, and many short calls into NumPy
                    self._predict(work, predictor, version)
            except CancelledError:
                continue
            except Exception as error:
                if work.round != self._round:
                    continue
                log.exception("a part of %r could not be predicted", self.labels.name)
                known = isinstance(error, VoxbeamError)
                text = f"The prediction failed: {type(error).__name__}: {error}."
                with self._news:
                    self.failure = error if known else VoxbeamError(text)  # type: ignore[assignment]
                    self._news.notify_all()

    def _predict(self, work: Work, predictor: Predictor, version: int) -> None:
        def check() -> None:
            if work.round != self._round or not self._live:
                raise CancelledError

        box = work.box or brick_box(self.shape, work.brick or (0, 0, 0), BRICK_HALO)
        labels, shade = predictor.predict(box, check)
        with self._lock:
            check()
            self._keep(work, labels, shade, version)

    def _keep(self, work: Work, labels: NDArray[Any], shade: NDArray[np.uint8], version: int) -> None:
        """Write what was predicted and tell of it, unless there is another model by now."""
        box = work.box or brick_box(self.shape, work.brick or (0, 0, 0), BRICK_HALO)
        with self._news:
            if version != self.version:
                return
            self._levels.write(box, labels, shade)
            if work.brick is None:
                self._planes_left = max(self._planes_left - 1, 0)
                self._levels.plane_done(box, version)
            else:
                self._levels.brick_done(work.brick, version)
            self._news.notify_all()
        self._tell(box if work.brick is None else told_box(self.shape, work.brick))


def bricks_of(box: Box) -> Iterable[Shape]:
    """The bricks of level 0 that hold voxels of a box."""
    z, y, x = (range(low // BRICK_EDGE, -(-high // BRICK_EDGE)) for low, high in box)
    return ((i, j, k) for i in z for j in y for k in x)


def told_box(shape: Shape, brick: Shape) -> Box:
    """What to say has changed of a brick so that only that one is made anew: others have in their halo what they had."""
    grid = brick_grid(shape, 0)
    z, y, x = (
        (low + (1 if i else 0), max(high - (1 if i < g - 1 else 0), low + 2 if i else low + 1))
        for (low, high), i, g in zip(brick_box(shape, brick), brick, grid, strict=True)
    )
    return tuple((a, min(b, n)) if a < n else (n - 1, n) for (a, b), n in zip((z, y, x), shape, strict=True))  # type: ignore[return-value]
