"""What is kept between sessions, made once: coarser levels of files, and machine code. ``rv.cache``, ``voxbeam cache``."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxbeam.errors import ParameterError
from voxbeam.kept.folder_lock import FolderLock

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Where it lies; ``off`` keeps nothing.
ENVIRONMENT = "VOXBEAM_CACHE"
BYTES_ENVIRONMENT = "VOXBEAM_CACHE_BYTES"
DEFAULT_BYTES = 32 * 2**30
#: Machine code of so many processors and versions.
MOST_CODE = 4
#: What is left of the disk for others.
SPARED_BYTES = 2**30
_ABOUT = "about.json"

_folder: Path | bool | None = None
_bytes: int | None = None


@dataclass(frozen=True)
class Entry:
    """What is kept of one volume.

    Attributes
    ----------
    key : str
        Its folder's name; the beginning of it is enough for `clear`.
    name, shape, dtype : str
        Of the volume.
    nbytes : int
        Bytes on the disk.
    used : float
        When it was used last, in seconds since 1970.
    complete : bool
        Whether all of it is built.
    """

    key: str
    name: str
    shape: str
    dtype: str
    nbytes: int
    used: float
    complete: bool


def path() -> Path | None:
    """The folder; None where nothing is kept.

    Examples
    --------
    >>> rv.cache.path()  # doctest: +SKIP
    PosixPath('/home/ada/.cache/voxbeam/pyramids')
    """
    chosen = _folder if _folder is not None else os.environ.get(ENVIRONMENT)
    if chosen is False or (isinstance(chosen, str) and chosen.lower() in ("off", "0", "no")):
        return None
    if chosen and chosen is not True:
        return Path(chosen).expanduser() / "pyramids"
    if sys.platform == "darwin":
        base = Path("~/Library/Caches").expanduser()
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local").expanduser()
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return base / "voxbeam" / "pyramids"


def most_bytes() -> int:
    """How much is kept at most: what `configure` or ``VOXBEAM_CACHE_BYTES`` says, else 32 GiB.

    Raises
    ------
    ParameterError
        The environment variable is no number.
    """
    if _bytes is not None:
        return _bytes
    said = os.environ.get(BYTES_ENVIRONMENT, "")
    if said and not said.isdecimal():
        raise ParameterError(f"{BYTES_ENVIRONMENT} is {said!r}.", "Give a number of bytes, such as 34359738368.")
    return int(said) if said else DEFAULT_BYTES


def configure(folder: str | os.PathLike[str] | bool | None = None, most: int | None = None) -> None:
    """Set the folder (False: keep nothing; True: the default) and the bound. What is None stays."""
    global _folder, _bytes  # noqa: PLW0603  one setting for the whole process
    if most is not None:
        if isinstance(most, bool) or not isinstance(most, int) or most < 0:
            raise ParameterError(f"cache_bytes is {most!r}.", "Give a number of bytes, such as 32 * 2**30.")
        _bytes = most
    if folder is not None:
        _folder = folder if isinstance(folder, bool) else Path(folder)


def entries() -> list[Entry]:
    """What is kept, that used last first."""
    root = path()
    found = [_entry(one) for one in root.iterdir() if one.is_dir()] if root is not None and root.is_dir() else []
    found += [_code_entry(one) for one in _code(root)] if root is not None else []
    return sorted((entry for entry in found if entry), key=lambda entry: -entry.used)


def _entry(folder: Path) -> Entry | None:
    try:
        sizes = [one.stat().st_blocks * 512 for one in folder.iterdir()]
        used = (folder / _ABOUT).stat().st_mtime
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        shape = " × ".join(str(int(n)) for n in about["shape"])
        return Entry(
            folder.name, str(about["name"]), shape, str(about["dtype"]), sum(sizes), used, (folder / "complete").exists()
        )
    except (OSError, ValueError, KeyError, TypeError):
        try:
            return Entry(folder.name, "?", "?", "?", sum(sizes), folder.stat().st_mtime, False)
        except (OSError, NameError):  # another process has removed it
            return None


def code_folder(root: Path) -> Path:
    """Where machine code lies, beside the pyramids in `root`."""
    return root.parent / "code"


def trim_code(newest: Path) -> None:
    """Keep `newest` and what was used last besides."""
    others = [one for one in _code(newest.parent.parent / "pyramids") if one != newest]
    others.sort(key=lambda one: -one.stat().st_mtime)
    for one in others[MOST_CODE - 1 :]:
        one.unlink(missing_ok=True)


def _code(root: Path) -> list[Path]:
    folder = code_folder(root)
    return [one for one in folder.iterdir() if one.is_file() and one.name != "lock"] if folder.is_dir() else []


def _code_entry(file: Path) -> Entry | None:
    try:
        about = file.stat()
    except OSError:
        return None
    return Entry(file.name, "machine code", "", "", about.st_blocks * 512, about.st_mtime, True)


def clear(keys: Iterable[str] | None = None) -> list[Entry]:
    """Remove what is kept, or what begins with one of `keys`. What another process builds just now stays.

    Returns
    -------
    list of Entry
        What was removed.

    Raises
    ------
    ParameterError
        Nothing, or more than one, begins with a key.
    """
    held = entries()
    chosen = held
    if keys is not None:
        chosen = []
        for key in keys:
            matching = [entry for entry in held if key and entry.key.startswith(key)]
            if len(matching) != 1:
                text = f"{len(matching) or 'No'} kept pyramids begin with {key!r}." if len(matching) != 1 else ""
                raise ParameterError(text, "voxbeam cache list shows them.")
            chosen += matching
    return [entry for entry in dict.fromkeys(chosen) if _remove(entry.key)]


def _remove(key: str) -> bool:
    """Remove what is not being built; files that are open stay readable for those who have them."""
    root = path()
    if root is None:
        return False
    code = code_folder(root) / key
    if code.is_file():
        code.unlink(missing_ok=True)
        return True
    lock = FolderLock(root / key)
    try:
        if not lock.take():
            return False
        shutil.rmtree(root / key)
    except OSError:
        return False
    finally:
        lock.release()
    return True


def fits(needed: int) -> bool:
    """Whether `needed` bytes may be kept at all."""
    return path() is not None and needed <= most_bytes()


def make_room(folder: Path, needed: int, about: dict[str, Any]) -> None:
    """Remove what was used longest ago until `needed` bytes for `folder` are within the bound, and say what it is.

    Raises
    ------
    OSError
        The disk has not as much free.
    """
    others = [entry for entry in entries() if entry.key != folder.name and not (code_folder(folder.parent) / entry.key).is_file()]
    total = sum(entry.nbytes for entry in others) + needed
    there = sum(one.stat().st_blocks * 512 for one in folder.iterdir())

    def lacking() -> bool:
        return shutil.disk_usage(folder).free + there < needed + SPARED_BYTES

    for entry in reversed(others):
        if total <= most_bytes() and not lacking():
            break
        total -= entry.nbytes if _remove(entry.key) else 0
    if lacking():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    (folder / _ABOUT).write_text(json.dumps(about), "utf-8")


def touch(folder: Path, *, complete: bool) -> None:
    """It is used now."""
    try:
        if complete:
            (folder / "complete").touch()
        os.utime(folder / _ABOUT)
    except OSError:  # a folder that is read-only, or was cleared
        pass


def age_words(used: float) -> str:
    """How long ago, such as ``3 h ago``."""
    seconds = max(0.0, time.time() - used)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"
