"""What every annotation has: a name, a colour, a class, fields of one's own, its maker, a place in voxels and in the world."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from voxbeam.annotation.checks import checked_color, checked_props, checked_text
from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Self

    from voxbeam.annotation.checks import PropValue
    from voxbeam.annotation.crop import Crop
    from voxbeam.description import VolumeDescription
    from voxbeam.geometry import Vec3

Kind = Literal["point", "line", "polyline", "polygon", "box", "oriented_box", "ellipsoid"]
#: Told apart on grey, on the coloured maps, and by most colour-blind eyes. The first is that of an annotation that names none.
PALETTE = ("#ffb000", "#38b6ff", "#ff5c8a", "#4ade80", "#c084fc", "#ff7a33", "#2dd4bf", "#f4f06a")


@dataclass(frozen=True, repr=False)
class Annotation(ABC):
    """What all kinds of annotations have in common.

    Attributes
    ----------
    name, color
        What is written beside it, and ``#rrggbb``; without a colour it gets that of its class, else the one used least.
    label
        Name of its class; empty where it has none.
    props : dict
        Fields of one's own: texts, finite numbers and bools by name. A whole number comes back as an int.
    layer
        Id of its annotation layer; empty is the default one. A layer's name may be given.
    volume
        Name of the volume whose voxels it counts; None takes the instance's first.
    id
        Given when it is added.
    author, created
        Who made it and when (ISO 8601, UTC).
    modified_by, modified
        Who changed it last and when; empty where nobody has.
    """

    _: KW_ONLY
    name: str = ""
    color: str | None = None
    label: str = ""
    props: Mapping[str, PropValue] = field(default_factory=dict, hash=False)
    layer: str = ""
    volume: str | None = None
    id: str | None = None
    author: str = ""
    created: str = ""
    modified: str = ""
    modified_by: str = ""

    kind: ClassVar[Kind]
    #: Pairs of fields that say the same in voxels and in the world: where one is given, the other follows from it.
    places: ClassVar[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]

    def __post_init__(self) -> None:
        """Refuse what nobody could show."""
        for name in ("name", "label", "layer", "author", "created", "modified", "modified_by"):
            checked_text(name, getattr(self, name))
        for name in ("volume", "id"):
            if getattr(self, name) is not None:
                checked_text(name, getattr(self, name))
        if self.color is not None:
            checked_color(self.color)
        keep(self, props=checked_props(self.props))

    @abstractmethod
    def placed(self, volume: VolumeDescription | None) -> Self:
        """The same with voxel and world coordinates both, as far as the volume is known.

        Raises
        ------
        ParameterError
            Only voxels are given and there is no volume to count them in.
        """

    @abstractmethod
    def coords(self) -> list[float]:
        """What stands in the scene document: numbers in world x, y, z. Empty where it is not placed."""

    @classmethod
    @abstractmethod
    def from_coords(cls, coords: Sequence[float], **common: Any) -> Self:
        """One whose place is what stands in the scene document.

        Raises
        ------
        ParameterError
            The numbers are not as many as its kind has, or make no place.
        """

    @classmethod
    def from_document(cls, coords: list[float], volume: VolumeDescription | None, common: dict[str, Any]) -> Self:
        """The same of finite numbers and fields that were checked already, placed.

        Raises
        ------
        ParameterError
            The numbers make no place.
        """
        return cls.from_coords(coords, **common).placed(volume)

    @classmethod
    def trusted(cls, values: dict[str, Any]) -> Self:
        """One made of checked values, without looking at them again: there may be a hundred thousand to read."""
        made = object.__new__(cls)
        # A frozen dataclass holds its fields in its __dict__, and all but `props` have their defaults in the class.
        made.__dict__.update(values)
        return made

    def altered(self, **values: Any) -> Self:
        """A copy with other values, which were checked already."""
        return self.trusted({**self.__dict__, **values})

    def refuse_unusable(self) -> None:  # noqa: B027  most shapes are always usable
        """Raise where the shape is none: it is looked at as a whole, when it is added."""

    def crop(self, volume: Any) -> Crop:
        """The voxels under it, read when they are asked for: see :class:`Crop`.

        Parameters
        ----------
        volume
            An array or whatever has a ``shape`` and can be indexed (z, y, x), or a path, URL or source as :func:`voxbeam.open`
            takes it; the volume that the annotation counts voxels of, or one with the same voxels.
        """
        from voxbeam.annotation.crop import Crop  # noqa: PLC0415  few need it

        return Crop(self, volume)

    def __repr__(self) -> str:
        """The call that makes it, without what was left out."""
        places = [name for voxel, world in self.places for name in (*voxel, *world)]
        others = [one.name for one in fields(self) if one.name not in (*_FIRST, *_LAST, *places)]
        order = (*_FIRST, *places, *(name for name in others if name not in _HIDDEN), *_LAST)
        given = [(name, getattr(self, name)) for name in order]
        words = ", ".join(f"{name}={_short(value)}" for name, value in given if value is not None and value not in ("", {}))
        return f"{type(self).__name__}({words})"


_FIRST = ("id", "name")
_LAST = ("color", "label", "props", "layer", "volume", "author")
_HIDDEN = ("created", "modified", "modified_by")
_SHOWN_POINTS = 4


def _short(value: Any) -> str:
    if isinstance(value, tuple) and len(value) > _SHOWN_POINTS:
        return f"<{len(value)} points>"
    return repr(value)


def keep(annotation: Annotation, **values: Any) -> None:
    """Set fields of a frozen annotation that is being made."""
    for name, value in values.items():
        object.__setattr__(annotation, name, value)


def known(volume: VolumeDescription | None, annotation: Annotation) -> VolumeDescription:
    """The volume, which voxels need."""
    if volume is None:
        which = f"no volume called {annotation.volume!r}" if annotation.volume else "no volume yet"
        raise ParameterError(
            f"Voxel coordinates were given, and the instance holds {which}.", "Give world coordinates, or render it first."
        )
    return volume


def lowest(a: Vec3, b: Vec3) -> Vec3:
    """The low corner of the box that a and b span."""
    return min(a[0], b[0]), min(a[1], b[1]), min(a[2], b[2])


def highest(a: Vec3, b: Vec3) -> Vec3:
    """The high corner of the box that a and b span."""
    return max(a[0], b[0]), max(a[1], b[1]), max(a[2], b[2])
