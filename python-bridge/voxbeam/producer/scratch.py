"""Memory that is used again and again, so that cutting touches no fresh pages."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.warm_memory import block_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Scratch:
    """One buffer that grows to the largest array asked of it. Each call gives the same memory: one array at a time."""

    def __init__(self) -> None:
        self._bytes = np.empty(0, np.uint8)

    @property
    def nbytes(self) -> int:
        """What it holds now."""
        return self._bytes.nbytes

    def take(self, shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
        """An uninitialised C-order array."""
        needed = prod(shape) * dtype.itemsize
        if self._bytes.nbytes < needed:
            self._bytes = block_memory.take((needed,), np.dtype(np.uint8))
        return self._bytes[:needed].view(dtype).reshape(shape)
