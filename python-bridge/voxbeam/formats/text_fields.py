"""Names, classes, colours and fields of one's own, as texts that a table or a JSON file holds, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxbeam.annotation.checks import COLOR, checked_prop, read_props
from voxbeam.errors import ParameterError
from voxbeam.protocol import MAX_NAME_CHARS, MAX_PROPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from voxbeam.annotation.base import Annotation
    from voxbeam.annotation.checks import PropValue

COMMON = ("name", "label", "color")


def prop_names(annotations: Iterable[Annotation]) -> list[str]:
    """Names of all fields of one's own, in the order in which they are met."""
    found: dict[str, None] = {}
    for annotation in annotations:
        found.update(dict.fromkeys(annotation.props))
    return list(found)


def cells(annotation: Annotation, props: Iterable[str]) -> list[str]:
    """The columns after the coordinates: name, class, colour, fields of one's own; empty where there is none."""
    own = [annotation.props.get(name, "") for name in props]
    return [annotation.name, annotation.label, annotation.color or "", *(str(value) for value in own)]


def fields_of(row: Mapping[str, str]) -> dict[str, Any]:
    """What columns say, each cut to its limit; one that cannot be used is left out."""
    found: dict[str, Any] = {name: cut(row.get(name)) for name in ("name", "label") if row.get(name)}
    color = (row.get("color") or "").strip()
    if COLOR.fullmatch(color):
        found["color"] = color.lower()
    props: dict[str, PropValue] = {}
    for name, text in row.items():
        if name in COMMON or not name or not text or len(props) == MAX_PROPS:
            continue
        try:
            props[cut(name)] = checked_prop(name, _value(text))
        except ParameterError:
            continue
    return {**found, "props": props} if props else found


def _value(text: str) -> PropValue:
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def cut(value: Any) -> str:
    """A text of at most the length that names have; empty where it is none."""
    return value.encode("utf-8", "replace").decode()[:MAX_NAME_CHARS] if isinstance(value, str) else ""


def json_fields(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a JSON object."""
    found: dict[str, Any] = {name: cut(said.get(name)) for name in ("name", "label") if said.get(name)}
    color = said.get("color")
    if isinstance(color, str) and COLOR.fullmatch(color):
        found["color"] = color.lower()
    props = read_props(said.get("props"))
    return {**found, "props": props} if props else found
