"""Strict keywords: a misspelt option is an error that names the right one."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING, Any

from voxbeam.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def refuse_unknown(function: str, unknown: Mapping[str, object], known: Iterable[str]) -> None:
    """Raise for the first of ``unknown``, the keywords of `function` that nothing takes.

    Raises
    ------
    UsageError
        Names the keyword, and the valid one that is closest.
    """
    for name in unknown:
        names = list(known)
        close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(names)}"
        raise UsageError(f"{function}() got an unexpected keyword argument {name!r}; {hint}")


def name_in(variables: Iterable[Mapping[str, object]], value: object) -> str | None:
    """The name of a variable that holds ``value`` itself, from the first scope that has one; none that begins with ``_``."""
    for scope in variables:
        for name, candidate in list(scope.items()):
            if candidate is value and not name.startswith("_"):
                return name
    return None


def caller_name(volume: Any) -> str | None:
    """What the caller of the function that calls this names the volume."""
    frame = sys._getframe(2)  # noqa: SLF001  the documented way to a caller's variables
    return name_in((frame.f_locals, frame.f_globals), volume)
