"""Lengths in the units that formats fix, and which way the axes of their world point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from voxbeam.errors import ParameterError
from voxbeam.sources.places import unit_symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

World = Literal["LPS", "RAS"]
#: Metres.
LENGTHS = {"Å": 1e-10, "nm": 1e-9, "µm": 1e-6, "mm": 1e-3, "cm": 1e-2, "m": 1.0}


def factor(unit: str, wanted: str) -> float | None:
    """What a length in `unit` is multiplied by to be one in `wanted`; None where one of them is no length that is known.

    Examples
    --------
    >>> factor("µm", "mm")
    0.001
    """
    here, there = LENGTHS.get(unit_symbol(unit)), LENGTHS.get(unit_symbol(wanted))
    if here is None or there is None:
        return None
    ratio = here / there
    # Powers of ten as they are written, not as they divide.
    return float(f"{ratio:.12g}")


def checked_world(world: str | None) -> World | None:
    """`world` as one that is known.

    Raises
    ------
    ParameterError
        It is another.
    """
    if world == "LPS":
        return "LPS"
    if world == "RAS":
        return "RAS"
    if world is None:
        return None
    remedy = "Give 'LPS' (x to the left, y to the back) or 'RAS' (x to the right, y to the front)."
    raise ParameterError(f"world is {world!r:.40}.", remedy)


def signs(world: World | None, fixed: World) -> tuple[int, int, int]:
    """What x, y and z of our world are multiplied by to be those of a format that counts in `fixed`; None is the format's own."""
    return (1, 1, 1) if world in (None, fixed) else (-1, -1, 1)


def signed(point: Sequence[float], by: tuple[int, int, int]) -> tuple[float, float, float]:
    """A point x, y, z, with the axes turned that `by` says; -0 is written as 0."""
    x, y, z = (float(n) * sign + 0.0 for n, sign in zip(point, by, strict=True))
    return x, y, z
