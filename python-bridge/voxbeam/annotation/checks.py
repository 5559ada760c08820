"""What an annotation may be made of: each check returns the value as it is kept, or says what is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.protocol import MAX_NAME_CHARS, MAX_PATH_POINTS, MAX_PROP_CHARS, MAX_PROPS

if TYPE_CHECKING:
    from voxbeam.geometry import Vec3

#: What a field of one's own may hold.
PropValue = str | float | int | bool
COLOR = re.compile(r"#[0-9a-fA-F]{6}")
#: Numbers are doubles in the document: whole ones beyond this would come back as others.
_MAX_WHOLE = 2**53 - 1
_SHOWN_CHARS = 80


def shown(value: object) -> str:
    """The value in a message: its beginning, where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits
        text = f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}… ({len(text)} characters)"


def checked_text(what: str, value: Any, most: int = MAX_NAME_CHARS) -> str:
    """A text that can be written as UTF-8, of at most `most` characters. Markup is text like any other."""
    if not isinstance(value, str) or len(value) > most or not _fits(value, most):
        raise ParameterError(f"{what} is {shown(value)}.", f"Give a text of at most {most} characters.")
    return value


def checked_color(value: Any, what: str = "color") -> str:
    """``#rrggbb``."""
    if not (isinstance(value, str) and COLOR.fullmatch(value)):
        raise ParameterError(f"{what} is {shown(value)}.", "Give it as '#rrggbb', such as '#ffb000'.")
    return value


def checked_props(value: Any) -> dict[str, PropValue]:
    """A copy of the fields of one's own."""
    if not isinstance(value, Mapping):
        raise ParameterError(f"props is {shown(value)}.", "Give a dict of names and values, such as {'score': 0.5}.")
    if len(value) > MAX_PROPS:
        raise ParameterError(f"props has {len(value)} fields.", f"Give at most {MAX_PROPS}.")
    return {_checked_name(name): checked_prop(name, one) for name, one in value.items()}


def _checked_name(name: Any) -> str:
    if checked_text("a name in props", name) == "":
        raise ParameterError("props has a field without a name.", "Give it one.")
    return str(name)


def checked_prop(name: str, value: Any) -> PropValue:
    """One value: a text, a number or a bool. NumPy's numbers become Python's."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return checked_text(f"props[{name!r:.80}]", value, MAX_PROP_CHARS)
    if isinstance(value, int) and abs(value) <= _MAX_WHOLE:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ParameterError(
        f"props[{name!r:.80}] is {shown(value)}.",
        "Give a text, a bool, a finite number, or a whole number below 2 to the 53rd.",
    )


def merged_props(props: Mapping[str, PropValue], changes: Any) -> dict[str, Any]:
    """The fields after changes of some of them; None removes one."""
    if not isinstance(changes, Mapping):
        raise ParameterError(f"props is {shown(changes)}.", "Give a dict of names and values; None removes one.")
    return {name: value for name, value in {**props, **changes}.items() if value is not None}


def read_props(value: Any) -> dict[str, PropValue]:
    """The fields in a document that make sense. Numbers have no type there: whole ones are ints."""
    found: dict[str, PropValue] = {}
    for name, one in value.items() if isinstance(value, dict) else ():
        whole = isinstance(one, float) and one.is_integer() and abs(one) <= _MAX_WHOLE
        try:
            found[_checked_name(name)] = int(one) if whole else checked_prop(name, one)
        except ParameterError:
            continue
        if len(found) == MAX_PROPS:
            break
    return found


def numbers(value: Any) -> list[float]:
    """``value`` as finite numbers; empty where it is anything else."""
    try:
        found = [] if isinstance(value, (str, dict)) else list(map(float, value))
    except (TypeError, ValueError, OverflowError):
        return []
    return found if all(map(math.isfinite, found)) else []


def vec3(what: str, value: Any, order: str) -> Vec3:
    """Three finite numbers."""
    found = numbers(value)
    if len(found) != 3:
        raise ParameterError(f"{what} is {shown(value)}.", f"Give three finite numbers in the order {order}.")
    return found[0], found[1], found[2]


class Points(tuple["Vec3", ...]):
    """Points that were checked: a copy of an annotation does not look at sixteen thousand again."""

    __slots__ = ()


def points(what: str, value: Any, order: str) -> Points:
    """A list of points, each three finite numbers."""
    if isinstance(value, Points):
        return value
    remedy = f"Give points of three finite numbers each, in the order {order}."
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ParameterError(f"{what} is {shown(value)}.", remedy) from None
    if array.ndim != 2 or array.shape[1] != 3 or not np.isfinite(array).all():
        raise ParameterError(f"{what} is {shown(value)}.", remedy)
    if len(array) > MAX_PATH_POINTS:
        raise ParameterError(f"{what} has {len(array)} points.", f"Give at most {MAX_PATH_POINTS}: simplify it.")
    return Points(map(tuple, array.tolist()))


def _fits(text: str, most: int) -> bool:
    """Whether it can be written, and is short enough for a browser too, where some characters count twice."""
    try:
        return text.isascii() or len(text.encode("utf-16-le")) <= 2 * most
    except UnicodeEncodeError:
        return False
