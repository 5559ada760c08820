"""What the labels of a painted volume mean, for everyone: names and colours in the scene document."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from voxbeam.errors import ParameterError
from voxbeam.formats.label_class import LabelClass, checked_classes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voxbeam.scene_map import SceneMap

#: Seconds within which the layer of labels that were just made comes from the sidecar.
LAYER_SECONDS = 10.0


class Classes(MutableMapping[int, LabelClass]):
    """Classes by label: ``labels.classes[1] = "void"``, or ``{"name": "void", "color": "#ffb000"}``.

    Parameters
    ----------
    layers
        The document's map of layers.
    name
        Of the labels.
    """

    def __init__(self, layers: SceneMap, name: str) -> None:
        self._layers = layers
        self._name = name

    def _all(self) -> dict[int, LabelClass]:
        stored = self._layers.entries().get(self._name, {}).get("classes")
        found: dict[int, LabelClass] = {}
        for label, one in stored.items() if isinstance(stored, dict) else ():
            try:
                found.update(checked_classes({label: one}))
            except ParameterError:
                continue  # another program's nonsense
        return dict(sorted(found.items()))

    def __getitem__(self, label: int) -> LabelClass:
        return self._all()[label]

    def __setitem__(self, label: int, value: Any) -> None:
        self.set({**self._all(), label: value})

    def __delitem__(self, label: int) -> None:
        everything = self._all()
        del everything[label]
        self.set(everything)

    def __iter__(self) -> Iterator[int]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def set(self, classes: Any) -> None:
        """Replace all of them.

        Raises
        ------
        ParameterError
            A label is no positive integer, or a colour is not ``#rrggbb``.
        """
        checked = checked_classes(classes)
        stored = {str(label): {"name": one.name, "color": one.color} for label, one in checked.items()}
        self._layers.wait_for(lambda entries: self._name in entries, LAYER_SECONDS)
        if not self._layers.patch(self._name, {"classes": stored}):
            raise ParameterError(f"There are no labels {self._name!r} any more.", "Make them again: instance.labels(…).")
