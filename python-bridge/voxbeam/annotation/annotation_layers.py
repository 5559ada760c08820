"""The layers of annotations: what is shown, hidden and locked together."""

from __future__ import annotations

import html
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from voxbeam.annotation.checks import checked_color, checked_text
from voxbeam.annotation.classes import color_of, order_of
from voxbeam.errors import ParameterError
from voxbeam.keywords import refuse_unknown
from voxbeam.protocol import MAX_NAME_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from voxbeam.annotation.base import Annotation
    from voxbeam.scene_map import Entry, SceneMap

#: More are not added: a list that long is not read.
MAX_LAYERS = 256
DEFAULT_NAME = "Annotations"
_FIELDS = ("name", "order", "visible", "locked", "color")


@dataclass(frozen=True)
class AnnotationLayer:
    """A layer of annotations, as it is now.

    Attributes
    ----------
    id, name
        Its id is what annotations hold as their `layer`; that of the default layer, which is always there, is empty.
    order
        The lowest comes first in the list.
    visible
        Whether what is on it is shown.
    locked
        What is on it is not changed or removed.
    color
        ``#rrggbb`` of what is drawn into it; None where it has none of its own.
    """

    id: str
    name: str
    order: float = 0.0
    visible: bool = True
    locked: bool = False
    color: str | None = None


class AnnotationLayers(Sequence[AnnotationLayer]):
    """The layers of an instance's annotations, the lowest `order` first; ``layers["vessels"]`` finds one by its name or id.

    Shared by all viewers and kernels. All methods may be called from any thread.

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
    >>> vessels = view.annotations.layers.add("vessels")  # doctest: +SKIP
    >>> view.annotations.add(rv.Point(voxel=(1, 2, 3), layer="vessels"))  # doctest: +SKIP
    >>> view.annotations.layers.update("vessels", visible=False)  # doctest: +SKIP
    """

    def __init__(self, scene: SceneMap, annotations: Callable[[], Iterable[Annotation]], check: Callable[[], None]) -> None:
        self._scene = scene
        self._annotations = annotations
        self._check = check

    def _all(self) -> list[AnnotationLayer]:
        entries: dict[str, Entry] = {"": {}, **self._scene.entries()}
        return sorted(
            (_layer(key, entry) for key, entry in entries.items() if len(key) <= MAX_NAME_CHARS), key=lambda a: (a.order, a.id)
        )

    @overload
    def __getitem__(self, key: int | str) -> AnnotationLayer: ...
    @overload
    def __getitem__(self, key: slice) -> list[AnnotationLayer]: ...
    def __getitem__(self, key: int | str | slice) -> AnnotationLayer | list[AnnotationLayer]:
        """A layer by position, id or name; two of one name are told apart by id only."""
        layers = self._all()
        if not isinstance(key, str):
            return layers[key]
        if by_id := [layer for layer in layers if layer.id == key]:
            return by_id[0]
        named = [layer for layer in layers if layer.name == key]
        if len(named) != 1:
            names = ", ".join(repr(layer.name) for layer in layers)
            raise KeyError(f"{len(named) or 'no'} annotation layers have the name or id {key!r}; there are {names}")
        return named[0]

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, key: object) -> bool:
        return any(key in (layer.id, layer.name, layer) for layer in self._all())

    def add(self, name: str, *, color: str | None = None, visible: bool = True, locked: bool = False) -> AnnotationLayer:
        """Add a layer, above the others.

        Raises
        ------
        ParameterError
            The name is empty, too long or taken, or there are 256 layers.
        """
        self._check()
        layers = self._all()
        if len(layers) >= MAX_LAYERS:
            raise ParameterError(f"There are {len(layers)} annotation layers.", "Remove one first.")
        self._refuse_name(name)
        new = AnnotationLayer(uuid.uuid4().hex, name, max(layer.order for layer in layers) + 1, visible, locked, color)
        self._scene.put({new.id: _fields({n: getattr(new, n) for n in _FIELDS if getattr(new, n) is not None})})
        return new

    def update(self, layer: str | AnnotationLayer, **changes: Any) -> AnnotationLayer:
        """Change name, order, visible, locked or color; returns what came of it."""
        self._check()
        refuse_unknown("update", {n: v for n, v in changes.items() if n not in _FIELDS}, _FIELDS)
        found = self._find(layer)
        if changes.get("name", found.name) != found.name:
            self._refuse_name(changes["name"])
        fields = _fields(changes)
        if not self._scene.patch(found.id, fields):
            self._scene.put({found.id: {"name": found.name, "order": found.order, **fields}})
        return self[found.id]

    def remove(self, layer: str | AnnotationLayer) -> None:
        """Remove a layer. What is on it stays, on the default layer, which cannot be removed."""
        self._check()
        found = self._find(layer)
        if not found.id:
            raise ParameterError(f"{found.name!r} is the layer that is always there.", "Hide it, or clear() the annotations.")
        self._scene.remove([found.id])

    def counts(self) -> dict[str, int]:
        """How many annotations each layer has, by its id."""
        ids = {layer.id for layer in self}
        counts = Counter(a.layer if a.layer in ids else "" for a in self._annotations())
        return {layer.id: counts[layer.id] for layer in self}

    def restore(self, layers: Iterable[AnnotationLayer]) -> None:
        """Add layers with their ids, where there are none of these ids, as long as there is room."""
        known = self._scene.entries()
        missing = [layer for layer in layers if layer.id not in known][: MAX_LAYERS - len(known)]
        self._scene.put({one.id: {n: getattr(one, n) for n in _FIELDS if getattr(one, n) is not None} for one in missing})

    def refuse_locked(self, annotations: Iterable[Annotation]) -> None:
        """Raise where one of them is on a locked layer."""
        locked = {layer.id: layer for layer in self if layer.locked}
        ids = {layer.id for layer in self}
        for a in annotations if locked else ():
            layer = locked.get(a.layer if a.layer in ids else "")
            if layer:
                message = f"The annotation {a.name or a.id!r} is on the layer {layer.name!r:.80}, which is locked."
                raise ParameterError(message, "Unlock it: annotations.layers.update(…, locked=False).")

    def _find(self, layer: str | AnnotationLayer) -> AnnotationLayer:
        return self[layer if isinstance(layer, str) else layer.id]

    def _refuse_name(self, name: Any) -> None:
        if checked_text("the name of an annotation layer", name) == "" or name in self:
            raise ParameterError(f"The name of an annotation layer is {name!r}.", "Give one that is not in use.")

    def __repr__(self) -> str:
        return f"<AnnotationLayers: {', '.join(repr(layer.name) for layer in self)}>"

    def _repr_html_(self) -> str:
        counts = self.counts()
        cells = ([layer.name, _words(layer), str(counts[layer.id]), layer.id] for layer in self)
        rows = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in cells)
        head = "".join(f"<th>{title}</th>" for title in ("layer", "", "annotations", "id"))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _words(layer: AnnotationLayer) -> str:
    return ", ".join(word for word, said in (("hidden", not layer.visible), ("locked", layer.locked)) if said)


def _layer(key: str, entry: Entry) -> AnnotationLayer:
    """The layer in a document's entry; what makes no sense has its default."""
    name = entry.get("name")
    return AnnotationLayer(
        key,
        name[:MAX_NAME_CHARS] if isinstance(name, str) and name else DEFAULT_NAME if not key else "Layer",
        order_of(entry),
        entry.get("visible") is not False,
        entry.get("locked") is True,
        color_of(entry),
    )


def _fields(changes: dict[str, Any]) -> Entry:
    for name in ("visible", "locked"):
        if not isinstance(changes.get(name, True), bool):
            raise ParameterError(f"{name} is {changes[name]!r:.80}.", "Give True or False.")
    if changes.get("color") is not None:
        checked_color(changes["color"])
    order = changes.get("order", 0)
    if isinstance(order, bool) or not isinstance(order, (int, float)) or not abs(order) < 2**53:
        raise ParameterError(f"order is {order!r:.80}.", "Give a number.")
    return dict(changes)
