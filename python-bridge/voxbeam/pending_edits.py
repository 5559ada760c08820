"""Own edits of the scene that the sidecar has not answered for yet."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from voxbeam.scene_map import Entry

#: Names that are said of what was refused, and their characters.
_NAMED, _NAME_CHARS = 3, 40
_WORDS = {
    "annotations": ("annotation", "annotations"),
    "annotation_layers": ("layer of annotations", "layers of annotations"),
    "classes": ("class", "classes"),
    "layers": ("setting of a volume", "settings of volumes"),
    "bookmarks": ("bookmark", "bookmarks"),
}


class Written(NamedTuple):
    """One entry of a map as it was written: `fields` None took it away; `known` says whether it was there before."""

    map: str
    id: str
    fields: Entry | None
    known: bool


class Refusal(NamedTuple):
    """Why an edit is not taken."""

    message: str
    remedy: str | None = None


@dataclass(eq=False)
class PendingEdit:
    """What one transaction wrote, the numbers of the first and last frame it went in, and why it was refused."""

    written: list[Written] = field(default_factory=list)
    frames: tuple[int, int] | None = None
    refused: Refusal | None = None


class PendingEdits:
    """The edits in the order in which they were made. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[PendingEdit] = []

    def add(self, edit: PendingEdit) -> None:
        """One was made."""
        with self._lock:
            self._all.append(edit)

    def opened(self) -> None:
        """A connection stands: nothing was sent on it."""
        with self._lock:
            for edit in self._all:
                edit.frames = None

    def given(self, frames: tuple[int, int]) -> None:
        """All of them went as parts of the document, in these frames."""
        with self._lock:
            for edit in self._all:
                edit.frames = frames

    def taken(self, frames: float) -> None:
        """The sidecar has taken as many frames."""
        with self._lock:
            self._all = [edit for edit in self._all if edit.frames is None or edit.frames[1] > frames]

    def refuse(self, frame: int, why: Refusal) -> None:
        """A frame was refused. Of several edits in it nobody knows which one it was: each is sent once more, by itself."""
        with self._lock:
            found = [edit for edit in self._all if edit.frames and edit.frames[0] <= frame <= edit.frames[1]]
            if len(found) == 1:
                found[0].refused = found[0].refused or why

    def refuse_all(self, why: Refusal) -> None:
        """None of them will be taken."""
        with self._lock:
            for edit in self._all:
                edit.refused = edit.refused or why

    def drain(self, first: float) -> list[PendingEdit]:
        """Take all of them out; those of frames before `first` were taken by the sidecar, and are not among them."""
        with self._lock:
            drained, self._all = self._all, []
        return [edit for edit in drained if edit.refused or edit.frames is None or edit.frames[1] >= first]


def words_of(written: list[Written], names: dict[str, str]) -> str:
    """What was written, such as ``2 annotations (crack, seed)``; `names` of annotations by id."""
    ids: dict[str, dict[str, str]] = {}
    for one in written:
        name = str((one.fields or {}).get("name") or names.get(one.id, "")) if one.map == "annotations" else ""
        ids.setdefault(one.map, {})[one.id] = one.id if one.map == "classes" else name
    return ", ".join(_counted(_WORDS.get(name, ("entry", "entries")), list(of.values())) for name, of in ids.items())


def _counted(words: tuple[str, str], names: list[str]) -> str:
    shown = [name[:_NAME_CHARS] for name in names[:_NAMED] if name]
    more = f" ({', '.join(shown)}{', …' if len(names) > len(shown) else ''})" if shown else ""
    return f"{len(names)} {words[len(names) != 1]}{more}"
