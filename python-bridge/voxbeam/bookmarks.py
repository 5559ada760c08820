"""Bookmarks of an instance: named views that all who look at it share."""

from __future__ import annotations

import operator
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from voxbeam.clock import CLOCK
from voxbeam.errors import ParameterError
from voxbeam.user import user_name
from voxbeam.view_state import (
    checked_camera,
    checked_clip,
    checked_numbers,
    checked_planes,
    checked_slab,
    checked_slice_frame,
    checked_turn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from voxbeam.scene_map import Entry, SceneMap

#: As in ``bookmarks.ts``.
MAX_BOOKMARKS = 200
LAYOUTS = ("four", "volume", "slices")
#: What of a view a bookmark holds, besides its layout, which is the trait ``views``.
BOOKMARKED = ("camera", "cross", "clip", "light", "planes", "slab", "turn", "slice_frame", "time")
_PARTS = (*BOOKMARKED, "layout")


@dataclass(frozen=True)
class Bookmark:
    """A named view.

    Attributes
    ----------
    name, author, created
        What it is called, who made it, and when (ISO 8601, UTC).
    view : dict
        Any of ``camera``, ``cross``, ``clip``, ``light``, ``planes``, ``slab``, ``turn``, ``slice_frame``, ``time`` and
        ``layout``, as the traits of a view have them.
    id : str
        Its key in the scene.
    """

    name: str
    author: str
    created: str
    view: dict[str, Any]
    id: str


class Bookmarks(Sequence[Bookmark]):
    """The bookmarks of one instance, in the order they were made; ``bookmarks["Left ventricle"]`` finds one by its name.

    Every read is current. All methods may be called from any thread.

    Examples
    --------
    >>> view.bookmarks.add("front", camera={"target": (0, 0, 0), "distance": 300, "yaw": 0, "pitch": 0})
    >>> view.go_to("front")
    """

    def __init__(self, scene: SceneMap, check: Callable[[], None]) -> None:
        self._scene = scene
        self._check = check

    def _all(self) -> list[Bookmark]:
        parsed = [_from_entry(entry_id, entry) for entry_id, entry in self._scene.entries().items()]
        return sorted(filter(None, parsed), key=lambda b: (b.created, b.id))

    @overload
    def __getitem__(self, key: int | str) -> Bookmark: ...
    @overload
    def __getitem__(self, key: slice) -> list[Bookmark]: ...
    def __getitem__(self, key: int | str | slice) -> Bookmark | list[Bookmark]:
        bookmarks = self._all()
        if not isinstance(key, str):
            return bookmarks[key]
        for bookmark in bookmarks:
            if bookmark.name == key:
                return bookmark
        names = ", ".join(repr(b.name) for b in bookmarks) or "none"
        raise KeyError(f"no bookmark is called {key!r}; there are: {names}")

    def __len__(self) -> int:
        return len(self._all())

    def add(self, name: str, **view: Any) -> Bookmark:
        """Save a view under a name.

        Parameters
        ----------
        name
            What it is to be called; not the name of another one.
        **view
            Any of ``camera``, ``cross``, ``clip``, ``light``, ``planes``, ``slab``, ``turn``, ``slice_frame``, ``time`` and
            ``layout``, as the traits of a view have them.

        Raises
        ------
        ParameterError
            The name is taken or empty, a part is malformed, or there are 200 bookmarks already.
        """
        bookmarks = self._all()
        if not name or any(b.name == name for b in bookmarks):
            raise ParameterError(f"the bookmark's name is {name!r}.", "Give one that is not in use.")
        if len(bookmarks) >= MAX_BOOKMARKS:
            raise ParameterError(f"there are {MAX_BOOKMARKS} bookmarks.", "Remove one first.")
        self._check()
        bookmark = Bookmark(name, user_name(), CLOCK.now(), _checked_view(view), str(uuid.uuid4()))
        fields = {"name": name, "author": bookmark.author, "created": bookmark.created, "view": bookmark.view}
        self._scene.put({bookmark.id: fields})
        return bookmark

    def remove(self, bookmark: Bookmark | str) -> None:
        """Remove a bookmark, or the one of that name; one that is gone already stays gone."""
        self._check()
        found = self[bookmark] if isinstance(bookmark, str) else bookmark
        self._scene.remove([found.id])

    def rename(self, bookmark: Bookmark | str, name: str) -> None:
        """Give a bookmark, or the one of that name, another name."""
        if not name or any(b.name == name for b in self._all()):
            raise ParameterError(f"the bookmark's new name is {name!r}.", "Give one that is not in use.")
        self._check()
        found = self[bookmark] if isinstance(bookmark, str) else bookmark
        self._scene.patch(found.id, {"name": name})

    def __repr__(self) -> str:
        return f"<Bookmarks: {', '.join(b.name for b in self._all()) or 'none'}>"


def _from_entry(entry_id: str, entry: Entry) -> Bookmark | None:
    """What stands in the scene; None where another program wrote something else there."""
    view = entry.get("view")
    if not isinstance(view, dict):
        return None
    name, author, created = (str(entry.get(part, "")) for part in ("name", "author", "created"))
    return Bookmark(name, author, created, view, entry_id)


def _checked_view(view: Mapping[str, Any]) -> dict[str, Any]:
    checks: dict[str, Callable[[Any], Any]] = {
        "camera": checked_camera,
        "cross": lambda value: checked_numbers(value, 3, "cross"),
        "clip": checked_clip,
        "planes": checked_planes,
        "light": lambda value: checked_numbers(value, 3, "light") if len(value) else [],
        "slab": checked_slab,
        "turn": checked_turn,
        "slice_frame": checked_slice_frame,
        "time": _checked_time,
        "layout": _checked_layout,
    }
    for part in view:
        if part not in checks:
            raise ParameterError(f"a view has no {part!r}.", f"It has {', '.join(_PARTS)}.")
    return {part: checks[part](value) for part, value in view.items()}


def _checked_time(value: Any) -> int:
    index = operator.index(value) if hasattr(value, "__index__") and not isinstance(value, bool) else -1
    if index < 0:
        raise ParameterError(f"time is {value!r}.", "Give the index of a time point, from 0.")
    return index


def _checked_layout(value: Any) -> str:
    if value not in LAYOUTS:
        raise ParameterError(f"layout is {value!r}.", f"Give one of {', '.join(LAYOUTS)}.")
    return str(value)
