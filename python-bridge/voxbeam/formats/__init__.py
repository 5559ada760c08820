"""Formats of other programs: label volumes and annotations, written for them and read from them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voxbeam.formats.annotation_formats import ANNOTATION_FORMATS, export_annotations, import_annotations
    from voxbeam.formats.label_class import LabelClass
    from voxbeam.formats.label_formats import LABEL_FORMATS, export_labels, import_labels
    from voxbeam.formats.label_volume import LabelVolume
    from voxbeam.formats.losses import LossWarning

#: Loaded when first used: who only wants a class of labels need not wait for what writes files.
_HOMES = {
    "annotation_formats": ("ANNOTATION_FORMATS", "export_annotations", "import_annotations"),
    "label_class": ("LabelClass",),
    "label_formats": ("LABEL_FORMATS", "export_labels", "import_labels"),
    "label_volume": ("LabelVolume",),
    "losses": ("LossWarning",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ANNOTATION_FORMATS",
    "LABEL_FORMATS",
    "LabelClass",
    "LabelVolume",
    "LossWarning",
    "export_annotations",
    "export_labels",
    "import_annotations",
    "import_labels",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
