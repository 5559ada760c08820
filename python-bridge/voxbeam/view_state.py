"""What a view and Python share of where it looks: traits that are checked, and can be linked from view to view."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets as t

from voxbeam.errors import ParameterError
from voxbeam.policy import checked_policy

#: Parts of a camera. Angles are radians: yaw about z from +x towards +y, pitch above the xy plane.
CAMERA = ("target", "distance", "yaw", "pitch")
MAX_PLANES = 4
#: The slices that may stand in 3D, and how they do.
PLANES = ("axial", "coronal", "sagittal")
PLANE_LOOKS = ("none", "outline", "textured")
MAX_MEASUREMENTS = 100
#: How the values through a thick slice become one, as in ``tiles.ts``.
SLAB_MODES = ("mean", "max", "min")


def checked_numbers(value: Any, count: int, name: str) -> list[float]:
    """``count`` finite numbers as a list; raises ParameterError where they are not."""
    array = np.asarray(value if not isinstance(value, Mapping) else None)
    if array.shape != (count,) or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        raise ParameterError(f"{name} is {value!r}.", f"Give {count} finite numbers.")
    return [float(n) for n in array]


def checked_camera(value: Mapping[str, Any]) -> dict[str, Any]:
    """A camera: ``target`` (x, y, z), ``distance``, ``yaw`` and ``pitch`` in radians. Empty: as the viewer has it."""
    if not value:
        return {}
    _refuse_others(value, CAMERA, "camera")
    if missing := [part for part in CAMERA if part not in value]:
        remedy = f"Give all of {', '.join(CAMERA)}, as in {{**view.camera, 'yaw': 0}}."
        raise ParameterError(f"the camera has no {missing[0]!r}.", remedy)
    distance, yaw, pitch = checked_numbers([value[part] for part in CAMERA[1:]], 3, "camera's distance, yaw and pitch")
    if distance <= 0:
        raise ParameterError(f"the camera's distance is {distance:g}.", "Give one above 0.")
    if abs(pitch) > math.pi / 2:
        raise ParameterError(f"the camera's pitch is {pitch:g}.", "Give radians between -pi/2 and pi/2.")
    target = checked_numbers(value["target"], 3, "the camera's target")
    return {"target": target, "distance": distance, "yaw": yaw, "pitch": pitch}


def checked_clip(value: Mapping[str, Any]) -> dict[str, Any]:
    """A clip: ``box`` with corners ``min`` and ``max``, ``planes`` with ``normal`` and ``offset``; x, y, z. Empty: none."""
    _refuse_others(value, ("box", "planes"), "clip")
    clip: dict[str, Any] = {}
    if value.get("box") is not None:
        _refuse_others(value["box"], ("min", "max"), "the clip's box")
        low, high = (checked_numbers(value["box"].get(end), 3, f"the clip's box's {end}") for end in ("min", "max"))
        if not all(a < b for a, b in zip(low, high, strict=True)):
            raise ParameterError(f"the clip's box goes from {low} to {high}.", "Each of max must be above that of min.")
        clip["box"] = {"min": low, "max": high}
    planes = value.get("planes") or []
    if len(planes) > MAX_PLANES:
        raise ParameterError(f"the clip has {len(planes)} planes.", f"At most {MAX_PLANES} are drawn.")
    for plane in planes:
        _refuse_others(plane, ("normal", "offset"), "a clip's plane")
        normal = checked_numbers(plane.get("normal"), 3, "a plane's normal")
        (offset,) = checked_numbers([plane.get("offset", 0.0)], 1, "a plane's offset")
        if not any(normal):
            raise ParameterError("a plane's normal is (0, 0, 0).", "Give a direction: what lies that way is shown.")
        clip.setdefault("planes", []).append({"normal": normal, "offset": offset})
    return clip


def checked_planes(value: Mapping[str, Any]) -> dict[str, Any]:
    """How the slices stand in 3D: a look of each, and ``cut``. Empty: not at all."""
    _refuse_others(value, (*PLANES, "cut"), "planes")
    for name in PLANES:
        if name in value and value[name] not in PLANE_LOOKS:
            looks = ", ".join(map(repr, PLANE_LOOKS))
            raise ParameterError(f"the {name} plane's look is {value[name]!r}.", f"Give one of {looks}.")
    if not isinstance(value.get("cut", False), bool):
        raise ParameterError(f"planes' cut is {value['cut']!r}.", "Give True or False.")
    return dict(value)


def checked_slab(value: Mapping[str, Any]) -> dict[str, Any]:
    """How thick slices are: ``thickness`` in the world's unit, ``mode`` of the values through it. Empty, or 0: a plane."""
    _refuse_others(value, ("thickness", "mode"), "slab")
    if not value:
        return {}
    (thickness,) = checked_numbers([value.get("thickness")], 1, "the slab's thickness")
    if thickness < 0:
        raise ParameterError(f"the slab's thickness is {thickness:g}.", "Give a length of the world; 0 is a plane.")
    mode = value.get("mode", "mean")
    if mode not in SLAB_MODES:
        raise ParameterError(f"the slab's mode is {mode!r}.", f"Give one of {', '.join(map(repr, SLAB_MODES))}.")
    return {"thickness": thickness, "mode": mode} if thickness else {}


def checked_turn(value: Sequence[float]) -> list[float]:
    """How the slices are turned about the cross: a quaternion x, y, z, w of any length but 0. Empty: across the axes."""
    if not len(value):
        return []
    turn = checked_numbers(value, 4, "turn")
    length = math.hypot(*turn)
    if not 0 < length < math.inf:
        raise ParameterError(f"turn is {value!r}.", "Give a quaternion x, y, z, w; (0, 0, 0, 1) turns nothing.")
    # What has that length stays as it is, to the last digit: page and kernel would hand it to and fro.
    return turn if abs(length - 1) < 1e-9 else [n / length for n in turn]


def checked_slice_frame(value: Mapping[str, Any]) -> dict[str, Any]:
    """What of their planes slices show: ``center`` (x, y, z), and ``pixel_size``, a world length. Empty: as the viewer has it."""
    _refuse_others(value, ("center", "pixel_size"), "slice_frame")
    frame: dict[str, Any] = {}
    if "center" in value:
        frame["center"] = checked_numbers(value["center"], 3, "slice_frame's center")
    if "pixel_size" in value:
        (frame["pixel_size"],) = checked_numbers([value["pixel_size"]], 1, "slice_frame's pixel_size")
        if frame["pixel_size"] <= 0:
            raise ParameterError(f"slice_frame's pixel_size is {frame['pixel_size']:g}.", "Give a length of the world above 0.")
    return frame


def checked_measurements(value: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Distances: ``start`` and ``end`` as x, y, z; ``length`` is computed."""
    if len(value) > MAX_MEASUREMENTS:
        raise ParameterError(f"there are {len(value)} measurements.", f"At most {MAX_MEASUREMENTS} are shown.")
    measured = []
    for one in value:
        start, end = (checked_numbers(one.get(part), 3, f"a measurement's {part}") for part in ("start", "end"))
        measured.append({"start": start, "end": end, "length": math.dist(start, end)})
    return measured


#: What of a view an address holds, as in ``view_link.ts``.
LINKED = ("views", "camera", "cross", "clip", "light", "time", "planes", "slab", "turn", "slice_frame")


def view_text(fields: Mapping[str, Any]) -> str:
    """Fields of a view as the text that stands behind ``view=`` in a page's address."""
    text = json.dumps({name: fields[name] for name in LINKED if name in fields}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _refuse_others(value: Mapping[str, Any], known: Sequence[str], name: str) -> None:
    if not isinstance(value, Mapping):
        raise ParameterError(f"{name} is {value!r}.", f"Give a dict of {', '.join(known)}.")
    for part in value:
        if part not in known:
            raise ParameterError(f"{name} has {part!r}.", f"It takes {', '.join(known)}.")


class SharedViewTraits(t.HasTraits):
    """Where a view looks, as traits.

    They follow the page, at most once a second (ten times in views linked by `jslink`) and exactly once it rests,
    and the page follows them.
    Link two views with ``ipywidgets.jslink((a, "camera"), (b, "camera"))``, or one way
    with ``jsdlink``.
    """

    #: ``{"target": (x, y, z), "distance": ..., "yaw": ..., "pitch": ...}``, angles in radians; empty until there is a picture.
    camera = t.Dict().tag(sync=True)
    #: World x, y, z through which the slices go; empty until there is a picture.
    cross: t.List[float] = t.List().tag(sync=True)
    #: Index of the time point; 0 where the volumes have none.
    time = t.Int(0, min=0).tag(sync=True)
    #: What of the world 3D shows: ``{"box": {"min": (x, y, z), "max": (x, y, z)}, "planes": [{"normal": (x, y, z),
    #: "offset": ...}]}``; empty: all. A place p is shown where ``normal @ p >= offset``.
    clip = t.Dict().tag(sync=True)
    #: How the slices stand in 3D: ``{"axial": ..., "coronal": ..., "sagittal": ..., "cut": ...}``, each ``"none"``, ``"outline"``
    #: or ``"textured"`` (with its values); ``cut``: whether what lies before textured ones is cut away. What is
    #: not given stays; empty: none stands there.
    planes = t.Dict().tag(sync=True)
    #: How thick slices are: ``{"thickness": a length of the world, "mode": "mean", "max" or "min"}``; empty: a plane.
    slab = t.Dict().tag(sync=True)
    #: How the slices are turned about the cross: a quaternion x, y, z, w; empty: they are across the axes.
    turn: t.List[float] = t.List().tag(sync=True)
    #: What of their planes slices show: ``{"center": (x, y, z), "pixel_size": the world length of a CSS pixel}``, one for all
    #: slices; what is not given stays. Empty until there is a picture.
    slice_frame = t.Dict().tag(sync=True)
    #: World direction (x, y, z) towards the light; empty: over the viewer's left shoulder.
    light: t.List[float] = t.List().tag(sync=True)
    #: Distances measured in the view: ``[{"start": (x, y, z), "end": (x, y, z), "length": ...}]``, in the volume's unit.
    measurements: t.List[dict[str, Any]] = t.List().tag(sync=True)

    #: How bricks are asked for: ``"exploration"`` (what is in view, then what is about to be), ``"playback"`` (the next time
    #: points before details), ``"low-bandwidth"`` (coarser, a few at a time) or ``"no-prefetch"`` (only what is in view), or one
    #: of them in another order, as :func:`voxbeam.loading_policy` writes it.
    policy = t.Unicode("exploration").tag(sync=True)

    @t.validate("policy")
    def _check_policy(self, proposal: Any) -> str:
        return checked_policy(proposal["value"])

    @t.validate("camera")
    def _check_camera(self, proposal: Any) -> dict[str, Any]:
        return checked_camera(proposal["value"])

    @t.validate("cross")
    def _check_cross(self, proposal: Any) -> list[float]:
        value = proposal["value"]
        return checked_numbers(value, 3, "cross") if len(value) else []

    @t.validate("clip")
    def _check_clip(self, proposal: Any) -> dict[str, Any]:
        return checked_clip(proposal["value"])

    @t.validate("planes")
    def _check_planes(self, proposal: Any) -> dict[str, Any]:
        return checked_planes(proposal["value"])

    @t.validate("slab")
    def _check_slab(self, proposal: Any) -> dict[str, Any]:
        return checked_slab(proposal["value"])

    @t.validate("turn")
    def _check_turn(self, proposal: Any) -> list[float]:
        return checked_turn(proposal["value"])

    @t.validate("slice_frame")
    def _check_slice_frame(self, proposal: Any) -> dict[str, Any]:
        return checked_slice_frame(proposal["value"])

    @t.validate("light")
    def _check_light(self, proposal: Any) -> list[float]:
        value = proposal["value"]
        light = checked_numbers(value, 3, "light") if len(value) else []
        if light and not any(light):
            raise ParameterError("light is (0, 0, 0).", "Give the direction towards it, as x, y, z.")
        return light

    @t.validate("measurements")
    def _check_measurements(self, proposal: Any) -> list[dict[str, Any]]:
        return checked_measurements(proposal["value"])
