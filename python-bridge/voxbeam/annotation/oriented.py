"""Kinds with a centre, three half lengths and a rotation: a box that lies askew, and an ellipsoid."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from voxbeam.annotation.base import Annotation, Kind, keep, known
from voxbeam.annotation.checks import numbers, shown, vec3
from voxbeam.annotation.rotation import UNROTATED, half_axes, radii_and_rotation, unit_quaternion
from voxbeam.annotation.voxels import to_voxel, to_world
from voxbeam.errors import ParameterError
from voxbeam.geometry import Vec3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from voxbeam.annotation.rotation import Quaternion
    from voxbeam.description import VolumeDescription

Axes = tuple[Vec3, Vec3, Vec3]


@dataclass(frozen=True, repr=False)
class Oriented(Annotation):
    """A centre, half lengths along three axes of its own, and how these are rotated.

    Attributes
    ----------
    voxel, world
        The centre: voxels z, y, x (integers are voxel centres) or world x, y, z.
    radii
        Half lengths along its own axes x, y, z, in the world's unit.
    rotation
        Unit quaternion x, y, z, w that turns the world's axes into its own.
    voxel_axes
        The half axes in voxels: three vectors z, y, x. Given in place of `radii`; three lengths along z, y and x will do where
        it is not rotated. The axes must be perpendicular in the world.

    An added one has all of them, as far as its volume is known; the world's count.
    """

    _: KW_ONLY
    voxel: Vec3 | None = None
    world: Vec3 | None = None
    voxel_axes: Axes | Vec3 | None = None
    radii: Vec3 | None = None
    rotation: Quaternion = UNROTATED

    places: ClassVar = ((("voxel",), ("world",)), (("voxel_axes",), ("radii",)))

    def __post_init__(self) -> None:
        """Check all parts, and keep them as floats."""
        super().__post_init__()
        what = f"An {self.kind.replace('_', ' ')}"
        if self.voxel is None and self.world is None:
            raise ParameterError(f"{what} needs a centre.", "Give voxel=(z, y, x) or world=(x, y, z).")
        if self.radii is None and self.voxel_axes is None:
            remedy = "Give radii=(x, y, z) in the world's unit, or voxel_axes=(z, y, x)."
            raise ParameterError(f"{what} needs half lengths.", remedy)
        if self.voxel is not None:
            keep(self, voxel=vec3("voxel", self.voxel, "z, y, x"))
        if self.world is not None:
            keep(self, world=vec3("world", self.world, "x, y, z"))
        keep(self, rotation=unit_quaternion(self.rotation))
        if self.radii is not None:
            radii = vec3("radii", self.radii, "x, y, z")
            if min(radii) <= 0:
                raise ParameterError(f"radii is {shown(self.radii)}.", "Give three lengths above 0.")
            keep(self, radii=radii)
        if self.voxel_axes is not None:
            keep(self, voxel_axes=_vectors(self.voxel_axes))
            if self.radii is None and self.rotation != UNROTATED:
                raise ParameterError("voxel_axes and a rotation were both given.", "The axes say the rotation: leave it out.")

    @property
    def half_axes(self) -> Axes:
        """Its half axes in the world: three vectors x, y, z."""
        if self.radii is None:
            raise ParameterError("It has no world coordinates.", "Add it to an instance that holds its volume.")
        return half_axes(self.radii, self.rotation)

    def placed(self, volume: VolumeDescription | None) -> Self:
        """With centre and half axes in voxels and in the world."""
        new = self
        if new.world is None and new.voxel is not None:
            new = replace(new, world=to_world(new.voxel, known(volume, self)))
        if new.radii is None and new.voxel_axes is not None:
            radii, rotation = _in_world(_vectors(new.voxel_axes), known(volume, self).voxel_size)
            # Not before both are known: axes and a rotation are refused together.
            new = replace(new, voxel_axes=None, radii=radii, rotation=rotation)
        if volume is None or new.world is None or new.radii is None:
            return new
        size = volume.voxel_size
        axes = [(z / size[0], y / size[1], x / size[2]) for x, y, z in half_axes(new.radii, new.rotation)]
        return replace(new, voxel=to_voxel(new.world, volume), voxel_axes=(axes[0], axes[1], axes[2]))

    def coords(self) -> list[float]:
        """Centre, half lengths and quaternion."""
        return [] if self.world is None or self.radii is None else [*self.world, *self.radii, *self.rotation]

    @classmethod
    def from_coords(cls, coords: Sequence[float], **common: Any) -> Self:
        """From its centre, half lengths and quaternion."""
        if len(coords) != 10:
            raise ParameterError(f"coords is {shown(coords)}.", "Give ten numbers: centre, half lengths and quaternion.")
        world, radii = vec3("coords", coords[:3], "x, y, z"), vec3("coords", coords[3:6], "x, y, z")
        return cls(world=world, radii=radii, rotation=unit_quaternion(coords[6:]), **common)


@dataclass(frozen=True, repr=False)
class OrientedBox(Oriented):
    """A box that may lie askew.

    Examples
    --------
    >>> OrientedBox(world=(10, 20, 30), radii=(5, 2, 1), rotation=(0, 0, 0.6, 0.8), name="crack")
    OrientedBox(name='crack', world=(10.0, 20.0, 30.0), radii=(5.0, 2.0, 1.0), rotation=(0.0, 0.0, 0.6, 0.8))
    """

    kind: ClassVar[Kind] = "oriented_box"


@dataclass(frozen=True, repr=False)
class Ellipsoid(Oriented):
    """An ellipsoid; with three equal radii a sphere.

    Examples
    --------
    >>> Ellipsoid(voxel=(40, 50, 60), voxel_axes=(5, 5, 5)).voxel
    (40.0, 50.0, 60.0)
    """

    kind: ClassVar[Kind] = "ellipsoid"


def _vectors(axes: Any) -> Axes:
    lengths = numbers(axes)
    if len(lengths) == 3 and min(lengths) > 0:
        z, y, x = lengths
        return (0.0, 0.0, x), (0.0, y, 0.0), (z, 0.0, 0.0)
    try:
        found = [vec3("voxel_axes", one, "z, y, x") for one in axes]
    except (TypeError, ParameterError):
        found = []
    if len(found) != 3 or not all(map(any, found)):
        remedy = "Give three lengths above 0 along z, y, x, or three vectors z, y, x."
        raise ParameterError(f"voxel_axes is {shown(axes)}.", remedy)
    return found[0], found[1], found[2]


def _in_world(axes: Axes, size: Vec3) -> tuple[Vec3, Quaternion]:
    vectors = [(x * size[2], y * size[1], z * size[0]) for z, y, x in axes]
    return radii_and_rotation(vectors)
