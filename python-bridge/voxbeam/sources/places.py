"""Where a volume is said to be: a path, a place inside a file, a URL, a list of files; and what several kinds of files share."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxbeam.errors import SourceError, sentence
from voxbeam.sources.source import UNIT_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: ``https://…``, or with the name of a format before it: ``precomputed://https://…``.
_URL = re.compile(r"(?:[a-z0-9_]+://)?(?:https?|s3|gs|file|memory)://", re.IGNORECASE)
_WILD = re.compile(r"[*?\[]")
#: Short names of units that files use, besides those that are symbols already.
_SHORT_UNITS = {"um": "µm", "\xb5m": "µm", "micrometre": "µm", "microns": "µm", "angstroms": "Å", "a": "Å", "metre": "m"}


@dataclass(frozen=True)
class PlaceInFile:
    """A place inside a file or folder, as in ``scan.h5:/entry/data``."""

    path: Path
    inside: str

    def __str__(self) -> str:
        return f"{self.path}:{self.inside}"


@dataclass(frozen=True)
class Url:
    """What lies on a server, or is written as if it did."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class FileList:
    """Files that are the planes of one volume, in order."""

    paths: tuple[Path, ...]
    name: str


@dataclass(frozen=True)
class RawFile:
    """A file of voxels without a header, and what is said about them."""

    path: Path
    facts: Mapping[str, Any] = field(default_factory=dict)


#: What clients of buckets say where they have no credentials, or wrong ones.
_REFUSED = re.compile(r"credential|forbidden|denied|unauthori[sz]ed|permission|\b40[13]\b", re.IGNORECASE)
#: Where they look for some.
_LOGINS = {
    "s3": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, in the kernel's environment, before it reads.",
    "gs": "Set GOOGLE_APPLICATION_CREDENTIALS in the kernel's environment, or: gcloud auth application-default login.",
}


def natural_order(path: Path) -> list[Any]:
    """Sorts ``2.tif`` before ``10.tif``."""
    return [(int(part), "") if part.isdigit() else (-1, part.lower()) for part in re.split(r"(\d+)", path.name)]


def find_place(text: str | os.PathLike[str]) -> Path | PlaceInFile | Url | FileList:
    """What `text` names.

    Raises
    ------
    SourceError
        There is no such file.
    """
    given = os.fspath(text)
    if _URL.match(given):
        return Url(given)
    path = Path(given).expanduser()
    if path.exists():
        return path
    if _WILD.search(path.name) and path.parent.is_dir():
        found = sorted(path.parent.glob(path.name), key=natural_order)
        if found:
            return FileList(tuple(found), path.parent.resolve().name)
    before, colon, inside = given.rpartition(":")
    file = Path(before).expanduser()
    if colon and before and file.exists():
        return PlaceInFile(file, inside)
    raise SourceError(f"There is no file {str(path)!r}.", f"The working directory is {str(Path.cwd())!r}.")


def file_fingerprint(path: Path, *facts: object) -> str:
    """Equal as long as the file has the same path, size and time, and `facts` are equal."""
    stat = path.stat()
    identity = ":".join(map(str, (path.resolve(), stat.st_size, stat.st_mtime_ns, *facts)))
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def library(name: str, extra: str, what: object) -> Any:
    """An optional library.

    Raises
    ------
    SourceError
        It is not installed; the extra that brings it is named.
    """
    try:
        return import_module(name)
    except ImportError as error:
        text = f"{str(what)!r} needs {name.partition('.')[0]}, which is not installed."
        raise SourceError(text, f"Run: pip install 'voxbeam[{extra}]'") from error


def unreadable(what: object, kind: str, error: object) -> SourceError:
    """The error of a file that is damaged, or not what its name says."""
    return SourceError(f"{str(what)!r} cannot be read as {kind}: {sentence(error)}", remedy_of(what, error))


def remedy_of(what: object, error: object) -> str:
    """What to do where `what` could not be read: what is on a server may be out of reach, or need a library or a password."""
    if isinstance(error, ImportError):
        return f"Run: pip install {error.name}" if error.name else "Install what it names into the kernel's environment."
    login = next((words for scheme, words in _LOGINS.items() if str(what).startswith(f"{scheme}://")), None)
    if login and _REFUSED.search(str(error)):
        return f"Its bucket wants to know who reads. {login}"
    if _URL.match(str(what)):
        return "Is the address right, can it be reached from here, and is this user let in? Else it is damaged."
    return "Is it complete, and what its name says?"


def begins_with(path: Path, *signatures: bytes) -> bool:
    """Whether a file begins with one of `signatures`."""
    try:
        with path.open("rb") as file:
            return file.read(max(map(len, signatures))).startswith(signatures)
    except OSError:
        return False


def inside_folder(path: Path, folder: Path, what: str) -> Path:
    """`path`, resolved, where it lies in `folder` or below.

    Raises
    ------
    SourceError
        It lies elsewhere: a file must not make others be read.
    """
    found, root = path.resolve(), folder.resolve()
    if not found.is_relative_to(root):
        text = f"{what} points to {str(found)!r}, which is not in {str(root)!r}."
        raise SourceError(text, "Open that file itself, or put it beside the one that names it.")
    return found


def unit_symbol(unit: object) -> str:
    """What a scale bar shows for a unit that a file names."""
    text = (unit.decode(errors="replace") if isinstance(unit, bytes) else str(unit or "")).strip()
    lower = text.lower()
    plain = lower[:-1] if lower.endswith("s") and len(lower) > 3 else lower
    known = UNIT_SYMBOLS.get(lower, UNIT_SYMBOLS.get(plain, _SHORT_UNITS.get(lower, text)))
    return UNIT_SYMBOLS.get(known, known)
