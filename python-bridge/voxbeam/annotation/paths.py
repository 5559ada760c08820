"""Kinds that are lists of points: a line, a polyline and a polygon."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from voxbeam.annotation.base import Annotation, Kind, keep, known
from voxbeam.annotation.checks import Points, points, shown
from voxbeam.annotation.voxels import all_to_voxel, all_to_world
from voxbeam.errors import ParameterError
from voxbeam.geometry import Vec3  # noqa: TC001  fields of a dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from voxbeam.description import VolumeDescription


@dataclass(frozen=True, repr=False)
class Path(Annotation):
    """Points in a row, given in ``voxel`` (z, y, x; integers are voxel centres) or ``world`` positions (x, y, z).

    An added one has both, as far as its volume is known. Where both are given, the world positions count.
    """

    _: KW_ONLY
    voxel: tuple[Vec3, ...] | None = None
    world: tuple[Vec3, ...] | None = None

    places: ClassVar = ((("voxel",), ("world",)),)
    #: How many points it needs, and may have.
    fewest: ClassVar[int] = 2
    most: ClassVar[int | None] = None

    def __post_init__(self) -> None:
        """Check the points, and keep them as tuples of floats."""
        super().__post_init__()
        word = self.kind
        if self.voxel is None and self.world is None:
            raise ParameterError(f"A {word} needs points.", "Give voxel=[(z, y, x), …] or world=[(x, y, z), …].")
        for name, order in (("voxel", "z, y, x"), ("world", "x, y, z")):
            given = getattr(self, name)
            if given is None:
                continue
            found = self._tidied(points(name, given, order))
            if len(found) < self.fewest or (self.most is not None and len(found) > self.most):
                count = f"{self.fewest} points" if self.most == self.fewest else f"at least {self.fewest} points"
                raise ParameterError(f"{name} of a {word} has {len(found)} points: {shown(given)}.", f"Give {count}.")
            keep(self, **{name: found})

    def _tidied(self, found: Points) -> Points:
        return found

    def placed(self, volume: VolumeDescription | None) -> Self:
        """With both positions of every point."""
        if self.world is None and self.voxel is not None:
            volume = known(volume, self)
            return replace(self, world=all_to_world(self.voxel, volume))
        if self.world is not None and volume is not None:
            return replace(self, voxel=all_to_voxel(self.world, volume))
        return self

    def coords(self) -> list[float]:
        """World x, y, z of point after point."""
        return [n for point in self.world or () for n in point]

    @classmethod
    def from_coords(cls, coords: Sequence[float], **common: Any) -> Self:
        """Through world positions."""
        if len(coords) % 3:
            raise ParameterError(f"coords has {len(coords)} numbers.", "Give three for each point.")
        return cls(world=tuple(zip(coords[0::3], coords[1::3], coords[2::3], strict=True)), **common)

    @classmethod
    def from_document(cls, coords: list[float], volume: VolumeDescription | None, common: dict[str, Any]) -> Self:
        """Through world positions."""
        world = Points(zip(coords[0::3], coords[1::3], coords[2::3], strict=False))
        if len(coords) % 3 or len(world) < cls.fewest or (cls.most is not None and len(world) > cls.most):
            return cls.from_coords(coords)  # which says what is wrong
        return cls.trusted({**common, "world": world, "voxel": None if volume is None else all_to_voxel(world, volume)})


@dataclass(frozen=True, repr=False)
class Line(Path):
    """A straight line between two points.

    Examples
    --------
    >>> Line(voxel=[(0, 0, 0), (0, 3, 4)])
    Line(voxel=((0.0, 0.0, 0.0), (0.0, 3.0, 4.0)))
    """

    kind: ClassVar[Kind] = "line"
    most: ClassVar[int | None] = 2


@dataclass(frozen=True, repr=False)
class Polyline(Path):
    """A line through two or more points, in their order. A freehand line is one too."""

    kind: ClassVar[Kind] = "polyline"


@dataclass(frozen=True, repr=False)
class Polygon(Path):
    """A closed outline of three or more points; from the last one it goes back to the first, which is not repeated.

    It lies in a plane, more or less: what counts as its inside is that of its outline in the plane that fits it best.
    """

    kind: ClassVar[Kind] = "polygon"
    fewest: ClassVar[int] = 3

    def _tidied(self, found: Points) -> Points:
        # Many programs repeat the first point to close it.
        return Points(found[:-1]) if len(found) > self.fewest and found[0] == found[-1] else found

    def refuse_unusable(self) -> None:
        """Raise where it has no area, or crosses itself."""
        from voxbeam.annotation.outline import crossing, flat  # noqa: PLC0415  only what is added is looked at so closely

        corners = np.asarray(self.voxel if self.world is None else self.world, dtype=np.float64)
        outline = flat(corners)
        if outline is None:
            raise ParameterError("The points of the polygon lie in one line.", "Give at least three that do not.")
        found = crossing(outline)
        if found is not None:
            a, b = found
            raise ParameterError(
                f"The polygon crosses itself: the side after its point {a} and the one after its point {b}.",
                "Give an outline that does not, or several polygons.",
            )
