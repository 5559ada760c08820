"""The multiscales metadata of OME-Zarr 0.4 and 0.5: which arrays are levels, how large their voxels are and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from voxbeam.errors import SourceError
from voxbeam.geometry import Vec3, level_to_voxel
from voxbeam.sources.source import UNIT_SYMBOLS

#: Unit names of time axes, and the symbol a time label shows.
TIME_SYMBOLS = {
    "microsecond": "µs", "millisecond": "ms", "second": "s", "minute": "min", "hour": "h", "day": "d", "nanosecond": "ns",
}
#: How far from its place a level may lie, in voxels of level 0, before it is made again.
PLACE_TOLERANCE = 0.05


@dataclass(frozen=True)
class Multiscale:
    """One multiscale image, its spatial vectors as z, y, x."""

    name: str
    axes: list[str]
    unit: str
    paths: list[str]
    scales: list[Vec3]
    translations: list[Vec3 | None]
    time_step: float | None = None
    time_unit: str = ""

    def half_voxel_rule(self, level: int) -> bool:
        """Whether the metadata put `level` where its voxels are means of 2x2x2 of the level below."""
        first, here = self.translations[0] or (0.0, 0.0, 0.0), self.translations[level]
        if here is None:
            return False
        shift = level_to_voxel(0, level)
        return all(
            abs(s - s0 * 2**level) <= 0.01 * s and abs((t - t0) / s0 - shift) <= PLACE_TOLERANCE
            for s0, s, t0, t in zip(self.scales[0], self.scales[level], first, here, strict=True)
        )


def _ome(attributes: dict[str, Any]) -> dict[str, Any]:
    ome = attributes.get("ome")
    return ome if isinstance(ome, dict) else attributes


def is_label(attributes: dict[str, Any]) -> bool:
    """Whether the group holds labels."""
    return "image-label" in _ome(attributes)


def first_multiscale(attributes: dict[str, Any], where: str) -> Multiscale | None:
    """The first multiscale image of a group's attributes, or None where there is none.

    Raises
    ------
    SourceError
        Where the metadata contradict themselves.
    """
    listed = _ome(attributes).get("multiscales")
    if not listed:
        return None
    try:
        return _parse(listed[0])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        text = f"{where!r} has multiscales metadata that cannot be read: {type(error).__name__} {error}."
        raise SourceError(text, "They must be those of OME-Zarr 0.4 or 0.5.") from error


def _parse(entry: dict[str, Any]) -> Multiscale:
    axes = [axis if isinstance(axis, str) else axis["name"] for axis in entry["axes"]]
    units = [axis.get("unit", "") for axis in entry["axes"] if isinstance(axis, dict) and axis.get("type") == "space"]
    unit = units[-1] if units else ""
    common = entry.get("coordinateTransformations", [])
    scales: list[Vec3] = []
    translations: list[Vec3 | None] = []
    time_unit = next((axis.get("unit", "") for axis in entry["axes"] if isinstance(axis, dict) and axis.get("name") == "t"), "")
    for dataset in entry["datasets"]:
        scale, translation = _combine([*dataset.get("coordinateTransformations", []), *common])
        scales.append(scale)
        translations.append(translation)
    return Multiscale(
        name=str(entry.get("name") or ""),
        axes=[str(axis).lower() for axis in axes],
        unit=UNIT_SYMBOLS.get(unit, unit),
        paths=[str(dataset["path"]) for dataset in entry["datasets"]],
        scales=scales,
        translations=translations,
        time_step=_time_step(entry, [str(axis).lower() for axis in axes]),
        time_unit=TIME_SYMBOLS.get(time_unit, time_unit),
    )


def _time_step(entry: dict[str, Any], axes: list[str]) -> float | None:
    """How far time points are apart, where a scale of the finest level says so."""
    if "t" not in axes:
        return None
    step = 1.0
    for one in [*entry["datasets"][0].get("coordinateTransformations", []), *entry.get("coordinateTransformations", [])]:
        if one["type"] == "scale" and len(one["scale"]) == len(axes):
            step *= float(one["scale"][axes.index("t")])
    return step if step > 0 else None


def _combine(transformations: list[dict[str, Any]]) -> tuple[Vec3, Vec3 | None]:
    """Scale and translation of a chain of them, the first applied first; translation None where nothing states one."""
    scale, translation, stated = [1.0] * 3, [0.0] * 3, False
    for step in transformations:
        if step["type"] == "scale":
            factors = [float(n) for n in step["scale"][-3:]]
            scale = [a * b for a, b in zip(scale, factors, strict=True)]
            translation = [a * b for a, b in zip(translation, factors, strict=True)]
        elif step["type"] == "translation":
            translation = [a + float(b) for a, b in zip(translation, step["translation"][-3:], strict=True)]
            stated = True
    if not all(s > 0 for s in scale):
        raise ValueError(f"scale {scale}")
    return (scale[0], scale[1], scale[2]), (translation[0], translation[1], translation[2]) if stated else None
