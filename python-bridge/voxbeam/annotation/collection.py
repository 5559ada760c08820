"""The annotations of an instance as a collection: read, edit, listen."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from voxbeam.annotation.annotation_layers import AnnotationLayers
from voxbeam.annotation.base import Annotation
from voxbeam.annotation.batch import Batch, new_ids
from voxbeam.annotation.cell_errors import shown_in_cell
from voxbeam.annotation.checks import merged_props, shown
from voxbeam.annotation.classes import AnnotationClasses
from voxbeam.annotation.entries import KINDS, next_color, to_entry
from voxbeam.annotation.events import AnnotationEvent, Waiters, event_of
from voxbeam.annotation.oriented import Oriented
from voxbeam.annotation.reading import AnnotationReader
from voxbeam.clock import CLOCK
from voxbeam.errors import ParameterError, UsageError
from voxbeam.user import user_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from os import PathLike

    from voxbeam.annotation.base import Kind
    from voxbeam.description import VolumeDescription
    from voxbeam.scene import Scene
    from voxbeam.scene_map import Change, Entry, Origin

AnyAnnotation = TypeVar("AnyAnnotation", bound=Annotation)
#: Entries in one transaction, and about how many bytes: its update must fit a frame.
_ENTRIES_AT_ONCE = 4096
_BYTES_AT_ONCE = 2**21
Clash = Literal["refuse", "rename", "replace"]
_CLASHES = ("refuse", "rename", "replace")
_NOTHING: Entry = {}
_CLASSES = tuple(KINDS.values())
_FIELDS = ("name", "color", "label", "props", "layer", "volume")


class Annotations(AnnotationReader):
    """What people marked in the volumes of one instance, shared by all its viewers and kernels; in the order it was made.

    Every read is current. All methods may be called from any thread.

    Attributes
    ----------
    layers : AnnotationLayers
        What is shown, hidden and locked together.
    classes : AnnotationClasses
        The palette: colour by name of class.

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
        super().__init__(scene.annotations, find_volume)
        self._check, self._saved = check, scene.saved
        self._waiters = Waiters()
        self.layers = AnnotationLayers(scene.annotation_layers, self._all, check)
        self.classes = AnnotationClasses(scene.classes, self._all, check)

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
        batch = self._batch(self._all())
        added = [self._new(annotation, batch) for annotation in annotations]
        self._put(added)
        return added

    def merge(
        self, annotations: Iterable[AnyAnnotation], clash: Clash = "refuse", classes: Mapping[str, str] | None = None
    ) -> list[AnyAnnotation]:
        """Add annotations as they are, with the ids, authors and times they have; those that have none get them.

        Parameters
        ----------
        clash
            What becomes of one whose id another has: ``"refuse"`` is an error, ``"rename"`` gives it an id of its own,
            ``"replace"`` changes the other one into it. The id of one that was removed is free.
        classes
            Colour by name of the classes that come with them; those that are here already stay as they are.

        Raises
        ------
        ParameterError
            Ids clash, or one makes no sense; nothing is changed.
        """
        if clash not in _CLASHES:
            raise ParameterError(f"clash is {shown(clash)}.", f"Give one of {', '.join(map(repr, _CLASHES))}.")
        self._check()
        there = self._all()
        batch = self._batch(there)
        others = {a.id: a for a in there}
        added: list[AnyAnnotation] = []
        seen: set[str | None] = set()
        clashing, replaced = [], []
        for annotation in annotations:
            new = self._new(annotation, batch, keep=True)
            if new.id in seen or (new.id in others and clash != "replace"):
                if clash == "rename":
                    new = new.altered(id=token_hex(16))
                else:
                    clashing.append(new.id)
            elif new.id in others:
                replaced.append(others[new.id])
            seen.add(new.id)
            added.append(new)
        if clashing:
            raise ParameterError(
                f"The id {shown(clashing[0])} is another annotation's; {len(clashing)} of {len(added)} clash.",
                "Give clash='rename' or clash='replace'.",
            )
        self.layers.refuse_locked(replaced)
        self._put(added, classes)
        return added

    def save(self, path: str | PathLike[str]) -> None:
        """Write all of them, with their layers and classes, to a ``.json`` or ``.arrow`` file. Every field comes back as it was.

        Raises
        ------
        ParameterError
            The name ends in anything else.
        """
        from voxbeam.annotation.files import SavedAnnotations, save_file  # noqa: PLC0415

        save_file(path, SavedAnnotations(self._all(), list(self.layers), dict(self.classes)))

    def load(self, path: str | PathLike[str], clash: Clash = "refuse") -> list[Annotation]:
        """Add what :meth:`save` wrote: annotations as by :meth:`merge`, and the layers and classes that are missing here.

        Raises
        ------
        SourceError
            The file is missing, truncated or not one of these; nothing is changed.
        ParameterError
            Ids clash; nothing is changed.
        """
        from voxbeam.annotation.files import load_file  # noqa: PLC0415

        saved = load_file(path)
        added = self.merge(saved.annotations, clash, saved.classes)
        self.layers.restore(saved.layers)
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
        self.layers.refuse_locked([old])
        new = self._changed(old, changes)
        self.classes.ensure({new.label: None})
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
        self.layers.refuse_locked(annotations)
        for at in range(0, len(annotations), _ENTRIES_AT_ONCE):
            gone = {"deleted": True, **_signed()}
            self._scene.put({str(a.id): gone for a in annotations[at : at + _ENTRIES_AT_ONCE]})

    def _put(self, annotations: Sequence[Annotation], classes: Mapping[str, str] | None = None) -> None:
        self.classes.ensure({**(classes or {}), **{a.label: a.color for a in reversed(annotations)}, **(classes or {})})
        batch: dict[str, Entry] = {}
        size = 0
        there = self._scene.entries()
        for annotation in annotations:
            entry = to_entry(annotation)
            if isinstance(before := there.get(str(annotation.id), _NOTHING).get("props"), dict):
                entry["props"] = {**dict.fromkeys(before), **entry["props"]}
            needs = 512 + 9 * len(entry["coords"])
            if own := entry["props"]:
                needs += sum(len(name) + 4 * len(str(one)) for name, one in own.items())
            if batch and (len(batch) == _ENTRIES_AT_ONCE or size + needs > _BYTES_AT_ONCE):
                self._scene.put(batch)
                batch, size = {}, 0
            batch[str(annotation.id)] = entry
            size += needs
        if batch:
            self._scene.put(batch)

    def _batch(self, there: Iterable[Annotation]) -> Batch:
        return Batch(Counter((a.color or "").lower() for a in there), dict(self.classes), {"": ""}, user_name(), {}, new_ids())

    def _new(self, annotation: AnyAnnotation, batch: Batch, *, keep: bool = False) -> AnyAnnotation:
        """What is put into the document; `keep`: as it was elsewhere, perhaps of a volume that is not here."""
        if not isinstance(annotation, _CLASSES):
            kinds = ", ".join(f"voxbeam.{one.__name__}" for one in KINDS.values())
            raise UsageError(f"{shown(annotation)} is a {type(annotation).__name__}; an annotation is one of {kinds}")
        annotation.refuse_unusable()
        name = annotation.volume
        if name not in batch.volumes:
            batch.volumes[name] = self._find_volume(name) if keep or name is None else self._named(name)
        volume = batch.volumes[name]
        new = annotation.placed(volume)
        color = new.color or batch.colors.get(new.label) or next_color(batch.used)
        batch.used[color.lower()] += 1
        if not keep and new.layer not in batch.layers:
            batch.layers[new.layer] = self._layer_id(new.layer)
        return new.altered(
            id=(keep and new.id) or next(batch.ids),
            color=color,
            volume=new.volume if keep and new.volume else volume.name if volume else None,
            layer=new.layer if keep else batch.layers[new.layer],
            author=new.author or batch.author,
            created=(keep and new.created) or CLOCK.now(),
            modified=new.modified if keep else "",
            modified_by=new.modified_by if keep else "",
        )

    def _layer_id(self, layer: str) -> str:
        try:
            return self.layers[layer].id
        except KeyError as error:
            message = f"layer is {shown(layer)}: {error.args[0]}."
            raise ParameterError(message, "Add it first: annotations.layers.add(…).") from None

    def _changed(self, old: Annotation, changes: dict[str, Any]) -> Annotation:
        allowed = [*_FIELDS, *(name for voxel, world in old.places for name in (*voxel, *world))]
        if isinstance(old, Oriented):
            allowed.append("rotation")
        for name in changes:
            if name not in allowed:
                raise UsageError(
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
            changes = {**changes, "props": merged_props(old.props, changes["props"])}
        if changes.get("layer"):
            changes = {**changes, "layer": self._layer_id(changes["layer"])}
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
        """Call ``callback(events)`` after each change, whoever made it. Returns a function that ends that.

        Callbacks run one after the other on a thread of their own, in the order of the changes, never on the thread that made
        one, and also while the kernel is busy. They may use this object, edits included. One that raises is shown in the cell
        that registered it, and logged; the others are called all the same. What it prints may not be seen.

        Parameters
        ----------
        callback
            Gets a list of :class:`AnnotationEvent`: all that one transaction did.
        """
        guarded = shown_in_cell(callback)

        def tell(changes: list[Change], origin: Origin) -> None:
            if events := [event for change in changes if (event := event_of(change, origin, self._read))]:
                guarded(events)

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

    def flush(self, timeout: float = 10.0) -> None:
        """Wait until all that was drawn here is on disk: :meth:`voxbeam.Instance.flush`."""
        self._saved.wait(timeout, self._check)

    def fail_waiting(self, error: Exception) -> None:
        """The instance is gone: nobody need wait any longer."""
        self._waiters.fail(error)


def _signed() -> dict[str, str]:
    return {"modified": CLOCK.now(), "modified_by": user_name()}


def _id(annotation: str | Annotation) -> str:
    if isinstance(annotation, str):
        return annotation
    if annotation.id is None:
        raise ParameterError(f"{annotation!r} has not been added.", "Use what add() returned.")
    return annotation.id
