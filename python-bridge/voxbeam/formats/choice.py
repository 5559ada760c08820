"""Which format a path or a name means, of labels or of annotations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from voxbeam.errors import FormatError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Format(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def endings(self) -> tuple[str, ...]: ...


Format = TypeVar("Format", bound=_Format)


def by_name(formats: Sequence[Format], name: str) -> Format:
    """The format of a name.

    Raises
    ------
    ParameterError
        There is none.
    """
    found = next((one for one in formats if one.name == name), None)
    if found is None:
        raise ParameterError(f"format is {name!r:.40}.", f"Known are {', '.join(one.name for one in formats)}.")
    return found


def by_ending(formats: Sequence[Format], path: Path, what: str) -> Format:
    """The first format whose ending fits; `what` is held, for people.

    Raises
    ------
    ParameterError
        There is none.
    """
    lower = path.name.lower()
    found = next((one for one in formats if lower.endswith(one.endings)), None)
    if found is None:
        endings = ", ".join(ending for one in formats for ending in one.endings)
        text = f"The ending of {path.name!r} says no format of {what}."
        raise ParameterError(text, f"Known are {endings}; or give format=.")
    return found


def must_exist(path: Path) -> None:
    """Raise FormatError where there is nothing to read."""
    if not path.exists():
        raise FormatError(f"There is no file {str(path)!r}.", f"The working directory is {str(Path.cwd())!r}.")
