"""What label ids mean: names and colours, as people and files give them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voxbeam.errors import ParameterError

#: Of a name that a file gives; the rest is cut off.
MAX_CLASS_NAME = 200
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
#: Told apart side by side; ids beyond go round.
_HUES = ("#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#46f0f0", "#f032e6", "#bcf60c", "#008080")


@dataclass(frozen=True)
class LabelClass:
    """What a label id means.

    Attributes
    ----------
    name
        For people; may be empty.
    color
        ``#rrggbb``, or None.
    """

    name: str = ""
    color: str | None = None

    @property
    def rgb(self) -> tuple[int, int, int] | None:
        """The colour as three numbers from 0 to 255."""
        if self.color is None:
            return None
        return int(self.color[1:3], 16), int(self.color[3:5], 16), int(self.color[5:7], 16)


def default_color(label: int) -> str:
    """For a program that wants one where nothing says it."""
    return _HUES[(label - 1) % len(_HUES)]


def hex_color(rgb: Any) -> str | None:
    """``#rrggbb`` of three numbers from 0 to 255; None where they are anything else."""
    try:
        r, g, b = (int(n) for n in rgb)
    except (TypeError, ValueError):
        return None
    return f"#{r:02x}{g:02x}{b:02x}" if all(0 <= n <= 255 for n in (r, g, b)) else None


def checked_classes(classes: Any) -> dict[int, LabelClass]:
    """Classes by id, of what people hand in: id -> name, `LabelClass`, or ``{"name", "color"}``.

    Raises
    ------
    ParameterError
        An id is no positive integer, or a colour is not ``#rrggbb``.

    Examples
    --------
    >>> checked_classes({1: "void", "2": {"name": "matrix", "color": "#ffb000"}})
    {1: LabelClass(name='void', color=None), 2: LabelClass(name='matrix', color='#ffb000')}
    """
    found: dict[int, LabelClass] = {}
    for key, value in dict(classes or {}).items():
        try:
            label = int(key)
        except (TypeError, ValueError):
            label = 0
        if not 0 < label < 2**64:
            raise ParameterError(f"classes has the id {key!r:.40}.", "Ids are whole numbers from 1 on; 0 is no label.")
        name: Any = value if isinstance(value, str) else getattr(value, "name", "")
        color: Any = getattr(value, "color", None)
        if isinstance(value, Mapping):
            name, color = value.get("name", ""), value.get("color")
        if not isinstance(name, str):
            raise ParameterError(f"The class of id {label} is {value!r:.60}.", "Give a name, or {'name': …, 'color': '#rrggbb'}.")
        if color is not None and not (isinstance(color, str) and _COLOR.fullmatch(color)):
            raise ParameterError(f"The colour of id {label} is {color!r:.40}.", "Give it as '#rrggbb', such as '#ffb000'.")
        found[label] = LabelClass(name[:MAX_CLASS_NAME], color.lower() if color else None)
    return dict(sorted(found.items()))
