"""Annotations in neuroglancer's coordinates: x, y, z in voxels of a volume, where voxel i fills i to i + 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.annotation import Box, Ellipsoid, Line, Point, Polygon, Polyline
from voxbeam.annotation.rotation import UNROTATED
from voxbeam.annotation.spans import world_span
from voxbeam.errors import FormatError
from voxbeam.formats.annotation_format import made
from voxbeam.formats.lengths import LENGTHS, factor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from voxbeam.annotation import Annotation
    from voxbeam.formats.annotation_format import Frame

#: Types that neuroglancer has, for our kinds.
TYPES = {
    "point": "point", "line": "line", "polyline": "polyline", "polygon": "polyline", "box": "axis_aligned_bounding_box",
    "ellipsoid": "ellipsoid",
}
_AXES = ("x", "y", "z")
#: Ends of a polyline that are nearer than this, in voxels, close it.
_CLOSED = 1e-4


class Space:
    """Between our world and the coordinates of neuroglancer.

    Parameters
    ----------
    size
        Edge lengths of its voxels x, y, z, in `unit`.
    unit
        Of our world.
    """

    def __init__(self, size: Sequence[float], unit: str) -> None:
        self.size = np.array(size, np.float64)
        self.unit = unit

    @classmethod
    def of_frame(cls, frame: Frame) -> Space:
        """Voxels of a volume."""
        return cls(frame.needed("neuroglancer").voxel_size[::-1], frame.unit)

    @classmethod
    def of_dimensions(cls, path: Path, said: Any, frame: Frame) -> Space:
        """What a file says: name -> [scale, unit]."""
        unit = frame.unit or "nm"
        if not isinstance(said, dict) or not set(_AXES) <= set(said):
            text = f"{str(path)!r} has the dimensions {list(said)[:8] if isinstance(said, dict) else said!r:.60}."
            raise FormatError(text, "It needs x, y and z.")
        try:
            steps = [(float(said[axis][0]), str(said[axis][1])) for axis in _AXES]
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise FormatError(f"{str(path)!r} has dimensions that cannot be read: {error}.", "Is it complete?") from error
        by = factor("m", unit) if all(symbol == "m" for _, symbol in steps) else None
        size = [scale * (by or 1.0) for scale, _ in steps]
        if not all(np.isfinite(n) and n > 0 for n in size):
            raise FormatError(f"{str(path)!r} has dimensions with the scales {size}.", "Is it damaged?")
        return cls([float(f"{n:.12g}") for n in size], unit)

    def dimensions(self) -> tuple[dict[str, list[Any]], list[str]]:
        """What a file says, and what of it is not ours."""
        metres = LENGTHS.get(self.unit)
        losses = [f"the unit {self.unit!r} (numbers are kept, without one)"] if metres is None and self.unit else []
        by, symbol = (factor(self.unit, "m"), "m") if metres is not None else (1.0, "")
        return {axis: [float(f"{n * (by or 1.0):.12g}"), symbol] for axis, n in zip(_AXES, self.size, strict=True)}, losses

    def out(self, world: Any) -> NDArray[np.float64]:
        """Coordinates of world points x, y, z: half a voxel more, for a centre lies in the middle of i to i + 1."""
        return np.asarray(world, np.float64) / self.size + 0.5

    def back(self, coordinates: Any) -> NDArray[np.float64]:
        """World points of coordinates."""
        return (np.asarray(coordinates, np.float64) - 0.5) * self.size

    def geometry(self, one: Annotation) -> NDArray[np.float64]:
        """Points of shape (n, 3); of an ellipsoid the centre and the radii."""
        if isinstance(one, Point):
            return self.out([one.world])
        if isinstance(one, Polygon):
            return self.out([*(one.world or ()), (one.world or ())[0]])
        if isinstance(one, Ellipsoid):
            low, high = (np.array(end) for end in world_span(one))
            return np.array([self.out((low + high) / 2), (high - low) / 2 / self.size])
        found: Any = one
        return self.out(found.world)

    def annotation(self, path: Path, which: object, kind: str, at: NDArray[np.float64], common: dict[str, Any]) -> Annotation:
        """Of a type of neuroglancer and its points."""
        if kind == "point":
            return made(Point, path, which, world=tuple(self.back(at[0])), **common)
        if kind == "line":
            return made(Line, path, which, world=self.back(at), **common)
        if kind == "axis_aligned_bounding_box":
            return made(Box, path, which, world=tuple(map(tuple, self.back(at))), **common)
        if kind == "ellipsoid":
            return made(Ellipsoid, path, which, world=tuple(self.back(at[0])), radii=tuple(at[1] * self.size), **common)
        if len(at) > 3 and np.allclose(at[0], at[-1], atol=_CLOSED):
            return made(Polygon, path, which, world=self.back(at[:-1]), **common)
        return made(Polyline, path, which, world=self.back(at), **common)


def turned(annotations: Sequence[Annotation]) -> list[str]:
    """That ellipsoids lose their rotation, in words."""
    n = sum(isinstance(one, Ellipsoid) and one.rotation != UNROTATED for one in annotations)
    return [f"{n} ellipsoids lose their rotation and keep the box that they span"] if n else []
