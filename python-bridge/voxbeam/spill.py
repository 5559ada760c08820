"""Where servers that this process starts put bricks that their memory has no room for: a folder on disk, or nowhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    import argparse

_folder: Path | None = None
_bytes: int | None = None


def configure(folder: str | os.PathLike[str] | bool | None, most: int | None) -> None:
    """Set where embedded instances spill to from now on: a folder, or False for nowhere; and how much, at most."""
    global _folder, _bytes  # noqa: PLW0603  one setting for the whole process
    if folder is True:
        raise ParameterError("spill is True.", "Name a folder on a disk with room, such as '/scratch/ada'; False is none.")
    if folder is not None:
        _folder = _checked_folder(folder) if folder else None
    if most is not None:
        _bytes = _checked_bytes(most)


def sidecar_fields(folder: str | os.PathLike[str] | None = None, most: int | None = None) -> dict[str, Any]:
    """What a sidecar is told: of a folder that is given, else of the one that was configured.

    Raises
    ------
    ParameterError
        There is no such folder, it may not be written to, or `most` is given without one.
    """
    where = _checked_folder(folder) if folder is not None else _folder
    if where is None:
        if most is not None:
            raise ParameterError(f"spill_bytes is {most!r} without a folder.", "Give the folder to spill to, too.")
        return {}
    bound = _checked_bytes(most) if most is not None else _bytes
    return {"spill_dir": str(where), "spill_bytes": bound}


def add_options(parser: argparse.ArgumentParser) -> None:
    """``--spill`` and ``--spill-bytes``."""
    parser.add_argument("--spill", metavar="FOLDER", help="folder for bricks that memory has no room for (default: none)")
    parser.add_argument("--spill-bytes", type=int, help="how much goes there, at most (default: half of what is free there)")


def _checked_folder(folder: str | os.PathLike[str]) -> Path:
    path = Path(folder).expanduser().absolute()
    if not path.is_dir():
        raise ParameterError(f"There is no folder {str(path)!r} to spill to.", "Make it, or name another.")
    if not os.access(path, os.W_OK | os.X_OK):
        raise ParameterError(f"The folder {str(path)!r} may not be written to.", "Name another one to spill to.")
    return path


def _checked_bytes(most: int) -> int:
    if isinstance(most, bool) or not isinstance(most, int) or most <= 0:
        raise ParameterError(f"spill_bytes is {most!r}.", "Give a positive number of bytes, such as 64 * 2**30.")
    return most
