"""What can go wrong, by name: a message that says what was wrong, with the value, and a remedy."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

_PACKAGE = str(Path(__file__).parent)
#: What dataclasses call the file of their methods.
_GENERATED = "<string>"


class VoxbeamError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message : str
        What was wrong, with the value.
    remedy : str, optional
        What to do about it; printed after the message.
    """

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Message and remedy as one text."""
        return f"{_ended(self.message)} {_begun(self.remedy)}" if self.remedy else self.message

    def _render_traceback_(self) -> list[str]:
        """What a notebook cell shows: the lines of its own that led here, and the message. Elsewhere tracebacks are whole."""
        frames = traceback.extract_tb(self.__traceback__)
        shell = max((i for i, frame in enumerate(frames) if "IPython" in Path(frame.filename).parts), default=-1)
        own = [frame for frame in frames[shell + 1 :] if not frame.filename.startswith((_PACKAGE, _GENERATED))]
        lines = "".join(traceback.format_list(own)).splitlines()
        return [*lines, f"{type(self).__name__}: {self.message}", *([_begun(self.remedy)] if self.remedy else [])]


def sentence(error: object) -> str:
    """What a library says of an error, on one line and with its end.

    >>> sentence(OSError("expected 9 bytes"))
    'expected 9 bytes.'
    """
    return _ended(" ".join(str(error).split()))


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _begun(text: str) -> str:
    """A remedy as a sentence of its own: other programs send theirs without its capital. What is code stays as it is."""
    return text[0].upper() + text[1:] if re.match(r"[a-z]+ ", text) else text


class CertificateError(VoxbeamError):
    """The certificate of an instance is not the one that was expected, or nobody vouches for it."""


class SourceError(VoxbeamError):
    """A file or object cannot be read as a volume: it is missing, truncated, or not what its name says."""


class FormatError(VoxbeamError):
    """A file of annotations or labels cannot be read or written: it is truncated, of an unknown version, or its disk is full."""


class UnsupportedDtypeError(VoxbeamError, TypeError):
    """The dtype has no stored form, or the values do not fit it."""


class ShapeError(VoxbeamError, ValueError):
    """The rank or an axis is not what a volume can have."""


class ParameterError(VoxbeamError, ValueError):
    """An argument has a value that cannot be used."""


class UsageError(VoxbeamError, TypeError):
    """A call has a keyword that the function does not take, or an argument of another type."""


class StoreTooSmallError(VoxbeamError):
    """Residency was asked for and the volume does not fit the instance's store."""


class InstanceGoneError(VoxbeamError, ConnectionError):
    """The instance does not answer any more."""


class SidecarError(VoxbeamError):
    """The sidecar could not be started, or refused what was asked."""


class SchedulerError(VoxbeamError):
    """The scheduler refused, or cannot be reached."""


class UnauthorizedError(VoxbeamError, PermissionError):
    """A token or ticket is missing, wrong, used or expired."""
