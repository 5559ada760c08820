"""The annotations of an instance as a collection: read, edit, listen."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, overload

from voxbeam.annotation import Annotation, Box, Kind, Point, from_entry, next_color, placed, to_entry
from voxbeam.annotation_table import to_html, to_table
from voxbeam.clock import CLOCK
from voxbeam.errors import ParameterError
from voxbeam.user import user_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

    from voxbeam.description import VolumeDescription
    from voxbeam.scene_map import Change, Entry, Origin, SceneMap

log = logging.getLogger("voxbeam.annotations")
AnyAnnotation = TypeVar("AnyAnnotation", bound=Annotation)
#: Entries in one transaction: its update must fit a frame.
_ENTRIES_AT_ONCE = 4096
_POSITION = {"point": ("voxel", "world"), "box": ("start", "stop", "world")}


@dataclass(frozen=True)
class AnnotationEvent:
    """What happened to one annotation.

    Attributes
    ----------
    kind
        ``"added"``, ``"changed"`` or ``"removed"``.
    annotation
        As it is now; a removed one as it was.
    author
        Who made the annotation.
    origin
        ``"local"`` when this object's own methods did it, ``"remote"`` when a viewer or another kernel did.
    """

    kind: Literal["added", "changed", "removed"]
    annotation: Annotation
    author: str
    origin: Origin


class _Parsed(NamedTuple):
    entry: Entry
    volume: VolumeDescription | None
    annotation: Annotation | None


class Annotations(Sequence[Annotation]):
    """Points and boxes of one instance, shared by all its viewers and kernels; in the order they were made.

    Every read is current. All methods may be called from any thread. Callbacks run one after the other on a thread of their
    own, never on the one that made the change, and may use this object. In a notebook, what a callback prints may not be seen.

    Parameters
    ----------
    scene
        The document's map behind it.
    find_volume
        The description of the volume of a name, or of the first volume for None.
    check
        Raises where the instance is gone: an edit could reach nobody.
    """

    def __init__(
        self,
        scene: SceneMap,
        find_volume: Callable[[str | None], VolumeDescription | None],
        check: Callable[[], None],
    ) -> None:
        self._scene = scene
        self._find_volume = find_volume
        self._check = check
        self._waiting: set[Callable[[Exception], None]] = set()
        self._waiting_lock = threading.Lock()
        #: What was read last; replaced as a whole, so that threads that read at once only do some work twice.
        self._parsed: dict[str, _Parsed] = {}

    # Reading

    def _all(self) -> list[Annotation]:
        volumes: dict[str, VolumeDescription | None] = {}
        before, read = self._parsed, {}
        for entry_id, entry in self._scene.entries().items():
            name = entry.get("volume_name")
            key = name if isinstance(name, str) else ""
            if key not in volumes:
                volumes[key] = self._find_volume(key) if key else None
            known = before.get(entry_id)
            # Entries and descriptions are replaced on change, never changed in place.
            if known is None or known.entry is not entry or known.volume is not volumes[key]:
                known = _Parsed(entry, volumes[key], from_entry(entry_id, entry, volumes[key]))
            read[entry_id] = known
        self._parsed = read
        found = [one.annotation for one in read.values() if one.annotation is not None]
        return sorted(found, key=lambda a: (a.created, a.id or ""))

    def _read(self, entry_id: str, entry: Entry) -> Annotation | None:
        name = entry.get("volume_name")
        return from_entry(entry_id, entry, self._find_volume(name) if isinstance(name, str) and name else None)

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[Annotation]:
        return iter(self._all())

    def __contains__(self, value: object) -> bool:
        return any(value in (a.id, a) for a in self._all())

    @overload
    def __getitem__(self, key: int | str) -> Annotation: ...
    @overload
    def __getitem__(self, key: slice) -> list[Annotation]: ...
    def __getitem__(self, key: int | str | slice) -> Annotation | list[Annotation]:
        """By position, id or name; a name must be the only one of its kind."""
        everything = self._all()
        if not isinstance(key, str):
            return everything[key]
        if by_id := [a for a in everything if a.id == key]:
            return by_id[0]
        named = [a for a in everything if a.name == key]
        if len(named) != 1:
            raise KeyError(f"{len(named) or 'no'} annotations have the name or id {key!r}" + (": use an id" if named else ""))
        return named[0]

    # Editing

    def add(self, annotation: AnyAnnotation) -> AnyAnnotation:
        """Add a point or a box; returns it with its id, colour and coordinates."""
        return self.extend([annotation])[0]

    def extend(self, annotations: Iterable[AnyAnnotation]) -> list[AnyAnnotation]:
        """Add many at once; returns them with their ids, colours and coordinates."""
        self._check()
        used = Counter((a.color or "").lower() for a in self._all())
        added = []
        for annotation in annotations:
            new = self._new(annotation, used)
            used[(new.color or "").lower()] += 1
            added.append(new)
        for at in range(0, len(added), _ENTRIES_AT_ONCE):
            self._scene.put({str(a.id): to_entry(a) for a in added[at : at + _ENTRIES_AT_ONCE]})
        return added

    def update(self, annotation: str | Annotation, **changes: Any) -> Annotation:
        """Change name, color, volume or the position (voxel or world; of a box start, stop or world); returns what came of it."""
        self._check()
        old = self[_id(annotation)]
        allowed = ("name", "color", "volume", *_POSITION[old.kind])
        for name in changes:
            if name not in allowed:
                raise TypeError(
                    f"update() of a {old.kind} got an unexpected keyword argument {name!r}; it takes {', '.join(allowed)}"
                )
        position = set(changes) & set(_POSITION[old.kind])
        if "world" in position and len(position) > 1:
            raise ParameterError("Voxel and world coordinates were both given.", "Give one of them.")
        if "world" in position:
            cleared: dict[str, Any] = {name: None for name in _POSITION[old.kind] if name != "world"}
        else:
            cleared = {"world": None} if position else {}
        new = replace(old, **{**cleared, **changes})
        if "volume" in changes and new.volume is not None:
            self._named(new.volume)
        new = placed(new, self._find_volume(new.volume))
        self._scene.put({str(new.id): to_entry(new)})
        return new

    def remove(self, annotation: str | Annotation) -> None:
        """Remove one, by its id, its name, or itself.

        Raises
        ------
        KeyError
            There is none.
        """
        self._check()
        self._scene.remove([str(self[_id(annotation)].id)])

    def clear(self) -> None:
        """Remove all annotations of the instance, whoever made them."""
        self._check()
        self._scene.remove(list(self._scene.entries()))

    def _new(self, annotation: AnyAnnotation, used: Counter[str]) -> AnyAnnotation:
        if not isinstance(annotation, (Point, Box)):
            raise TypeError(f"{annotation!r} is a {type(annotation).__name__}; an annotation is a voxbeam.Point or a voxbeam.Box")
        volume = self._find_volume(None) if annotation.volume is None else self._named(annotation.volume)
        new: Any = placed(annotation, volume)
        finished: AnyAnnotation = replace(
            new,
            id=uuid.uuid4().hex,
            color=new.color or next_color(used),
            volume=volume.name if volume else None,
            author=new.author or user_name(),
            created=CLOCK.now(),
        )
        return finished

    def _named(self, name: str) -> VolumeDescription:
        volume = self._find_volume(name)
        if volume is None:
            raise ParameterError(f"The instance holds no volume called {name!r}.", "Render it first, or leave volume= out.")
        return volume

    # Listening

    def on_change(self, callback: Callable[[list[AnnotationEvent]], None]) -> Callable[[], None]:
        """Call ``callback(events)`` after each change, whoever made it. Returns a function that ends that."""

        def tell(changes: list[Change], origin: Origin) -> None:
            if events := [event for change in changes if (event := self._event(change, origin))]:
                callback(events)

        return self._scene.listen(tell)

    async def next(self, kind: Kind | None = None, timeout: float | None = None) -> Annotation:
        """Wait for the next one that somebody else adds, in a viewer or another kernel: ``await annotations.next("point")``.

        Raises
        ------
        TimeoutError
            None came within ``timeout`` seconds.
        InstanceGoneError
            The instance has ended meanwhile.
        """
        self._check()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Annotation] = loop.create_future()

        def seen(events: list[AnnotationEvent]) -> None:
            for event in events:
                if event.kind == "added" and event.origin == "remote" and kind in (None, event.annotation.kind):
                    loop.call_soon_threadsafe(_resolve, future, event.annotation)
                    return

        def failed(error: Exception) -> None:
            loop.call_soon_threadsafe(_fail, future, error)

        stop = self.on_change(seen)
        with self._waiting_lock:
            self._waiting.add(failed)
        try:
            return await asyncio.wait_for(future, timeout)
        except asyncio.TimeoutError:
            raise TimeoutError(f"no {kind or 'annotation'} was added within {timeout:g} s") from None
        finally:
            stop()
            with self._waiting_lock:
                self._waiting.discard(failed)

    def fail_waiting(self, error: Exception) -> None:
        """The instance is gone: nobody need wait any longer."""
        with self._waiting_lock:
            waiting = list(self._waiting)
        for failed in waiting:
            failed(error)

    def _event(self, change: Change, origin: Origin) -> AnnotationEvent | None:
        before = self._read(change.id, change.before) if change.before is not None else None
        after = self._read(change.id, change.after) if change.after is not None else None
        subject = after or before
        if subject is None:
            return None
        kind: Literal["added", "changed", "removed"] = "changed" if before and after else "added" if after else "removed"
        return AnnotationEvent(kind, subject, subject.author, origin)

    # Showing

    def to_table(self) -> pa.Table:
        """As an Arrow table: a row for each, with voxel and world coordinates."""
        return to_table(self._all())

    def to_pandas(self) -> Any:
        """As a pandas ``DataFrame``, indexed by id; needs pandas."""
        return self.to_table().to_pandas().set_index("id")

    def __repr__(self) -> str:
        everything = self._all()
        counts = [
            f"{n} {word}{'' if n == 1 else ending}"
            for n, word, ending in (
                (sum(a.kind == "point" for a in everything), "point", "s"),
                (sum(a.kind == "box" for a in everything), "box", "es"),
            )
        ]
        return f"<Annotations: {', '.join(counts)}>"

    def _repr_html_(self) -> str:
        return to_html(self._all())


def _id(annotation: str | Annotation) -> str:
    if isinstance(annotation, str):
        return annotation
    if annotation.id is None:
        raise ParameterError(f"{annotation!r} has not been added.", "Use what add() returned.")
    return annotation.id


def _resolve(future: asyncio.Future[Annotation], annotation: Annotation) -> None:
    if not future.done():
        future.set_result(annotation)


def _fail(future: asyncio.Future[Annotation], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
