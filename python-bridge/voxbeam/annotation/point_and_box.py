"""A point, and a box along the axes."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from voxbeam.annotation.base import Annotation, Kind, highest, keep, known, lowest
from voxbeam.annotation.checks import shown, vec3
from voxbeam.annotation.voxels import shifted, to_voxel, to_world
from voxbeam.errors import ParameterError
from voxbeam.geometry import Vec3  # noqa: TC001  fields of a dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from voxbeam.description import VolumeDescription


@dataclass(frozen=True, repr=False)
class Point(Annotation):
    """A point, given by its ``voxel`` (z, y, x; integers are voxel centres) or its ``world`` position (x, y, z).

    An added point has both, as far as its volume is known. Where both are given, the world position counts.

    Examples
    --------
    >>> Point(voxel=(90, 120, 60), name="seed")
    Point(name='seed', voxel=(90.0, 120.0, 60.0))
    """

    _: KW_ONLY
    voxel: Vec3 | None = None
    world: Vec3 | None = None

    kind: ClassVar[Kind] = "point"
    places: ClassVar = ((("voxel",), ("world",)),)

    def __post_init__(self) -> None:
        """Check the position, and keep it as floats."""
        super().__post_init__()
        if self.voxel is None and self.world is None:
            raise ParameterError("A point needs a position.", "Give voxel=(z, y, x) or world=(x, y, z).")
        if self.voxel is not None:
            keep(self, voxel=vec3("voxel", self.voxel, "z, y, x"))
        if self.world is not None:
            keep(self, world=vec3("world", self.world, "x, y, z"))

    def placed(self, volume: VolumeDescription | None) -> Self:
        """With both positions."""
        if self.world is None and self.voxel is not None:
            return self.altered(world=vec3("world", to_world(self.voxel, known(volume, self)), "x, y, z"))
        if self.world is not None and volume is not None:
            return self.altered(voxel=vec3("voxel", to_voxel(self.world, volume), "z, y, x"))
        return self

    def coords(self) -> list[float]:
        """World x, y, z."""
        return [*(self.world or ())]

    @classmethod
    def from_coords(cls, coords: Sequence[float], **common: Any) -> Self:
        """At a world position."""
        return cls(world=vec3("coords", coords, "x, y, z"), **common)


    @classmethod
    def from_document(cls, coords: list[float], volume: VolumeDescription | None, common: dict[str, Any]) -> Self:
        """At a world position."""
        if len(coords) != 3:
            return cls.from_coords(coords)  # which says what is wrong
        world = (coords[0], coords[1], coords[2])
        return cls.trusted({**common, "world": world, "voxel": None if volume is None else to_voxel(world, volume)})


@dataclass(frozen=True, repr=False)
class Box(Annotation):
    """A box along the axes, from ``start`` to ``stop`` (voxels z, y, x, half-open like a slice) or between ``world`` corners.

    ``Box((0, 0, 0), (10, 20, 30))`` holds the voxels of ``volume[0:10, 0:20, 0:30]``, and its faces are theirs: half a voxel
    before the first centre, half a voxel behind the last. An added box has both, as far as its volume is known; the world
    corners count.
    """

    start: Vec3 | None = None
    stop: Vec3 | None = None
    _: KW_ONLY
    world: tuple[Vec3, Vec3] | None = None

    kind: ClassVar[Kind] = "box"
    places: ClassVar = ((("start", "stop"), ("world",)),)

    def __post_init__(self) -> None:
        """Check the corners, put the low one first, and keep them as floats."""
        super().__post_init__()
        if (self.start is None) != (self.stop is None) or (self.start is None and self.world is None):
            raise ParameterError(
                "A box needs two corners.", "Give start and stop (voxels z, y, x), or world=(low, high) (x, y, z)."
            )
        if self.start is not None and self.stop is not None:
            corners = vec3("start", self.start, "z, y, x"), vec3("stop", self.stop, "z, y, x")
            keep(self, start=lowest(*corners), stop=highest(*corners))
        if self.world is not None:
            if len(self.world) != 2:
                raise ParameterError(f"world is {shown(self.world)}.", "Give two corners: ((x, y, z), (x, y, z)).")
            corners = vec3("world[0]", self.world[0], "x, y, z"), vec3("world[1]", self.world[1], "x, y, z")
            keep(self, world=(lowest(*corners), highest(*corners)))

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The voxels whose centres lie in the box: ``volume[box.slices]`` (cut it at the volume's end as NumPy does)."""
        if self.start is None or self.stop is None:
            raise ParameterError("The box has no voxel coordinates.", "Add it to an instance that holds its volume.")
        # Centre i lies in [start - 1/2, stop - 1/2).
        first, behind = ([max(0, math.ceil(n - 0.5)) for n in corner] for corner in (self.start, self.stop))
        return slice(first[0], behind[0]), slice(first[1], behind[1]), slice(first[2], behind[2])

    def placed(self, volume: VolumeDescription | None) -> Self:
        """With voxel and world corners."""
        if self.world is None and self.start is not None and self.stop is not None:
            volume = known(volume, self)
            return replace(self, world=(to_world(shifted(self.start, -0.5), volume), to_world(shifted(self.stop, -0.5), volume)))
        if self.world is not None and volume is not None:
            start, stop = (shifted(to_voxel(corner, volume), 0.5) for corner in self.world)
            return replace(self, start=start, stop=stop)
        return self

    def coords(self) -> list[float]:
        """World x, y, z of the low corner and of the high one."""
        return [n for corner in self.world or () for n in corner]

    @classmethod
    def from_coords(cls, coords: Sequence[float], **common: Any) -> Self:
        """Between two world corners."""
        if len(coords) != 6:
            raise ParameterError(f"coords is {shown(coords)}.", "A box has six numbers.")
        return cls(world=(vec3("coords", coords[:3], "x, y, z"), vec3("coords", coords[3:], "x, y, z")), **common)

    @classmethod
    def from_document(cls, coords: list[float], volume: VolumeDescription | None, common: dict[str, Any]) -> Self:
        """Between two world corners."""
        if len(coords) != 6:
            return cls.from_coords(coords)  # which says what is wrong
        a, b = (coords[0], coords[1], coords[2]), (coords[3], coords[4], coords[5])
        low, high = lowest(a, b), highest(a, b)
        start, stop = (None, None) if volume is None else (shifted(to_voxel(one, volume), 0.5) for one in (low, high))
        return cls.trusted({**common, "world": (low, high), "start": start, "stop": stop})
