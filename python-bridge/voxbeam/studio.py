"""Pictures and movies that a page makes for the kernel."""

from __future__ import annotations

import asyncio
import itertools
import math
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, Any, Literal, get_args

from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

SCREENSHOT_SECONDS = 30.0
#: A picture of another size waits for all that it should show.
SIZED_SECONDS = 180.0
#: A movie that made no frame for this long is given up.
MOVIE_STALL_SECONDS = 120.0
MIN_EDGE, MAX_EDGE = 16, 16_384
MAX_FRAMES = 3600
MovieKind = Literal["turntable", "time"]
MovieFormat = Literal["webm", "mp4"]


class Screenshot:
    """A picture on its way from the page: ``await`` it, or ask for its :meth:`result`."""

    def __init__(self, future: Future[bytes], seconds: float = SCREENSHOT_SECONDS) -> None:
        self._future = future
        self._seconds = seconds

    def __await__(self) -> Generator[Any, None, bytes]:
        return asyncio.wait_for(asyncio.wrap_future(self._future), self._seconds).__await__()

    def result(self, timeout: float | None = None) -> bytes:
        """PNG bytes, waiting up to ``timeout`` seconds.

        While a cell runs the kernel may not hear the page, so that waiting for it in the same cell cannot
        end: there, ``await view.screenshot()``.
        """
        seconds = self._seconds if timeout is None else timeout
        try:
            return self._future.result(seconds)
        except (TimeoutError, FutureTimeoutError) as error:
            msg = (
                f"no picture from the page within {seconds:g} s: show the view in a cell first, "
                "and in a running cell write `await view.screenshot()`"
            )
            raise TimeoutError(msg) from error


class Movie:
    """A movie on its way from the page: ``await`` it, or ask for its :meth:`result`.

    Attributes
    ----------
    done : float
        Share of its frames that are made, 0 to 1.
    """

    def __init__(self, future: Future[bytes], cancel: Callable[[], None]) -> None:
        self._future = future
        self._cancel = cancel
        self._alive = threading.Event()
        self.done = 0.0

    def __await__(self) -> Generator[Any, None, bytes]:
        return self._wait().__await__()

    def result(self) -> bytes:
        """The file's bytes, waiting for as long as frames are made; not in the cell that shows the view: there, ``await`` it."""
        while True:
            try:
                return self._future.result(MOVIE_STALL_SECONDS)
            except (TimeoutError, FutureTimeoutError) as error:
                self._check_alive(error)

    def cancel(self) -> None:
        """Stop making it. What waits for it gets an error."""
        self._cancel()
        self._future.cancel()

    def progressed(self, done: float) -> None:
        """Note that the page made a frame."""
        self.done = done
        self._alive.set()

    async def _wait(self) -> bytes:
        while True:
            waited = asyncio.shield(asyncio.wrap_future(self._future))
            try:
                return await asyncio.wait_for(waited, MOVIE_STALL_SECONDS)
            except (TimeoutError, asyncio.TimeoutError) as error:
                self._check_alive(error)

    def _check_alive(self, error: BaseException) -> None:
        if not self._alive.is_set():
            msg = f"the page made no frame of the movie for {MOVIE_STALL_SECONDS:g} s: show the view in a cell first"
            raise TimeoutError(msg) from error
        self._alive.clear()


class Studio:
    """What a view has asked its pages to make. A view may be shown by several pages: the first complete answer counts.

    Parameters
    ----------
    send
        Sends a message to the view's pages.
    """

    def __init__(self, send: Callable[..., object]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[str, tuple[Future[bytes], Movie | None]] = {}
        self._parts: dict[tuple[str, str], dict[int, bytes]] = {}

    def picture(self, size: Mapping[str, int] | None) -> Screenshot:
        """Ask for a picture; of a size where one is given."""
        future: Future[bytes] = Future()
        name = self._expect(future, None)
        self._tell({"t": "screenshot", "id": name, **({"size": dict(size)} if size else {})})
        return Screenshot(future, SIZED_SECONDS if size else SCREENSHOT_SECONDS)

    def movie(self, options: Mapping[str, Any]) -> Movie:
        """Ask for a movie."""
        future: Future[bytes] = Future()
        movie = Movie(future, lambda: self._tell({"t": "cancel", "id": name}))
        name = self._expect(future, movie)
        self._tell({"t": "movie", "id": name, "options": dict(options)})
        return movie

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        """Take what a page sends: progress, a part, or why there is nothing."""
        name, page = str(content.get("id")), str(content.get("page"))
        with self._lock:
            future, movie = self._waiting.get(name, (None, None))
            if future is None or future.done():
                return  # a second page of the same view, or something no longer waited for
            if "done" in content and movie is not None:
                movie.progressed(float(content["done"]) / max(1.0, float(content.get("of", 1))))
                return
            parts = self._parts.setdefault((name, page), {})
            if buffers:
                parts[int(content.get("part", 0))] = bytes(buffers[0])
                if len(parts) < int(content.get("parts", 1)):
                    return
            self._forget(name)
        if buffers:
            future.set_result(b"".join(parts[i] for i in sorted(parts)))
        else:
            future.set_exception(RuntimeError(str(content.get("error", "the page could not take a picture"))))

    def close(self) -> None:
        """Give up on everything asked for."""
        with self._lock:
            waiting = list(self._waiting.values())
            self._waiting.clear()
            self._parts.clear()
        for future, _ in waiting:
            future.cancel()

    def _expect(self, future: Future[bytes], movie: Movie | None) -> str:
        with self._lock:
            name = f"picture-{next(self._numbers)}"
            self._waiting[name] = (future, movie)
        return name

    def _forget(self, name: str) -> None:
        self._waiting.pop(name, None)
        for key in [key for key in self._parts if key[0] == name]:
            del self._parts[key]

    def _tell(self, message: dict[str, Any]) -> None:
        self._send(message)


def picture_size(width: int | None, height: int | None) -> dict[str, int] | None:
    """The size of a picture as the page takes it; None where none is given."""
    if width is None and height is None:
        return None
    if width is None or height is None:
        raise ParameterError(f"width is {width} and height is {height}.", "Give both, or neither for the picture as it is shown.")
    return checked_size(width, height)


def checked_size(width: int, height: int) -> dict[str, int]:
    """Width and height in pixels, checked."""
    for name, value in (("width", width), ("height", height)):
        if isinstance(value, bool) or value != int(value) or not MIN_EDGE <= value <= MAX_EDGE:
            raise ParameterError(f"{name} is {value!r}.", f"Give a whole number of pixels from {MIN_EDGE} to {MAX_EDGE}.")
    return {"width": int(width), "height": int(height)}


def checked_movie(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a movie but its size, checked."""
    for name, allowed in (("kind", get_args(MovieKind)), ("format", get_args(MovieFormat))):
        if options[name] not in allowed:
            raise ParameterError(f"{name} is {options[name]!r}.", f"Give one of {', '.join(allowed)}.")
    for name in ("seconds", "fps", "degrees"):
        if not isinstance(options[name], (int, float)) or not math.isfinite(options[name]):
            raise ParameterError(f"{name} is {options[name]!r}.", "Give a finite number.")
    frames = round(options["seconds"] * options["fps"])
    if not 1 <= frames <= MAX_FRAMES:
        msg = f"a movie of {options['seconds']:g} s at {options['fps']:g} frames a second has {frames} frames."
        raise ParameterError(msg, f"Give 1 to {MAX_FRAMES}.")
    return dict(options)
