"""Who builds in a folder, among all processes of this machine: freed when its process ends, however it ends."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from pathlib import Path


class FolderLock:
    """A lock on a folder, which is made where it is not there.

    Raises
    ------
    OSError
        The folder cannot be made or locked.
    """

    def __init__(self, folder: Path, *, mode: int = 0o700) -> None:
        self._folder = folder
        self._mode = mode
        self._file: int | None = None

    def take(self) -> bool:
        """Take it; False where another has it."""
        if fcntl is None:
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        self._folder.mkdir(parents=True, exist_ok=True, mode=self._mode)
        path = self._folder / "lock"
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        except OSError:
            os.close(file)
            raise
        try:
            same = os.fstat(file).st_ino == os.stat(path).st_ino  # noqa: PTH116  beside fstat
        except FileNotFoundError:
            same = False
        if not same:  # who cleared the cache has removed the folder meanwhile
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give it back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
