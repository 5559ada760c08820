"""What stands before z, y, x in an array: time points and channels, in either order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voxbeam.errors import ParameterError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

LEADING = ("", "t", "c", "tc", "ct")


@dataclass(frozen=True)
class Leading:
    """The leading axes of an array: which they are and how long."""

    names: str
    lengths: tuple[int, ...]

    def index(self, time: int = 0, channel: int = 0) -> tuple[int, ...]:
        """What selects the three-dimensional array of a time point and channel."""
        return tuple(time if name == "t" else channel for name in self.names)

    @property
    def times(self) -> int | None:
        """Time points; None where there is no such axis."""
        return self._length("t")

    @property
    def channels(self) -> int | None:
        """Channels; None where there is no such axis."""
        return self._length("c")

    def _length(self, name: str) -> int | None:
        return self.lengths[self.names.index(name)] if name in self.names else None


def leading_axes(shape: Sequence[int], axes: str | None, what: str = "The volume") -> Leading | None:
    """The leading axes of an array of `shape`; None where it has the rank of a volume and nothing is said.

    Parameters
    ----------
    axes
        Such as ``'tzyx'``, ``'czyx'`` or ``'tczyx'``.

    Raises
    ------
    ParameterError
        `axes` is not of this form.
    ShapeError
        It does not fit the array, or an axis is empty.
    """
    if axes is None:
        return None
    if not isinstance(axes, str) or axes[-3:] != "zyx" or axes[:-3] not in LEADING:
        remedy = "Give 'zyx', with 't' (time) or 'c' (channel) or both before it; transpose the array where its order is another."
        raise ParameterError(f"axes is {axes!r}.", remedy)
    if len(shape) != len(axes):
        text = f"{what} has {len(shape)} axes, shape {tuple(shape)}; axes={axes!r} names {len(axes)}."
        raise ShapeError(text, "Name each axis.")
    if not all(shape):
        raise ShapeError(f"{what} has an empty axis, shape {tuple(shape)}.", "Each axis needs at least one voxel.")
    return Leading(axes[:-3], tuple(int(n) for n in shape[:-3]))
