"""Points and boxes: what people mark in a volume, as Python values."""

from __future__ import annotations

import math
import re
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from voxbeam.errors import ParameterError
from voxbeam.geometry import Vec3, voxel_to_world, world_to_voxel
from voxbeam.protocol import MAX_NAME_CHARS

if TYPE_CHECKING:
    from collections import Counter

    from voxbeam.description import VolumeDescription
    from voxbeam.scene_map import Entry

Kind = Literal["point", "box"]
#: Told apart on grey, on the coloured maps, and by most colour-blind eyes. The first is that of an annotation that names none.
PALETTE = ("#ffb000", "#38b6ff", "#ff5c8a", "#4ade80", "#c084fc", "#ff7a33", "#2dd4bf", "#f4f06a")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
#: Noise of going to world coordinates and back stays far below this part of a voxel.
_DIGITS = 6


@dataclass(frozen=True, repr=False)
class Annotation:
    """What a point and a box have in common.

    Attributes
    ----------
    name, color
        Label, and ``#rrggbb``; without a colour it gets the one used least.
    volume
        Name of the volume whose voxels it counts; None takes the instance's first.
    id
        Given when it is added.
    author, created
        Who made it and when (ISO 8601, UTC).
    """

    _: KW_ONLY
    name: str = ""
    color: str | None = None
    volume: str | None = None
    id: str | None = None
    author: str = ""
    created: str = ""

    kind: ClassVar[Kind]

    def __post_init__(self) -> None:
        """Refuse what nobody could show."""
        if not isinstance(self.name, str) or len(self.name) > MAX_NAME_CHARS:
            raise ParameterError(f"name is {self.name!r:.80}.", f"Give a text of at most {MAX_NAME_CHARS} characters.")
        if self.color is not None and not (isinstance(self.color, str) and _COLOR.fullmatch(self.color)):
            raise ParameterError(f"color is {self.color!r}.", "Give it as '#rrggbb', such as '#ffb000'.")


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

    def __post_init__(self) -> None:
        """Check the position, and keep it as floats."""
        super().__post_init__()
        if self.voxel is None and self.world is None:
            raise ParameterError("A point needs a position.", "Give voxel=(z, y, x) or world=(x, y, z).")
        if self.voxel is not None:
            _keep(self, voxel=_vec3("voxel", self.voxel, "z, y, x"))
        if self.world is not None:
            _keep(self, world=_vec3("world", self.world, "x, y, z"))

    def __repr__(self) -> str:
        return _words(self, "voxel", "world")


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

    def __post_init__(self) -> None:
        """Check the corners, put the low one first, and keep them as floats."""
        super().__post_init__()
        if (self.start is None) != (self.stop is None) or (self.start is None and self.world is None):
            raise ParameterError(
                "A box needs two corners.", "Give start and stop (voxels z, y, x), or world=(low, high) (x, y, z)."
            )
        if self.start is not None and self.stop is not None:
            corners = _vec3("start", self.start, "z, y, x"), _vec3("stop", self.stop, "z, y, x")
            _keep(self, start=_lowest(*corners), stop=_highest(*corners))
        if self.world is not None:
            if len(self.world) != 2:
                raise ParameterError(f"world is {self.world!r}.", "Give two corners: ((x, y, z), (x, y, z)).")
            corners = _vec3("world[0]", self.world[0], "x, y, z"), _vec3("world[1]", self.world[1], "x, y, z")
            _keep(self, world=(_lowest(*corners), _highest(*corners)))

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The voxels whose centres lie in the box: ``volume[box.slices]`` (cut it at the volume's end as NumPy does)."""
        if self.start is None or self.stop is None:
            raise ParameterError("The box has no voxel coordinates.", "Add it to an instance that holds its volume.")
        # Centre i lies in [start - 1/2, stop - 1/2).
        first, behind = ([max(0, math.ceil(n - 0.5)) for n in corner] for corner in (self.start, self.stop))
        return slice(first[0], behind[0]), slice(first[1], behind[1]), slice(first[2], behind[2])

    def __repr__(self) -> str:
        return _words(self, "start", "stop", "world")


def placed(annotation: Annotation, volume: VolumeDescription | None) -> Annotation:
    """The annotation with voxel and world coordinates both; where one is missing it is made from the other.

    Raises
    ------
    ParameterError
        Only voxels are given and there is no volume to count them in.
    """
    if isinstance(annotation, Point):
        if annotation.world is None and annotation.voxel is not None:
            return replace(annotation, world=_to_world(annotation.voxel, _known(volume, annotation)))
        if annotation.world is not None and volume is not None:
            return replace(annotation, voxel=_to_voxel(annotation.world, volume))
    if isinstance(annotation, Box):
        if annotation.world is None and annotation.start is not None and annotation.stop is not None:
            known = _known(volume, annotation)
            corners = [_to_world(_shifted(corner, -0.5), known) for corner in (annotation.start, annotation.stop)]
            return replace(annotation, world=(corners[0], corners[1]))
        if annotation.world is not None and volume is not None:
            start, stop = (_shifted(_to_voxel(corner, volume), 0.5) for corner in annotation.world)
            return replace(annotation, start=start, stop=stop)
    return annotation


def to_entry(annotation: Annotation) -> Entry:
    """What stands in the scene document for a placed annotation."""
    coords: list[float] = []
    if isinstance(annotation, Point) and annotation.world is not None:
        coords = [*annotation.world]
    elif isinstance(annotation, Box) and annotation.world is not None:
        coords = [*annotation.world[0], *annotation.world[1]]
    return {
        "kind": annotation.kind,
        "name": annotation.name,
        "color": annotation.color or PALETTE[0],
        "volume_name": annotation.volume or "",
        "coords": coords,
        "created": annotation.created,
        "author": annotation.author,
    }


def from_entry(entry_id: str, entry: Entry, volume: VolumeDescription | None) -> Annotation | None:
    """The annotation in a document's entry.

    Anyone may have written it: without a usable kind or coordinates there is none; other fields that make no sense get a default.
    """
    coords = _numbers(entry.get("coords"))
    text = {name: str(entry.get(name) or "")[:MAX_NAME_CHARS] for name in ("name", "author", "created", "volume_name", "color")}
    common: dict[str, Any] = {
        "id": entry_id,
        "name": text["name"],
        "author": text["author"],
        "created": text["created"],
        "volume": text["volume_name"] or None,
        "color": text["color"] if _COLOR.fullmatch(text["color"]) else PALETTE[0],
    }
    found: Annotation | None = None
    if entry.get("kind") == "point" and len(coords) == 3:
        found = Point(world=(coords[0], coords[1], coords[2]), **common)
    elif entry.get("kind") == "box" and len(coords) == 6:
        found = Box(world=((coords[0], coords[1], coords[2]), (coords[3], coords[4], coords[5])), **common)
    return placed(found, volume) if found else None


def next_color(used: Counter[str]) -> str:
    """The colour used least so far (in small letters); of those the first in the palette."""
    return min(PALETTE, key=lambda color: used[color])


def _known(volume: VolumeDescription | None, annotation: Annotation) -> VolumeDescription:
    if volume is None:
        which = f"no volume called {annotation.volume!r}" if annotation.volume else "no volume yet"
        raise ParameterError(
            f"Voxel coordinates were given, and the instance holds {which}.", "Give world coordinates, or render it first."
        )
    return volume


def _to_world(voxel: Vec3, volume: VolumeDescription) -> Vec3:
    return voxel_to_world(voxel, volume.voxel_size, volume.origin)


def _to_voxel(world: Vec3, volume: VolumeDescription) -> Vec3:
    z, y, x = (round(n, _DIGITS) for n in world_to_voxel(world, volume.voxel_size, volume.origin))
    return z, y, x


def _shifted(v: Vec3, by: float) -> Vec3:
    return v[0] + by, v[1] + by, v[2] + by


def _lowest(a: Vec3, b: Vec3) -> Vec3:
    return min(a[0], b[0]), min(a[1], b[1]), min(a[2], b[2])


def _highest(a: Vec3, b: Vec3) -> Vec3:
    return max(a[0], b[0]), max(a[1], b[1]), max(a[2], b[2])


def _vec3(name: str, value: Any, order: str) -> Vec3:
    numbers = _numbers(value)
    if len(numbers) != 3:
        raise ParameterError(f"{name} is {value!r}.", f"Give three finite numbers in the order {order}.")
    return numbers[0], numbers[1], numbers[2]


def _numbers(value: Any) -> list[float]:
    """``value`` as finite numbers; empty where it is anything else."""
    try:
        numbers = [] if isinstance(value, str) else [float(n) for n in value]
    except (TypeError, ValueError):
        return []
    return numbers if all(map(math.isfinite, numbers)) else []


def _keep(annotation: Annotation, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(annotation, name, value)


def _words(annotation: Annotation, *places: str) -> str:
    """The call that makes it, without what was left out."""
    names = ("id", "name", *places, "color", "volume", "author")
    given = [(name, getattr(annotation, name)) for name in names]
    return f"{type(annotation).__name__}({', '.join(f'{name}={value!r}' for name, value in given if value not in (None, ''))})"
