"""What a view may take and how it draws: bounds that hold from the moment they are set."""

from __future__ import annotations

from typing import Any

import traitlets as t

from voxbeam.errors import ParameterError

#: The dials, with the least and the most that each can be. Bytes and passes are whole numbers.
DIALS: dict[str, tuple[float, float]] = {
    "max_gpu_bytes": (0, 2**40),
    "max_browser_bytes": (0, 2**40),
    "max_cache_bytes": (0, 2**40),
    "frame_ms": (5, 1000),
    "passes": (1, 64),
}


#: Of the widget, in CSS pixels.
MIN_HEIGHT, MAX_HEIGHT = 50, 10_000


def checked_dial(name: str, value: Any) -> float | None:
    """``value`` as the dial ``name`` takes it; None leaves what the viewer has.

    Raises
    ------
    ParameterError
        Where it is no number, or beyond the dial's limits.

    Examples
    --------
    >>> checked_dial("passes", 8)
    8
    """
    if value is None:
        return None
    low, high = DIALS[name]
    whole = name != "frame_ms"
    number: float | None = None
    if not isinstance(value, bool | str):
        try:
            number = value.__index__() if whole else float(value)
        except (AttributeError, TypeError, ValueError):
            number = None
    if number is None or not low <= number <= high:
        kind = "a whole number" if whole else "a number"
        raise ParameterError(f"{name} is {value!r}.", f"Give {kind} from {low:g} to {high:g}, or None.")
    return number


def checked_frame(height: Any, views: Any, known: tuple[str, ...]) -> None:
    """Refuse a height of the widget, or an arrangement of its views, that there is not.

    Raises
    ------
    ParameterError
        With the value, and what can be.
    """
    if isinstance(height, bool) or not isinstance(height, int) or not MIN_HEIGHT <= height <= MAX_HEIGHT:
        raise ParameterError(f"height is {height!r}.", f"Give a whole number of pixels from {MIN_HEIGHT} to {MAX_HEIGHT:,}.")
    if views not in known:
        raise ParameterError(f"views is {views!r}.", f"Give one of {', '.join(map(repr, known))}.")


class DialTraits(t.HasTraits):
    """Dials of a view as traits, sent to its pages. None: as the viewer has it.

    Examples
    --------
    >>> view.max_gpu_bytes = 2**30  # doctest: +SKIP
    """

    #: Bytes of GPU memory that all of the view's textures together may take; 512 MiB unless set.
    max_gpu_bytes = t.Any(None, allow_none=True).tag(sync=True)
    #: Bytes of bricks kept in the page's memory, beside up to 32 MiB under way; 256 MiB unless set.
    max_browser_bytes = t.Any(None, allow_none=True).tag(sync=True)
    #: Bytes of bricks kept in the browser's storage for later visits, of all pages of an origin; 1 GiB unless set, 0 keeps none.
    max_cache_bytes = t.Any(None, allow_none=True).tag(sync=True)
    #: Milliseconds that a frame may take while the picture moves, its resolution follows; 40 unless set.
    frame_ms = t.Any(None, allow_none=True).tag(sync=True)
    #: Passes that a still picture is the mean of, at most; 4 unless set, 1 is the plain picture.
    passes = t.Any(None, allow_none=True).tag(sync=True)

    @t.validate(*DIALS)
    def _check_dial(self, proposal: Any) -> float | None:
        return checked_dial(proposal["trait"].name, proposal["value"])
