"""How a layer looks: the settings by name, what each may be, and how it stands in the scene document.

The same words, limits and defaults stand in ``src/annotation/look.ts``.
"""

from __future__ import annotations

import math
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, get_args

from voxbeam.colormaps import COLORMAPS
from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Mode = Literal["dvr", "mip", "minip", "mean", "iso"]
Shading = Literal["none", "local", "scattering", "occlusion"]
Blend = Literal["over", "additive"]
LabelStyle = Literal["fill", "outline"]

MAX_POINTS = 64
MAX_SELECTED = 4096
MAX_SHADER_CHARS = 65_536
MAX_ID = 2**64 - 1
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_UNIFORM = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class LookKeywords(TypedDict, total=False):
    """The settings as keywords of functions that have a window and a colour map of their own."""

    visible: bool
    opacity: float
    order: float
    points: Sequence[tuple[float, float]]
    gamma: float
    log: bool
    mode: Mode
    iso: float
    shading: Shading
    blend: Blend
    transform: Mapping[str, Any] | None
    shader: str
    uniforms: Mapping[str, float]
    label_style: LabelStyle
    label_colors: Mapping[int, str]
    selected: Iterable[int]
    isolate: bool
    radius: float
    range: tuple[float, float] | None


class LookOptions(LookKeywords, total=False):
    """All settings as keywords."""

    window: tuple[float, float] | None
    colormap: str


class Field(NamedTuple):
    """One setting: its default as it stands in the document, the check that brings a value there, and the way back."""

    default: Any
    check: Callable[[str, Any], Any]
    read: Callable[[Any], Any] = lambda stored: stored


def _refuse(name: str, value: object, remedy: str) -> ParameterError:
    return ParameterError(f"{name} is {value!r:.200}.", remedy)


def _bool(name: str, value: Any) -> bool:
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise _refuse(name, value, "Give True or False.")


def _finite(value: Any) -> float | None:
    """The number as a float; None where it is none, or not finite."""
    if isinstance(value, (bool, str, bytes)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _number(low: float, high: float) -> Callable[[str, Any], float]:
    def check(name: str, value: Any) -> float:
        number = _finite(value)
        if number is None or not low <= number <= high:
            limits = "a finite number" if math.isinf(high) else f"a number from {low:g} to {high:g}"
            raise _refuse(name, value, f"Give {limits}.")
        return number

    return check


def _choice(choices: tuple[str, ...]) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise _refuse(name, value, f"Give one of {', '.join(map(repr, choices))}.")
        return value

    return check


def _interval(name: str, value: Any) -> list[float] | None:
    if value is None:
        return None
    ends = [_finite(end) for end in value] if _is_sequence(value) else []
    if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] > ends[1]:
        raise _refuse(name, value, "Give two finite numbers, the lower one first, or None.")
    return [ends[0], ends[1]]


def _is_sequence(value: Any) -> bool:
    return hasattr(value, "__len__") and hasattr(value, "__getitem__") and not isinstance(value, (str, bytes, dict))


def checked_colormap(name: str, value: Any) -> str:
    """A colour map's name, as it is.

    Raises
    ------
    ParameterError
        No viewer knows it; names the closest one.
    """
    if isinstance(value, str) and (value == "labels" or value.removesuffix("_r") in COLORMAPS or _HEX.fullmatch(value)):
        return value
    close = get_close_matches(value, COLORMAPS, n=1, cutoff=0.4) if isinstance(value, str) else []
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise _refuse(name, value, f"{hint}Give one of voxbeam.colormaps.COLORMAPS, its reverse with '_r' behind it, or '#rrggbb'.")


def _points(name: str, value: Any) -> list[list[float]]:
    pairs = [[_finite(n) for n in pair] if _is_sequence(pair) else [] for pair in value] if _is_sequence(value) else []
    good = 2 <= len(pairs) <= MAX_POINTS and all(len(p) == 2 and all(n is not None and 0 <= n <= 1 for n in p) for p in pairs)
    if not good:
        raise _refuse(name, value, f"Give 2 to {MAX_POINTS} pairs (place in the window, opacity), all from 0 to 1.")
    return sorted(([float(t), float(a)] for t, a in pairs if t is not None and a is not None), key=lambda pair: pair[0])


def _vector(name: str, value: Any, length: int) -> list[float]:
    numbers = [_finite(n) for n in value] if _is_sequence(value) else []
    if len(numbers) != length or any(n is None for n in numbers):
        raise _refuse(name, value, f"Give {length} finite numbers.")
    return [float(n) for n in numbers if n is not None]


def _transform(name: str, value: Any) -> dict[str, list[float]] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not set(value) <= {"translate", "rotate", "scale"}:
        raise _refuse(name, value, "Give None, or a dict of translate (x, y, z), rotate (quaternion x, y, z, w) and scale.")
    scale = value.get("scale", 1.0)
    factors = _vector(f"{name}['scale']", scale if _is_sequence(scale) else [scale] * 3, 3)
    if any(n <= 0 for n in factors):
        raise _refuse(f"{name}['scale']", scale, "Give factors above 0.")
    rotate = _vector(f"{name}['rotate']", value.get("rotate", (0, 0, 0, 1)), 4)
    length = math.hypot(*rotate)
    if length < 1e-9:
        raise _refuse(f"{name}['rotate']", rotate, "Give a quaternion x, y, z, w; (0, 0, 0, 1) turns nothing.")
    translate = _vector(f"{name}['translate']", value.get("translate", (0, 0, 0)), 3)
    return {"translate": translate, "rotate": [n / length for n in rotate], "scale": factors}


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_SHADER_CHARS:
        raise _refuse(name, value, f"Give GLSL as text of at most {MAX_SHADER_CHARS} characters; '' for none.")
    return value


def _uniforms(name: str, value: Any) -> dict[str, float]:
    if not isinstance(value, dict):
        raise _refuse(name, value, "Give a dict from names to numbers.")
    numbers = {}
    for key, given in value.items():
        number = _finite(given)
        if not isinstance(key, str) or not _UNIFORM.fullmatch(key):
            raise _refuse(f"a name in {name}", key, "Give a GLSL name of at most 64 letters, digits and '_'.")
        if number is None:
            raise _refuse(f"{name}[{key!r}]", given, "Give a finite number.")
        numbers[key] = number
    return numbers


def _id(name: str, value: Any) -> str:
    """An id as the document has it: decimal digits, because a JSON number is exact to 2^53 only."""
    try:
        number = -1 if isinstance(value, (bool, float)) else int(value)
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= MAX_ID:
        raise _refuse(name, value, f"Give ids as whole numbers from 0 to {MAX_ID}.")
    return str(number)


def _label_colors(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _refuse(name, value, "Give a dict from ids to '#rrggbb'.")
    for color in value.values():
        if not isinstance(color, str) or not _HEX.fullmatch(color):
            raise _refuse(f"a colour in {name}", color, "Give '#rrggbb'.")
    return {_id(name, key): color.lower() for key, color in value.items()}


def _selected(name: str, value: Any) -> list[str]:
    if isinstance(value, (str, bytes, dict)) or not hasattr(value, "__iter__"):
        raise _refuse(name, value, "Give a list of ids.")
    ids = list(dict.fromkeys(_id(name, one) for one in value))
    if len(ids) > MAX_SELECTED:
        raise _refuse(name, f"{len(ids)} ids", f"Select at most {MAX_SELECTED}.")
    return ids


def _pair(stored: Any) -> tuple[float, float] | None:
    return None if stored is None else (stored[0], stored[1])


#: Every setting by its name, which is that in the document too.
LOOK: dict[str, Field] = {
    "visible": Field(default=True, check=_bool),
    "opacity": Field(1.0, _number(0, 1)),
    "order": Field(0.0, _number(-math.inf, math.inf)),
    "window": Field(None, _interval, _pair),
    "colormap": Field("gray", checked_colormap),
    "points": Field([[0.0, 0.0], [0.15, 0.0], [1.0, 0.8]], _points, lambda stored: tuple((t, a) for t, a in stored)),
    "gamma": Field(1.0, _number(0.05, 20)),
    "log": Field(default=False, check=_bool),
    "mode": Field("dvr", _choice(get_args(Mode))),
    "iso": Field(0.5, _number(0, 1)),
    "shading": Field("local", _choice(get_args(Shading))),
    "blend": Field("over", _choice(get_args(Blend))),
    "transform": Field(
        None,
        _transform,
        lambda stored: None if stored is None else {name: tuple(value) for name, value in stored.items()},
    ),
    "shader": Field("", _text),
    "uniforms": Field({}, _uniforms, dict),
    "label_style": Field("fill", _choice(get_args(LabelStyle))),
    "label_colors": Field({}, _label_colors, lambda stored: {int(key): color for key, color in stored.items()}),
    "selected": Field([], _selected, lambda stored: tuple(int(one) for one in stored)),
    "isolate": Field(default=False, check=_bool),
    "radius": Field(1.0, _number(1e-12, 1e12)),
    "range": Field(None, _interval, _pair),
}


def checked_look(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they stand in the document; None removes one.

    Raises
    ------
    ParameterError
        A value makes no sense; the message names it, with the remedy.
    """
    return {name: LOOK[name].check(name, value) for name, value in settings.items()}


def read_setting(name: str, stored: Any) -> Any:
    """A setting for people, from a document that may be anybody's: what makes no sense there has the default."""
    field = LOOK[name]
    if stored is not None:
        try:
            return field.read(field.check(name, stored))
        except ParameterError:
            pass
    return field.read(field.default)
