"""A progress bar that appears only when there is something to wait for: HTML in a notebook, a line in a terminal."""

from __future__ import annotations

import html
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

#: What takes no longer shows no bar.
PATIENCE_SECONDS = 1.0
_REDRAW_SECONDS = 0.2
_CELLS = 30


class _Display(Protocol):
    def draw(self, fraction: float, text: str) -> None: ...
    def end(self) -> None: ...


class Progress:
    """Progress of one task, as a context manager; call :meth:`update` as often as it suits, always from one thread at a time.

    Parameters
    ----------
    title
        What is under way.
    patience
        Seconds before anything is shown.
    """

    def __init__(self, title: str, *, patience: float = PATIENCE_SECONDS) -> None:
        self._title = title
        self._patience = patience
        self._display: _Display | None = None
        self._began = self._drawn = time.monotonic()

    def update(self, done: int, total: int) -> None:
        """``done`` of ``total`` are done."""
        now = time.monotonic()
        if now - self._began < self._patience or (now - self._drawn < _REDRAW_SECONDS and done < total):
            return
        self._drawn = now
        if self._display is None:
            self._display = _display()
        fraction = done / total if total else 1.0
        left = (now - self._began) * (1 - fraction) / fraction if 0 < fraction < 1 else 0.0
        words = f"{self._title}: {100 * fraction:.0f} %" + (f", {_duration(left)} left" if left >= 1 else "")
        self._display.draw(fraction, words)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._display is not None:
            self._display.end()


class _NotebookBar:
    """A bar in the cell, replaced in place; gone when the task is done."""

    def __init__(self, display: Any, make_html: Any) -> None:
        self._make_html = make_html
        self._handle = display(make_html(""), display_id=True)

    def draw(self, fraction: float, text: str) -> None:
        bar = f'<progress max="1" value="{fraction:.4f}" style="width: 20em; vertical-align: middle"></progress>'
        self._handle.update(self._make_html(f"{bar} {html.escape(text)}"))

    def end(self) -> None:
        self._handle.update(self._make_html(""))


class _TerminalLine:
    """One line on stderr, drawn over itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = 0

    def draw(self, fraction: float, text: str) -> None:
        full = round(_CELLS * fraction)
        line = f"[{'#' * full}{'.' * (_CELLS - full)}] {text}"
        self._stream.write("\r" + line.ljust(self._width))
        self._stream.flush()
        self._width = len(line)

    def end(self) -> None:
        self._stream.write("\n")
        self._stream.flush()


class _Nowhere:
    """Where nobody looks: a log file is no place for a bar."""

    def draw(self, fraction: float, text: str) -> None:
        pass

    def end(self) -> None:
        pass


def _display() -> _Display:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and hasattr(shell, "kernel"):
        from IPython.display import HTML, display  # noqa: PLC0415  only kernels have it

        return _NotebookBar(display, HTML)
    if sys.stderr is not None and sys.stderr.isatty():
        return _TerminalLine(sys.stderr)
    return _Nowhere()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
