"""Annotations in a file of our own, as JSON or Arrow: every field comes back as it was."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from voxbeam.annotation.annotation_layers import AnnotationLayer
from voxbeam.annotation.checks import checked_color, checked_text, numbers, shown
from voxbeam.annotation.entries import KINDS
from voxbeam.errors import ParameterError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from os import PathLike

    from voxbeam.annotation.base import Annotation

FORMAT = "voxbeam.annotations"
VERSION = 1
#: What is larger is not read into memory.
MAX_FILE_BYTES = 2**30
MAX_ANNOTATIONS = 2_000_000
#: Fields of a record beside id, kind and coords.
FIELDS = ("name", "color", "label", "props", "layer", "volume", "author", "created", "modified", "modified_by")
SUFFIXES = (".json", ".arrow")


@dataclass(frozen=True)
class SavedAnnotations:
    """What a file holds.

    Attributes
    ----------
    annotations : list of Annotation
        With the ids, authors and times they had; placed in the world alone.
    layers : list of AnnotationLayer
        Their layers.
    classes : dict
        Colour by name of class, in the order of the palette.
    """

    annotations: list[Annotation]
    layers: list[AnnotationLayer] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)


def save_file(path: str | PathLike[str], saved: SavedAnnotations) -> None:
    """Write a file whose name ends in ``.json`` or ``.arrow``; what was there before is replaced at once, or stays.

    Raises
    ------
    ParameterError
        The name ends in anything else, or an annotation has no place in the world.
    """
    target = Path(path)
    write = _writer(_suffix(target))
    for a in saved.annotations:
        if not a.coords():
            raise ParameterError(f"{a!r:.120} has no place in the world.", "Save what add() returned.")
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        write(temporary, saved)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def load_file(path: str | PathLike[str]) -> SavedAnnotations:
    """Read what :func:`save_file` has written.

    Raises
    ------
    SourceError
        It is missing, truncated, no such file, or has an annotation that is none; the message says which.
    """
    source = Path(path)
    suffix = _suffix(source)
    try:
        size = source.stat().st_size
    except OSError as error:
        raise SourceError(f"{source} cannot be read: {error.strerror}.", "Check the path.") from None
    if size > MAX_FILE_BYTES:
        raise SourceError(f"{source} has {size} bytes; the limit is {MAX_FILE_BYTES}.", "Save fewer annotations in one file.")
    if suffix == ".json":
        return _read_json(source)
    from voxbeam.annotation.arrow_file import read_arrow  # noqa: PLC0415  Arrow is for those who ask for it

    return read_arrow(source)


def head_of(saved: SavedAnnotations) -> dict[str, Any]:
    """All of a file but the annotations."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "layers": [asdict(layer) for layer in saved.layers],
        "classes": [{"name": name, "color": color} for name, color in saved.classes.items()],
    }


def record_of(annotation: Annotation) -> dict[str, Any]:
    """An annotation as JSON has it."""
    fields = {name: getattr(annotation, name) for name in FIELDS if name != "props"}
    where = {"id": annotation.id, "kind": annotation.kind, "coords": annotation.coords()}
    return {**where, **fields, "props": dict(annotation.props)}


def saved_of(source: Path, head: Any, records: Sequence[Any]) -> SavedAnnotations:
    """What a file holds, checked as a whole before anything comes of it."""
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise SourceError(f"{source} holds no annotations of voxbeam.", "Give a file that annotations.save() has written.")
    if head.get("version") != VERSION:
        raise SourceError(f"{source} is of version {shown(head.get('version'))}.", f"This voxbeam reads version {VERSION}.")
    if len(records) > MAX_ANNOTATIONS:
        raise SourceError(f"{source} holds {len(records)} annotations; the limit is {MAX_ANNOTATIONS}.", "Split it.")
    return SavedAnnotations(
        [_checked(source, f"annotations[{at}]", _annotation, one) for at, one in enumerate(records)],
        [_checked(source, f"layers[{at}]", _layer, one) for at, one in enumerate(_listed(source, head, "layers"))],
        dict(_checked(source, f"classes[{at}]", _class, one) for at, one in enumerate(_listed(source, head, "classes"))),
    )


def damaged(source: Path, why: object) -> NoReturn:
    """Raise for a file that ends too early or is something else."""
    raise SourceError(f"{source} is truncated or damaged: {why}.", "Save it again, or take a copy of it.")


def _read_json(source: Path) -> SavedAnnotations:
    def refused(name: str) -> NoReturn:
        raise ValueError(f"{name} is no number of JSON")

    try:
        content = json.loads(source.read_bytes(), parse_constant=refused)
    except (ValueError, RecursionError) as error:  # what is no UTF-8 and no JSON
        damaged(source, error)
    records = content.get("annotations") if isinstance(content, dict) else None
    if not isinstance(records, list):
        raise SourceError(f"{source} holds no annotations of voxbeam.", "Give a file that annotations.save() has written.")
    return saved_of(source, content, records)


def _annotation(record: Mapping[str, Any]) -> Annotation:
    for name in record:
        if name not in (*FIELDS, "id", "kind", "coords"):
            raise ParameterError(f"it has a field {shown(name)}.", f"It may have id, kind, coords, {', '.join(FIELDS)}.")
    kind = record.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ParameterError(f"kind is {shown(kind)}.", f"It is one of {', '.join(KINDS)}.")
    coords = numbers(record.get("coords"))
    if not coords:
        raise ParameterError(f"coords is {shown(record.get('coords'))}.", "It is a list of finite numbers.")
    given = {name: record[name] for name in ("id", *FIELDS) if record.get(name) is not None}
    made = KINDS[kind].from_coords(coords, **given)
    made.refuse_unusable()
    return made


def _layer(record: Mapping[str, Any]) -> AnnotationLayer:
    layer = AnnotationLayer(**record)
    checked_text("id", layer.id)
    checked_text("name", layer.name)
    if layer.color is not None:
        checked_color(layer.color)
    if not isinstance(layer.visible, bool) or not isinstance(layer.locked, bool) or len(numbers([layer.order])) != 1:
        raise ParameterError(f"it is {shown(record)}.", "order is a number, visible and locked are true or false.")
    return layer


def _class(record: Mapping[str, Any]) -> tuple[str, str]:
    return checked_text("name", record.get("name")), checked_color(record.get("color"))


def _checked(source: Path, what: str, make: Callable[[Mapping[str, Any]], Any], record: Any) -> Any:
    if not isinstance(record, dict):
        raise SourceError(f"{source}: {what} is {shown(record)}.", "It must be an object with fields.")
    try:
        return make(record)
    except (ParameterError, TypeError) as error:
        remedy = error.remedy if isinstance(error, ParameterError) else None
        message = error.message if isinstance(error, ParameterError) else f"{error}."
        raise SourceError(f"{source}: {what}: {message}", remedy) from None


def _listed(source: Path, head: Mapping[str, Any], name: str) -> Iterable[Any]:
    value = head.get(name, [])
    if not isinstance(value, list):
        raise SourceError(f"{source}: {name} is {shown(value)}.", "It must be a list.")
    return value


def _writer(suffix: str) -> Callable[[Path, SavedAnnotations], None]:
    if suffix == ".json":
        return _write_json
    from voxbeam.annotation.arrow_file import write_arrow  # noqa: PLC0415

    return write_arrow


def _write_json(path: Path, saved: SavedAnnotations) -> None:
    with path.open("w", encoding="utf-8") as file:
        head = json.dumps(head_of(saved), ensure_ascii=False, allow_nan=False)
        file.write(f'{head[:-1]}, "annotations": [')
        for at, a in enumerate(saved.annotations):
            file.write(",\n" if at else "\n")
            file.write(json.dumps(record_of(a), ensure_ascii=False, allow_nan=False))
        file.write("\n]}\n")


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ParameterError(f"{str(path)!r} ends in {suffix!r}.", f"Give a name that ends in {' or '.join(SUFFIXES)}.")
    return suffix
