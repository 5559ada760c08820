"""The annotations of an instance as a collection: read, edit, listen."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from voxbeam.annotation.base import Annotation
from voxbeam.annotation.checks import shown
from voxbeam.annotation.entries import KINDS, from_entry, next_color, to_entry
from voxbeam.annotation.events import AnnotationEvent, Waiters, event_of
from voxbeam.annotation.oriented import Oriented
from voxbeam.annotation.rows_html import to_html
from voxbeam.clock import CLOCK
from voxbeam.errors import ParameterError
from voxbeam.user import user_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

    from voxbeam.annotation.base import Kind
    from voxbeam.annotation.checks import PropValue
    from voxbeam.description import VolumeDescription
    from voxbeam.scene import Scene
    from voxbeam.scene_map import Change, Entry, Origin

AnyAnnotation = TypeVar("AnyAnnotation", bound=Annotation)
#: Entries in one transaction, and about how many bytes: its update must fit a frame.
_ENTRIES_AT_ONCE = 4096
_BYTES_AT_ONCE = 2**21
_FIELDS = ("name", "color", "label", "props", "layer", "volume")


class _Parsed(NamedTuple):
    entry: Entry
    volume: VolumeDescription | None
    annotation: Annotation | None


class Annotations(Sequence[Annotation]):
    """What people marked in the volumes of one instance, shared by all its viewers and kernels; in the order it was made.

    Every read is current. All methods may be called from any thread. Callbacks run one after the other on a thread of their
    own, never on the one that made the change, and may use this object. In a notebook, what a callback prints may not be seen.

    Parameters
    ----------
    scene
        The document behind it.
    find_volume
        The description of the volume of a name, or of the first volume for None.
    check
        Raises where the instance is gone: an edit could reach nobody.
    """

    def __init__(
        self,
        scene: Scene,
        find_volume: Callable[[str | None], VolumeDescription | None],
        check: Callable[[], None],
    ) -> None:
        self._scene = scene.annotations
        self._find_volume = find_volume
        self._check = check
        self._waiters = Waiters()
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
        """Add one of any kind; returns it with its id, colour and coordinates.

        Raises
        ------
        ParameterError
            Nobody could show it; nothing is changed.
        """
        return self.extend([annotation])[0]

    def extend(self, annotations: Iterable[AnyAnnotation]) -> list[AnyAnnotation]:
        """Add many at once; returns them with their ids, colours and coordinates. One that makes no sense: none is added."""
        self._check()
        used = Counter((a.color or "").lower() for a in self._all())
        added = []
        for annotation in annotations:
            new = self._new(annotation, used)
            used[(new.color or "").lower()] += 1
            added.append(new)
        self._put(added)
        return added

    def update(self, annotation: str | Annotation, **changes: Any) -> Annotation:
        """Change name, color, label, props, layer, volume or the place (in voxels or world); returns what came of it.

        Of `props` only the fields given are changed; None removes one.

        Raises
        ------
        KeyError
            There is none.
        ParameterError
            A value makes no sense; nothing is changed.
        """
        self._check()
        old = self[_id(annotation)]
        new = self._changed(old, changes)
        before, after = to_entry(old), to_entry(new)
        fields = {name: value for name, value in after.items() if value != before[name] or name == "props"}
        fields["props"] = {**dict.fromkeys(old.props), **new.props}
        if not self._scene.patch(str(old.id), {**fields, **_signed()}):
            raise KeyError(f"the annotation {old.id} has just been removed")
        return self[str(old.id)]

    def remove(self, annotation: str | Annotation) -> None:
        """Remove one, by its id, its name, or itself. Whoever undoes that in a viewer brings it back.

        Raises
        ------
        KeyError
            There is none.
        """
        self._check()
        self._bury([self[_id(annotation)]])

    def clear(self) -> None:
        """Remove all annotations of the instance, whoever made them."""
        self._check()
        self._bury(self._all())

    def _bury(self, annotations: list[Annotation]) -> None:
        """Removing leaves a tombstone, so that an edit made elsewhere meanwhile neither is lost nor brings it back."""
        for at in range(0, len(annotations), _ENTRIES_AT_ONCE):
            gone = {"deleted": True, **_signed()}
            self._scene.put({str(a.id): gone for a in annotations[at : at + _ENTRIES_AT_ONCE]})

    def _put(self, annotations: Sequence[Annotation]) -> None:
        batch: dict[str, Entry] = {}
        size = 0
        for annotation in annotations:
            entry = to_entry(annotation)
            needs = 512 + 9 * len(entry["coords"]) + sum(len(name) + 4 * len(str(one)) for name, one in entry["props"].items())
            if batch and (len(batch) == _ENTRIES_AT_ONCE or size + needs > _BYTES_AT_ONCE):
                self._scene.put(batch)
                batch, size = {}, 0
            batch[str(annotation.id)] = entry
            size += needs
        if batch:
            self._scene.put(batch)

    def _new(self, annotation: AnyAnnotation, used: Counter[str]) -> AnyAnnotation:
        if not isinstance(annotation, tuple(KINDS.values())):
            kinds = ", ".join(f"voxbeam.{one.__name__}" for one in KINDS.values())
            raise TypeError(f"{shown(annotation)} is a {type(annotation).__name__}; an annotation is one of {kinds}")
        volume = self._find_volume(None) if annotation.volume is None else self._named(annotation.volume)
        annotation.refuse_unusable()
        return replace(
            annotation.placed(volume),
            id=uuid.uuid4().hex,
            color=annotation.color or next_color(used),
            volume=volume.name if volume else None,
            author=annotation.author or user_name(),
            created=CLOCK.now(),
            modified="",
            modified_by="",
        )

    def _changed(self, old: Annotation, changes: dict[str, Any]) -> Annotation:
        allowed = [*_FIELDS, *(name for voxel, world in old.places for name in (*voxel, *world))]
        if isinstance(old, Oriented):
            allowed.append("rotation")
        for name in changes:
            if name not in allowed:
                raise TypeError(
                    f"update() of a {old.kind} got an unexpected keyword argument {name!r}; it takes {', '.join(allowed)}"
                )
        cleared: dict[str, Any] = {}
        for voxel, world in old.places:
            if changes.keys() & set(voxel) and changes.keys() & set(world):
                raise ParameterError("Voxel and world coordinates were both given.", "Give one of them.")
            if changes.keys() & {*voxel, *world}:
                cleared.update(dict.fromkeys(world if changes.keys() & set(voxel) else voxel))
        if "rotation" in changes:
            cleared["voxel_axes"] = None
        elif "voxel_axes" in changes:
            cleared["rotation"] = (0, 0, 0, 1)
        if "props" in changes:
            changes = {**changes, "props": _merged(old.props, changes["props"])}
        new = replace(old, **{**cleared, **changes})
        if "volume" in changes and new.volume is not None:
            self._named(new.volume)
        new.refuse_unusable()
        return new.placed(self._find_volume(new.volume))

    def _named(self, name: str) -> VolumeDescription:
        volume = self._find_volume(name)
        if volume is None:
            raise ParameterError(f"The instance holds no volume called {name!r}.", "Render it first, or leave volume= out.")
        return volume

    # Listening

    def on_change(self, callback: Callable[[list[AnnotationEvent]], None]) -> Callable[[], None]:
        """Call ``callback(events)`` after each change, whoever made it. Returns a function that ends that."""

        def tell(changes: list[Change], origin: Origin) -> None:
            if events := [event for change in changes if (event := event_of(change, origin, self._read))]:
                callback(events)

        return self._scene.listen(tell)

    async def next(self, kind: Kind | None = None, timeout: float | None = None) -> Annotation:
        """Wait for the next one that somebody else adds, in a viewer or another kernel: ``await annotations.next("point")``.

        Parameters
        ----------
        kind
            ``"point"``, ``"line"``, ``"polyline"``, ``"polygon"``, ``"box"``, ``"oriented_box"`` or ``"ellipsoid"``; None takes
            any of them.
        timeout
            Seconds to wait at most; None waits as long as it takes.

        Raises
        ------
        TimeoutError
            None came within ``timeout`` seconds.
        InstanceGoneError
            The instance has ended meanwhile.
        """
        if kind is not None and kind not in KINDS:
            raise ParameterError(f"kind is {shown(kind)}.", f"Give one of {', '.join(KINDS)}.")
        self._check()
        waiter = self._waiters.future()

        def seen(events: list[AnnotationEvent]) -> None:
            for event in events:
                if event.kind == "added" and event.origin == "remote" and kind in (None, event.annotation.kind):
                    waiter.found(event.annotation)
                    return

        stop = self.on_change(seen)
        try:
            return await waiter.wait(timeout)
        except asyncio.TimeoutError:
            raise TimeoutError(f"no {kind or 'annotation'} was added within {timeout:g} s") from None
        finally:
            stop()

    def fail_waiting(self, error: Exception) -> None:
        """The instance is gone: nobody need wait any longer."""
        self._waiters.fail(error)

    # Showing

    def to_arrow(self) -> pa.Table:
        """As an Arrow table: a row for each, with voxel and world coordinates and all other fields."""
        from voxbeam.annotation.table import to_table  # noqa: PLC0415  only who wants one waits for Arrow

        return to_table(self._all())

    def to_table(self) -> pa.Table:
        """The same as :meth:`to_arrow`, by its older name."""
        return self.to_arrow()

    def to_pandas(self) -> Any:
        """As a pandas ``DataFrame``, indexed by id; needs pandas."""
        return self.to_arrow().to_pandas().set_index("id")

    def __repr__(self) -> str:
        counts: Counter[str] = Counter(a.kind for a in self._all())
        parts = [_count(counts[kind], kind) for kind in KINDS if counts[kind] or kind in ("point", "box")]
        return f"<Annotations: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        return to_html(self._all())


def _merged(props: Mapping[str, PropValue], changes: Any) -> dict[str, PropValue]:
    if not isinstance(changes, Mapping):
        raise ParameterError(f"props is {shown(changes)}.", "Give a dict of names and values; None removes one.")
    merged = {**props, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _count(n: int, kind: str) -> str:
    word = kind.replace("_", " ")
    return f"{n} {word}{'' if n == 1 else 'es' if word.endswith('x') else 's'}"


def _signed() -> dict[str, str]:
    return {"modified": CLOCK.now(), "modified_by": user_name()}


def _id(annotation: str | Annotation) -> str:
    if isinstance(annotation, str):
        return annotation
    if annotation.id is None:
        raise ParameterError(f"{annotation!r} has not been added.", "Use what add() returned.")
    return annotation.id
