"""Typed properties of neuroglancer's annotations: colour, class as a list of names, and fields of one's own that are numbers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voxbeam.annotation.checks import COLOR
from voxbeam.formats.label_class import hex_color
from voxbeam.formats.text_fields import cut
from voxbeam.protocol import MAX_PROPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.annotation import Annotation

#: dtype and size of a value of each type, as the binary files hold it.
LAYOUT = {
    "float32": ("<f4", 4), "uint32": ("<u4", 4), "int32": ("<i4", 4), "uint16": ("<u2", 2), "int16": ("<i2", 2),
    "uint8": ("|u1", 1), "int8": ("|i1", 1), "rgb": ("3u1", 1), "rgba": ("4u1", 1),
}
_NAME = re.compile(r"[a-z][a-zA-Z0-9_]*")
_OWN = ("color", "class")


@dataclass(frozen=True)
class Properties:
    """Which properties a set of annotations has.

    Attributes
    ----------
    specs
        As a file lists them, the widest first.
    lost
        Names of fields that have no such form.
    some
        Whether one of the others is missing in an annotation, where there then is a 0.
    """

    specs: list[dict[str, Any]]
    lost: list[str]
    some: bool = False

    def losses(self) -> list[str]:
        """What of the fields is not kept, in words."""
        names = ", ".join(self.lost)
        found = [f"fields that are no numbers, or whose names it does not take: {names!r:.200}"] if names else []
        return [*found, "fields that only some have are 0 in the others"] if self.some else found

    def values(self, one: Annotation) -> list[Any]:
        """In the order of `specs`; a colour is ``#rrggbb``, a class its number."""
        return [self._value(one, spec) for spec in self.specs]

    def _value(self, one: Annotation, spec: dict[str, Any]) -> Any:
        if spec["id"] == "color":
            return one.color or "#ffb000"
        if spec["id"] == "class":
            return spec["enum_labels"].index(one.label)
        value = one.props.get(spec["id"], 0)
        return int(value) if isinstance(value, bool) else value


def properties_of(annotations: Sequence[Annotation]) -> Properties:
    """Properties that hold as much as can be of these."""
    types: Counter[tuple[str, str]] = Counter()
    for one in annotations:
        types.update((name, "text" if isinstance(value, str) else "number") for name, value in one.props.items())
    texts = {name for name, kind in types if kind == "text"}
    names = list(dict.fromkeys(name for name, _ in types))
    good = [name for name in names if name not in texts and _NAME.fullmatch(name) and name not in _OWN][:MAX_PROPS]
    specs: list[dict[str, Any]] = [{"id": name, "type": "float32"} for name in good]
    classes = sorted({one.label for one in annotations})
    if classes not in ([], [""]):
        specs.append({"id": "class", "type": "uint16", "enum_values": list(range(len(classes))), "enum_labels": classes})
    specs.append({"id": "color", "type": "rgb"})
    some = any(name not in one.props for one in annotations for name in good)
    return Properties(specs, [name for name in names if name not in good], some)


def fields_of(specs: Sequence[dict[str, Any]], values: Sequence[Any]) -> dict[str, Any]:
    """Colour, class and fields of one's own of an annotation."""
    found: dict[str, Any] = {}
    props: dict[str, Any] = {}
    for spec, value in zip(specs, values, strict=False):
        name, kind = cut(spec.get("id")), spec.get("type")
        if kind in ("rgb", "rgba"):
            text = value if isinstance(value, str) else hex_color(list(value)[:3]) or ""
            if COLOR.fullmatch(text[:7]):
                found["color"] = text[:7].lower()
            continue
        labels, numbers = spec.get("enum_labels"), spec.get("enum_values")
        if isinstance(labels, list) and isinstance(numbers, list) and value in numbers and len(labels) == len(numbers):
            word = cut(labels[numbers.index(value)])
            if name == "class":
                found["label"] = word
                continue
            value = word  # noqa: PLW2901  its name says more than its number
        if isinstance(value, (int, float, str)) and name and len(props) < MAX_PROPS:
            props[name] = value
    return {**found, "props": props} if props else found
