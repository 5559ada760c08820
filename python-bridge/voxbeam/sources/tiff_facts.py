"""What a TIFF says about its voxels: its axes, and the metadata of OME and ImageJ."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from voxbeam.errors import ParameterError, ShapeError
from voxbeam.protocol import MAX_NAME_CHARS
from voxbeam.sources.axes import Leading
from voxbeam.sources.places import unit_symbol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from voxbeam.geometry import Vec3
    from voxbeam.sources.source import Source

#: Axes without a meaning of their own are planes of the volume.
_PLANES = "IQRHAE"
_RGB = (("red", "#ff0000"), ("green", "#00ff00"), ("blue", "#0000ff"), ("alpha", None))


@dataclass
class TiffFacts:
    """What the metadata say."""

    voxel_size: Vec3 = (1.0, 1.0, 1.0)
    unit: str = ""
    time_step: float | None = None
    time_unit: str = ""
    channels: list[tuple[str, str | None]] = field(default_factory=list)

    def name_channel(self, source: Source, index: int, count: int) -> None:
        """Give a channel its name and colour, where the file has one for each."""
        if source.channel is not None and len(self.channels) >= count:
            name, color = self.channels[index]
            distinct = [one for one, _ in self.channels].count(name) == 1
            source.channel = replace(source.channel, name=name[:MAX_NAME_CHARS] if name and distinct else str(index), color=color)


def axis_letters(found: str, axes: str | None, path: Path) -> str:
    """The axes of a series, in order, as T, C, Z, Y, X and S (samples of a pixel); what is unknown, or one too many, is Z.

    Parameters
    ----------
    axes
        What the caller says they are, such as ``'tzyx'``.
    """
    plain = found.rstrip("S")
    if axes is not None:
        if len(axes) != len(plain) or sorted(set(axes)) != sorted(axes) or axes[-2:] != "yx" or not set(axes) <= set("tczyx"):
            remedy = f"The file has {len(plain)} axes before samples: name each of t, c, z once, and end with yx."
            raise ParameterError(f"axes is {axes!r} for {str(path)!r}.", remedy)
        return axes.upper() + found[len(plain) :]
    letters = []
    for letter in found:
        known = letter if letter in "TCZYXS" else "Z" if letter in _PLANES else "?"
        if known == "?" or known in letters:
            remedy = "Say which axis is which, such as axes='tczyx'."
            raise ShapeError(f"{str(path)!r} has axes {found!r}.", remedy)
        letters.append(known)
    if "Y" not in letters or "X" not in letters or ("S" in letters and "C" in letters):
        raise ShapeError(f"{str(path)!r} has axes {found!r}.", "Open it with tifffile and give an array of z, y, x.")
    return "".join(letters)


def leading_of(sizes: Mapping[str, int]) -> Leading:
    """Time points and channels; samples of a pixel are channels."""
    names, lengths = "", []
    for letter, name in (("T", "t"), ("C", "c"), ("S", "c")):
        if sizes.get(letter, 1) > 1:
            names += name
            lengths.append(sizes[letter])
    return Leading(names, tuple(lengths))


def tiff_facts(tiff: Any, letters: str) -> TiffFacts:
    """What OME's or ImageJ's metadata say of the first series."""
    facts = TiffFacts()
    if tiff.is_ome and tiff.ome_metadata:
        facts = _ome(tiff.ome_metadata)
    elif tiff.is_imagej and tiff.imagej_metadata:
        facts = _imagej(tiff)
    if "S" in letters and not facts.channels:
        facts.channels = list(_RGB)
    return facts


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 1e30 else None


def _ome(text: str) -> TiffFacts:
    import tifffile  # noqa: PLC0415  an optional extra

    image = tifffile.xml2dict(text).get("OME", {}).get("Image", {})
    image = image[0] if isinstance(image, list) else image
    pixels = image.get("Pixels", {})
    sizes = [_number(pixels.get(f"PhysicalSize{axis}")) for axis in "ZYX"]
    units = {unit_symbol(pixels.get(f"PhysicalSize{axis}Unit", "µm")) for axis, size in zip("ZYX", sizes, strict=True) if size}
    listed = pixels.get("Channel", [])
    facts = TiffFacts(channels=[_ome_channel(one) for one in (listed if isinstance(listed, list) else [listed])])
    if len(units) == 1:
        facts.voxel_size, facts.unit = (sizes[0] or 1.0, sizes[1] or 1.0, sizes[2] or 1.0), units.pop()
    facts.time_step = _number(pixels.get("TimeIncrement"))
    facts.time_unit = str(pixels.get("TimeIncrementUnit", "s"))
    return facts


def _ome_channel(one: Mapping[str, Any]) -> tuple[str, str | None]:
    color = one.get("Color")
    rgba = int(color) & 0xFFFFFFFF if isinstance(color, int) else None
    return str(one.get("Name", "")), None if rgba is None else f"#{rgba >> 8:06x}"


def _imagej(tiff: Any) -> TiffFacts:
    said, page = tiff.imagej_metadata, tiff.pages[0]
    steps = []
    for tag in ("YResolution", "XResolution"):
        value = page.tags[tag].value if tag in page.tags else None
        per_unit = _number(value[0] / value[1]) if isinstance(value, tuple) and value[1] else None
        steps.append(1 / per_unit if per_unit else 1.0)
    unit = unit_symbol(str(said.get("unit", "")).replace("\\u00B5", "µ"))
    unit = "" if unit in ("pixel", "pixels") else unit
    size = (_number(said.get("spacing")) or 1.0, *steps)
    return TiffFacts((size[0], size[1], size[2]), unit, _number(said.get("finterval")), str(said.get("tunit", "s")))
