"""The annotations of an instance as a sequence that is current whenever it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from voxbeam.annotation.base import Annotation
from voxbeam.annotation.entries import KINDS, from_entry
from voxbeam.annotation.rows_html import to_html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from voxbeam.description import VolumeDescription
    from voxbeam.scene_map import Entry, SceneMap


class _Parsed(NamedTuple):
    entry: Entry
    volume: VolumeDescription | None
    annotation: Annotation | None


class AnnotationReader(Sequence[Annotation]):
    """All annotations in the order they were made, by position, id and name.

    Parameters
    ----------
    scene
        The document's map behind it.
    find_volume
        The description of the volume of a name, or of the first volume for None.
    """

    def __init__(self, scene: SceneMap, find_volume: Callable[[str | None], VolumeDescription | None]) -> None:
        self._scene = scene
        self._find_volume = find_volume
        #: What was read last; replaced as a whole, so that threads that read at once only do some work twice.
        self._parsed: dict[str, _Parsed] = {}

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
        entry = self._scene.entry(key) if isinstance(key, str) else None
        if isinstance(key, str) and entry is not None and (found := self._read(key, entry)) is not None:
            return found
        everything = self._all()
        if not isinstance(key, str):
            return everything[key]
        named = [a for a in everything if a.name == key]
        if len(named) != 1:
            raise KeyError(f"{len(named) or 'no'} annotations have the name or id {key!r}" + (": use an id" if named else ""))
        return named[0]

    def to_arrow(self) -> pa.Table:
        """As an Arrow table: a row for each, with voxel and world coordinates and all other fields; `props` is JSON."""
        from voxbeam.annotation.table import to_table  # noqa: PLC0415  only who wants one waits for Arrow

        return to_table(self._all())

    def to_table(self) -> pa.Table:
        """The same as :meth:`to_arrow`, by its older name."""
        return self.to_arrow()

    def to_pandas(self) -> Any:
        """As a pandas ``DataFrame``, indexed by id; needs pandas. Each own field is a column ``props.<name>``."""
        from voxbeam.annotation.table import to_frame  # noqa: PLC0415

        return to_frame(self._all())

    def to_geojson(self, index: int | None = None, *, axis: str = "z", volume: str | None = None) -> dict[str, Any]:
        """What lies in a slice, or is cut by it, as a GeoJSON ``FeatureCollection``.

        Coordinates are voxels of the slice, columns before rows: x, y of a slice across z; x, z across y; y, z across x.
        Whole numbers are the centres of voxels. A slice is a voxel thick: points and the parts of lines that lie in it are in
        it; of all else what its middle plane cuts. A polygon that lies in it is a Polygon, one that it cuts is the lines of
        the cut; what is so thin that it meets the middle of no slice is the outline, in the slice it is in most. Ellipses have
        64 corners. ``properties`` are all fields, `axis` and `slice`.

        Parameters
        ----------
        index
            Number of the slice; None: every slice that something lies in, one feature for each.
        axis
            ``"z"``, ``"y"`` or ``"x"``: which axis the slice lies across.
        volume
            Name of the volume whose annotations these are; those of the first where it is left out.

        Raises
        ------
        ParameterError
            There are more than a million features: ask for one slice.
        """
        from voxbeam.annotation.geojson import feature_collection  # noqa: PLC0415

        known = self._find_volume(volume)
        name = volume if volume is not None else known.name if known else None
        return feature_collection([a for a in self._all() if a.volume == name], index, axis)

    def __repr__(self) -> str:
        counts: Counter[str] = Counter(a.kind for a in self._all())
        parts = [_count(counts[kind], kind) for kind in KINDS if counts[kind] or kind in ("point", "box")]
        return f"<Annotations: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        return to_html(self._all())


def _count(n: int, kind: str) -> str:
    word = kind.replace("_", " ")
    return f"{n} {word}{'' if n == 1 else 'es' if word.endswith('x') else 's'}"
