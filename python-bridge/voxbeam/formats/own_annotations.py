"""Our own files among those of others, so that one call converts from and to them: JSON and Arrow, exact."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from voxbeam.annotation.files import SavedAnnotations, load_file, save_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voxbeam.annotation import Annotation
    from voxbeam.formats.annotation_format import Frame


def _write(suffix: str, annotations: Sequence[Annotation], part: Path, frame: Frame) -> list[str]:
    inner = part.with_name(f"{part.name}{suffix}")
    try:
        save_file(inner, SavedAnnotations([frame.place(one) for one in annotations]))
        inner.replace(part)
    finally:
        inner.unlink(missing_ok=True)
    return ["names of layers cannot be kept (annotations.save does)"] if any(one.layer for one in annotations) else []


#: Write with the ending that says which of the two it is.
write_json, write_arrow = partial(_write, ".json"), partial(_write, ".arrow")


def read(path: Path, frame: Frame) -> tuple[list[Annotation], list[str]]:  # noqa: ARG001  the file says it all
    """Read either."""
    return load_file(path).annotations, []
