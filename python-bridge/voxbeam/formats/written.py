"""Files and folders that are there whole or not at all: written beside their place, and renamed into it."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from voxbeam.errors import FormatError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator


def target_of(path: str | os.PathLike[str], *, overwrite: bool) -> Path:
    """`path` as an absolute one that can be written.

    Raises
    ------
    ParameterError
        It exists and may not be replaced, or its folder does not exist.
    """
    target = Path(path).expanduser().absolute()
    if target.exists() and not overwrite:
        raise ParameterError(f"{str(target)!r} exists.", "Give another path, or overwrite=True.")
    if not target.parent.is_dir():
        raise ParameterError(f"There is no folder {str(target.parent)!r}.", "Make it first.")
    return target


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A path to write a file or a folder at, which takes the name `target` when the block has ended well; else nothing is left.

    Raises
    ------
    FormatError
        The disk is full, or the folder cannot be written to.
    """
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield part
        _replace(part, target)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise FormatError(f"{str(target)!r} cannot be written: {reason}.", "Nothing was left of it.") from error
    finally:
        _remove(part)


def _replace(part: Path, target: Path) -> None:
    if part.is_file():
        with part.open("rb+") as file:
            os.fsync(file.fileno())
    if not (part.is_dir() or target.is_dir()):
        part.replace(target)
        return
    old = target.with_name(f"{part.name}.old")  # a folder cannot be renamed over another one
    if target.exists():
        target.rename(old)
    try:
        part.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
