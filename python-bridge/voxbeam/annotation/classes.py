"""The classes of annotations, the palette: name to colour."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import MutableMapping
from typing import TYPE_CHECKING

from voxbeam.annotation.base import PALETTE
from voxbeam.annotation.checks import COLOR, checked_color, checked_text
from voxbeam.errors import ParameterError
from voxbeam.protocol import MAX_NAME_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from voxbeam.annotation.base import Annotation
    from voxbeam.scene_map import Entry, SceneMap

#: More are not added: a list that long is not read.
MAX_CLASSES = 256


class AnnotationClasses(MutableMapping[str, str]):
    """The classes of an instance's annotations by name, in the order of the palette; the value is their colour.

    Shared by all viewers and kernels. Adding an annotation whose `label` is new adds its class. All methods may be called from
    any thread.

    Parameters
    ----------
    scene
        The document's map behind it.
    annotations
        All annotations there are.
    check
        Raises where the instance is gone.

    Examples
    --------
    >>> view.annotations.classes["void"] = "#ff5c8a"  # doctest: +SKIP
    >>> view.annotations.classes.counts()  # doctest: +SKIP
    {'void': 12}
    """

    def __init__(self, scene: SceneMap, annotations: Callable[[], Iterable[Annotation]], check: Callable[[], None]) -> None:
        self._scene = scene
        self._annotations = annotations
        self._check = check

    def _all(self) -> dict[str, str]:
        found = [
            (order_of(entry), name, color_of(entry) or PALETTE[0])
            for name, entry in self._scene.entries().items()
            if name and len(name) <= MAX_NAME_CHARS
        ]
        return {name: color for _, name, color in sorted(found)}

    def __getitem__(self, name: str) -> str:
        known = self._all()
        if name not in known:
            raise KeyError(f"there is no class {name!r}; there are {', '.join(map(repr, known)) or 'none'}")
        return known[name]

    def __setitem__(self, name: str, color: str) -> None:
        """Add a class, or give it another colour."""
        self._check()
        if checked_text("the name of a class", name) == "":
            raise ParameterError("A class has a name.", "Give one.")
        self._scene.put(self._entries({name: checked_color(color)}))

    def __delitem__(self, name: str) -> None:
        """Take a class out of the palette. Annotations keep their label, and are shown in their own colour."""
        self._check()
        self[name]  # a KeyError that says what there is
        self._scene.remove([name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def counts(self) -> dict[str, int]:
        """How many annotations each class has; labels that are not in the palette come last."""
        counts = Counter(a.label for a in self._annotations() if a.label)
        return {name: counts[name] for name in dict.fromkeys([*self, *sorted(counts)])}

    def ensure(self, wanted: dict[str, str | None]) -> None:
        """Add those that are missing, each with its colour or the next of the palette, as long as there is room."""
        known = self._all()
        missing = {name: color for name, color in wanted.items() if name and name not in known}
        room = dict(list(missing.items())[: max(0, MAX_CLASSES - len(known))])
        if room:
            self._scene.put(self._entries(room))

    def _entries(self, colors: dict[str, str | None] | dict[str, str]) -> dict[str, Entry]:
        known, stored = self._all(), self._scene.entries()
        if len(known.keys() | colors.keys()) > MAX_CLASSES:
            raise ParameterError(f"There are {len(known)} classes.", f"There may be {MAX_CLASSES}: remove one first.")
        order = max((order_of(stored[name]) for name in known), default=-1.0)
        used = Counter(color.lower() for color in known.values())
        entries: dict[str, Entry] = {}
        for name, given in colors.items():
            color = given or min(PALETTE, key=lambda one: used[one])
            used[color.lower()] += 1
            entries[name] = {"color": color}
            if name not in known:
                order += 1
                entries[name]["order"] = order
        return entries

    def __repr__(self) -> str:
        return f"<AnnotationClasses: {', '.join(f'{name!r} {color}' for name, color in self.items()) or 'none'}>"

    def _repr_html_(self) -> str:
        counts = self.counts()
        rows = "".join(
            f'<tr><td><span style="color:{color}">&#9632;</span></td><td>{html.escape(name)}</td><td>{counts[name]}</td></tr>'
            for name, color in self.items()
        )
        return f"<table><thead><tr><th></th><th>class</th><th>annotations</th></tr></thead><tbody>{rows}</tbody></table>"


def color_of(entry: Entry) -> str | None:
    """The colour of an entry; None where it has none."""
    color = entry.get("color")
    return color if isinstance(color, str) and COLOR.fullmatch(color) else None


def order_of(entry: Entry) -> float:
    """Where an entry stands in its list; 0 where it does not say."""
    order = entry.get("order")
    return float(order) if isinstance(order, (int, float)) and not isinstance(order, bool) and abs(order) < 2**53 else 0.0
