"""What a volume is, as it stands on the wire; the words are those of ``VolumeDescription`` in ``src/protocol``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import isfinite, prod
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

from voxbeam.errors import ParameterError, ShapeError
from voxbeam.geometry import Shape, Vec3, brick_count
from voxbeam.protocol import (
    MAX_AXIS,
    MAX_NAME_CHARS,
    MAX_POINT_PROPERTIES,
    MAX_POINT_ROWS,
    MAX_TIMES,
    MAX_WORDS_CHARS,
    SLOT_BYTES,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["image", "labels"]
KINDS: tuple[Kind, Kind] = ("image", "labels")


@dataclass(frozen=True)
class PointFacts:
    """What a point cloud is beyond its box.

    Attributes
    ----------
    count
        Its points.
    rows
        The most points in a brick.
    radius
        World radii at the low and the high end of the window.
    properties
        Names of the properties, in the order of their columns.
    """

    count: int
    rows: int
    radius: tuple[float, float]
    properties: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what the sidecar would refuse."""
        if not 1 <= self.count < 2**32 or not 1 <= self.rows <= MAX_POINT_ROWS or len(self.properties) > MAX_POINT_PROPERTIES:
            limits = f"{MAX_POINT_ROWS} points in a brick and {MAX_POINT_PROPERTIES} properties"
            raise ParameterError(f"The points are {self}.", f"There may be {limits}.")
        for name in self.properties:
            _text("property", name, least=1)

    def to_wire(self) -> dict[str, Any]:
        """The field of a VOLUME frame."""
        return {"count": self.count, "rows": self.rows, "radius": list(self.radius), "properties": list(self.properties)}

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> PointFacts:
        """The facts in an announcement."""
        return cls(wire["count"], wire["rows"], tuple(wire["radius"]), tuple(wire["properties"]))


def triple(name: str, value: float | Sequence[float], *, positive: bool = False) -> Vec3:
    """`value` as three finite numbers z, y, x; a single number stands for all axes.

    Raises
    ------
    ParameterError
        Where it is anything else; `name` is the parameter's.
    """
    try:
        numbers = [float(value)] * 3 if isinstance(value, (float, Real)) else [float(n) for n in value]
    except (TypeError, ValueError):
        numbers = []
    good = len(numbers) == 3 and all(isfinite(n) and (n > 0 or not positive) for n in numbers)
    if not good:
        kind = "positive numbers" if positive else "finite numbers"
        raise ParameterError(f"{name} is {value!r}.", f"Give three {kind} in the order z, y, x.")
    return numbers[0], numbers[1], numbers[2]


def window_pair(value: Sequence[float]) -> tuple[float, float]:
    """`value` as (low, high), both finite, low below high.

    Raises
    ------
    ParameterError
        Where it is anything else.
    """
    try:
        low, high = (float(v) for v in value)
    except (TypeError, ValueError):
        low = high = 0.0
    if not (isfinite(low) and isfinite(high) and low < high):
        raise ParameterError(f"window is {value!r}.", "Give (low, high) with low < high, both finite.")
    return low, high


def _text(name: str, value: str, *, least: int = 0, most: int = MAX_NAME_CHARS) -> None:
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise ParameterError(f"{name} is {value!r:.80}.", f"Give a text of {least} to {most} characters.")


@dataclass(frozen=True)
class Times:
    """Time points of a volume, all of the same shape.

    Attributes
    ----------
    count : int
        How many.
    step : float, optional
        Time from one to the next, in `unit`.
    """

    count: int
    step: float | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        """Refuse what the sidecar would refuse."""
        if not 1 <= self.count <= MAX_TIMES:
            raise ShapeError(f"The volume has {self.count} time points.", f"It may have 1 to {MAX_TIMES:,}.")
        if self.step is not None and not (isinstance(self.step, Real) and isfinite(self.step) and self.step > 0):
            raise ParameterError(f"time_step is {self.step!r}.", "Give a positive number.")
        _text("time_unit", self.unit)

    def to_wire(self) -> dict[str, Any]:
        """As it stands in a description."""
        step = {} if self.step is None else {"step": float(self.step)}
        return {"count": self.count, **step, **({"unit": self.unit} if self.unit else {})}


@dataclass(frozen=True)
class Channel:
    """Which channel of an image a volume is.

    Attributes
    ----------
    group : str
        Name of the image.
    index : int
        Place among its channels.
    color : str, optional
        ``'#rrggbb'``, where the image's file says one.
    """

    group: str
    index: int
    name: str
    color: str | None = None

    def to_wire(self) -> dict[str, Any]:
        """As it stands in a description."""
        color = {} if self.color is None else {"color": self.color}
        return {"group": self.group, "index": self.index, "name": self.name, **color}


@dataclass(frozen=True)
class VolumeDescription:
    """A volume, without its voxels. Vectors are z, y, x.

    Attributes
    ----------
    dtype : str
        The source's dtype, as NumPy names it.
    stored : str
        How voxels are stored: u8, u16, u32 (labels only), f32 or points; ``value = stored * scale + offset``.
    origin : tuple of float
        World position of the centre of voxel (0, 0, 0).
    fingerprint : str
        Equal fingerprints mean equal voxels.
    window : tuple of float, optional
        Values shown as black and white; None lets the viewer choose.
    times : Times, optional
        Its time points, where it has several.
    channel : Channel, optional
        Which channel of an image it is.
    range : tuple of float, optional
        Points: values shown at first.
    note : str, optional
        One sentence for people.
    points : PointFacts, optional
        Of a point cloud, and of nothing else.
    ids : tuple of int, optional
        Of labels with ids beyond 32 bits: the ids by their stored numbers.
    """

    name: str
    shape: Shape
    dtype: str
    stored: str
    fingerprint: str
    kind: Kind | Literal["points"] = "image"
    scale: float = 1.0
    offset: float = 0.0
    voxel_size: Vec3 = (1.0, 1.0, 1.0)
    unit: str = ""
    origin: Vec3 = (0.0, 0.0, 0.0)
    window: tuple[float, float] | None = None
    colormap: str | None = None
    times: Times | None = None
    channel: Channel | None = None
    note: str | None = field(default=None, compare=False)
    range: tuple[float, float] | None = None
    points: PointFacts | None = None
    ids: tuple[int, ...] | None = None
    #: Labels that the sidecar holds and people edit: only the sidecar says so.
    editable: bool = False

    def __post_init__(self) -> None:
        """Refuse what the sidecar would refuse, with the remedy."""
        _text("name", self.name, least=1)
        _text("unit", self.unit)
        if self.colormap is not None:
            _text("colormap", self.colormap, least=1)
        if self.points is None and self.kind not in KINDS:
            raise ParameterError(f"kind is {self.kind!r}.", "Give 'image' or 'labels'.")
        if len({self.points is None, self.kind != "points", self.stored != "points"}) > 1:
            text = f"kind is {self.kind!r}, stored {self.stored!r}, points {self.points}."
            raise ParameterError(text, "A point cloud has kind 'points', is stored as 'points' and describes them.")
        if len(self.shape) != 3 or not all(1 <= n <= MAX_AXIS for n in self.shape):
            raise ShapeError(f"The shape is {self.shape}.", f"A volume has three axes of 1 to {MAX_AXIS} voxels.")
        triple("voxel_size", self.voxel_size, positive=True)
        triple("origin", self.origin)
        if self.window is not None:
            window_pair(self.window)

    @property
    def bricks(self) -> int:
        """Bricks of all levels at all time points."""
        return brick_count(self.shape, self.time_points)

    @property
    def time_points(self) -> int:
        """How many time points there are."""
        return self.times.count if self.times else 1

    @property
    def store_bytes(self) -> int:
        """Bytes of the store that all bricks take."""
        return self.bricks * SLOT_BYTES[self.stored]

    @property
    def voxels(self) -> int:
        """Voxels of level 0."""
        return prod(self.shape)

    def with_note(self, note: str | None) -> VolumeDescription:
        """The same volume with another sentence for people."""
        return replace(self, note=note)

    def to_wire(self) -> dict[str, Any]:
        """The payload of a VOLUME frame."""
        display: dict[str, Any] = {}
        if self.window is not None:
            display["window"] = [float(v) for v in self.window]
        if self.colormap is not None:
            display["colormap"] = self.colormap
        if self.range is not None:
            display["range"] = list(self.range)
        wire: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "dtype": self.dtype,
            "stored": self.stored,
            "scale": self.scale,
            "offset": self.offset,
            "shape": list(self.shape),
            "voxel_size": list(self.voxel_size),
            "unit": self.unit,
            "origin": list(self.origin),
            "fingerprint": self.fingerprint,
            "display": display,
        }
        if self.times is not None:
            wire["times"] = self.times.to_wire()
        if self.channel is not None:
            wire["channel"] = self.channel.to_wire()
        if self.note:
            wire["note"] = self.note[:MAX_WORDS_CHARS]
        if self.points is not None:
            wire["points"] = self.points.to_wire()
        if self.ids is not None:
            wire["ids"] = [str(one) for one in self.ids]
        if self.editable:
            wire["editable"] = True
        return wire

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> VolumeDescription:
        """The description in an announcement of the sidecar."""
        fields = {name: value for name, value in wire.items() if name != "display"}
        for name in ("shape", "voxel_size", "origin"):
            fields[name] = tuple(fields[name])
        fields["times"] = Times(**wire["times"]) if "times" in wire else None
        fields["channel"] = Channel(**wire["channel"]) if "channel" in wire else None
        fields["points"] = PointFacts.from_wire(wire["points"]) if "points" in wire else None
        fields["ids"] = tuple(map(int, wire["ids"])) if "ids" in wire else None
        display = wire.get("display", {})
        for name in ("window", "range"):
            if display.get(name):
                fields[name] = tuple(display[name])
        return cls(**fields, colormap=display.get("colormap"))
