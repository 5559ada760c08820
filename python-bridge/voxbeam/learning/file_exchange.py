"""A file that another program takes part by: it is written after each change here, and read when somebody else has written it."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import numpy as np

from voxbeam.errors import ParameterError, VoxbeamError
from voxbeam.keywords import refuse_unknown
from voxbeam.learning.accept import bricks_in

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from typing_extensions import Self

    from voxbeam.exchange.endpoint import ExchangeEndpoint
    from voxbeam.geometry import Box

log = logging.getLogger("voxbeam.learning")

#: How often the file is looked at.
LOOK_SECONDS = 0.5
#: How long something must be left alone before it is written, or read.
CALM_SECONDS = 0.3


class _Side(Protocol):
    """What is kept the same as a file."""

    def write(self, path: Path) -> None: ...
    def read(self, path: Path) -> tuple[int, int]: ...


class FileExchange:
    """Made by :func:`send`. Its work is done on a thread of its own.

    Attributes
    ----------
    path : pathlib.Path
    written, read : int
        How often the file was written, and taken over.
    taken, conflicts : int
        Voxels or annotations that came from the file; bricks that had been changed here too, where what was drawn here stayed.
    failure : VoxbeamError, optional
        Why the last exchange failed; the next one tries again.
    """

    def __init__(self, side: _Side, path: Path, listen: Callable[[Callable[..., None]], Callable[[], None]]) -> None:
        self.path = path
        self.written = self.read = self.taken = self.conflicts = 0
        self.failure: VoxbeamError | None = None
        self._side = side
        self._seen: tuple[int, ...] | None = None
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._changed.set()
        self._unlisten = listen(lambda *_: self._changed.set())
        self._thread = threading.Thread(target=self._run, name="voxbeam-exchange", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it: the file stays as it is."""
        self._unlisten()
        self._ended.set()
        self._changed.set()
        if self._thread is not threading.current_thread():
            self._thread.join(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        trouble = f", failed: {self.failure}" if self.failure else ""
        return f"<FileExchange {str(self.path)!r}, written {self.written} times, read {self.read}{trouble}>"

    def _run(self) -> None:
        while not self._ended.is_set():
            self._changed.wait(LOOK_SECONDS)
            self._ended.wait(CALM_SECONDS)
            if self._ended.is_set():
                return
            try:
                # What somebody else has written is taken first: writing would lose it.
                now = signature(self.path)
                if self._seen is not None and now not in (None, self._seen):
                    self._take(now)
                if self._changed.is_set() or now is None:
                    self._changed.clear()
                    self._side.write(self.path)
                    self._seen = signature(self.path)
                    self.written += 1
                    self.failure = None
            except VoxbeamError as error:
                self._fail(error)
            except Exception as error:  # whatever a format's library raises; the exchange goes on
                log.exception("the exchange by %s failed", self.path)
                self._fail(VoxbeamError(f"{type(error).__name__}: {error}"))

    def _take(self, now: tuple[int, ...] | None) -> None:
        self._ended.wait(CALM_SECONDS)
        if signature(self.path) != now:
            return  # it is being written
        self._seen = now
        taken, conflicts = self._side.read(self.path)
        self.taken += taken
        self.conflicts += conflicts
        if conflicts:
            self._changed.set()
        self.read += 1
        self.failure = None

    def _fail(self, error: VoxbeamError) -> None:
        if self.failure is None or self.failure.message != error.message:
            log.warning("the exchange by %s failed: %s", self.path, error)
        self.failure = error


class LabelSide:
    """Voxel labels, in any format that :func:`voxbeam.export_labels` writes as one file."""

    def __init__(self, labels: Any) -> None:
        self._labels = labels
        self._since = 0

    def write(self, path: Path) -> None:
        """All of them as they are now."""
        from voxbeam.formats import export_labels  # noqa: PLC0415

        self._since = int(self._labels.changes(self._since).seq)
        export_labels(self._labels, path, overwrite=True, progress=False)

    def read(self, path: Path) -> tuple[int, int]:
        """Take over what differs, but for bricks that were changed here since the file was written."""
        from voxbeam.formats import import_labels  # noqa: PLC0415

        labels = self._labels
        theirs = import_labels(path, volume=labels)
        news = labels.changes(self._since)
        ours = [tuple(zip(region.start, region.stop, strict=True)) for region in news.boxes]
        taken = conflicts = 0
        for brick in bricks_in(tuple((0, n) for n in labels.shape)):  # type: ignore[arg-type]
            where = tuple(slice(*span) for span in brick)
            new, held = np.asarray(theirs[where]), np.asarray(labels[where])
            differing = new != held
            if not differing.any():
                continue
            if any(_meet(brick, box) for box in ours):
                conflicts += 1
                continue
            labels[where] = np.where(differing, new, held).astype(held.dtype)
            taken += int(differing.sum())
        return taken, conflicts


class AnnotationSide:
    """Vector annotations, as ``.json`` or ``.arrow``."""

    def __init__(self, annotations: Any) -> None:
        self._annotations = annotations

    def write(self, path: Path) -> None:
        """All of them as they are now."""
        self._annotations.save(path)

    def read(self, path: Path) -> tuple[int, int]:
        """Take over those that are new or others in the file; none is removed."""
        from voxbeam.annotation.files import load_file  # noqa: PLC0415

        here = {one.id: one for one in self._annotations}
        news = [one for one in load_file(path).annotations if here.get(one.id) != one]
        self._annotations.merge(news, clash="replace")
        return len(news), 0


def send(what: Any, *, to: str | os.PathLike[str], **unknown: NoReturn) -> FileExchange | ExchangeEndpoint:
    """Let another program take part by a file: written now and after each change, taken over when that program writes it.

    Or by HTTP and WebSocket, where ``to`` is an address: that program then reads and writes regions or annotations as it likes,
    and hears of changes as they happen; ``docs/exchange.md`` has the protocol.

    Parameters
    ----------
    what
        ``view.labels(name)``, or ``view.annotations``.
    to
        Path of the file; its ending says the format. Labels: ``.nii.gz``, ``.tif``, ``.seg.nrrd`` and what else
        :func:`export_labels` writes; annotations: ``.json`` or ``.arrow``. What is there is overwritten. Or
        ``"http://127.0.0.1:PORT"``, port 0 for a free one.

    Returns
    -------
    FileExchange or ExchangeEndpoint
        Going on until it is closed. The former says how often the file was written and read, and why an exchange failed; the
        latter has the ``url`` and ``token`` that the other program needs.

    Raises
    ------
    ParameterError
        It does not tell of its changes, the folder is not there, or the address is not on this machine's loopback.

    Notes
    -----
    Of labels, what differs in the file is written as edits of this kernel. A brick that was changed here too since the file
    was written stays as it is, and is counted as a conflict; the file is then written again. Of annotations, new and other ones
    are taken, and none is removed.
    """
    refuse_unknown("send", unknown, ("to",))
    if isinstance(to, str) and "://" in to:
        return _endpoint(what, to)
    path = Path(to).expanduser().absolute()
    if not path.parent.is_dir():
        raise ParameterError(f"There is no folder {str(path.parent)!r}.", "Make it first, or give another path.")
    _refuse_silent(what)
    if hasattr(what, "changes"):
        return FileExchange(LabelSide(what), path, what.on_change)
    return FileExchange(AnnotationSide(what), path, what.on_change)


def _refuse_silent(what: Any) -> None:
    if not hasattr(what, "on_change"):
        text = f"A {type(what).__name__} does not tell of its changes."
        raise ParameterError(text, "Give view.labels(name) or view.annotations.")


def _endpoint(what: Any, address: str) -> ExchangeEndpoint:
    from voxbeam.exchange.annotation_routes import AnnotationRoutes  # noqa: PLC0415  a server is for those who want one
    from voxbeam.exchange.endpoint import open_endpoint  # noqa: PLC0415
    from voxbeam.exchange.label_routes import LabelRoutes  # noqa: PLC0415

    _refuse_silent(what)
    return open_endpoint(LabelRoutes(what) if hasattr(what, "changes") else AnnotationRoutes(what), address)


def signature(path: Path) -> tuple[int, ...] | None:
    """What tells one state of a file from another; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _meet(a: Box, b: Any) -> bool:
    return all(low < other_high and other_low < high for (low, high), (other_low, other_high) in zip(a, b, strict=True))
