"""The file under a mapped array. Touching what was cut off it ends the process, not the call: so it is looked at first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import SourceError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class MappedFile:
    """A file that an array was mapped from; it may be deleted, but not cut short."""

    def __init__(self, path: Path, needed: int) -> None:
        self._path = path
        self._needed = needed
        found = path.stat()
        self._is = found.st_dev, found.st_ino

    @classmethod
    def under(cls, array: NDArray[Any]) -> MappedFile | None:
        """The file that `array`, or what it is a view of, was mapped from; None where it is plain memory."""
        mapped: np.memmap[Any, Any] | None = None
        base: Any = array
        while isinstance(base, np.ndarray):
            if isinstance(base, np.memmap) and base.filename is not None:
                mapped = base
            base = base.base
        if mapped is None or mapped.filename is None:
            return None
        try:
            return cls(Path(mapped.filename), int(mapped.offset) + mapped.nbytes)
        except OSError:
            return None  # deleted by now; what is mapped stays

    def check(self) -> None:
        """Look whether all of it is still there: two millionths of a second.

        Raises
        ------
        SourceError
            It was cut short.
        """
        try:
            found = os.stat(self._path)  # noqa: PTH116  half the time of Path.stat, for every brick
        except OSError:
            return
        if found.st_size < self._needed and (found.st_dev, found.st_ino) == self._is:
            sizes = f"it has {found.st_size:,} bytes, {self._needed:,} are needed"
            text = f"{str(self._path)!r} was cut short while it was shown: {sizes}."
            raise SourceError(text, "Write it anew and render the volume again.")
