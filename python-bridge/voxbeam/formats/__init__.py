"""Formats of other programs: label volumes and annotations, written for them and read from them."""

from __future__ import annotations

from voxbeam.formats.annotation_formats import ANNOTATION_FORMATS, export_annotations, import_annotations
from voxbeam.formats.label_class import LabelClass
from voxbeam.formats.label_formats import LABEL_FORMATS, export_labels, import_labels
from voxbeam.formats.label_volume import LabelVolume
from voxbeam.formats.losses import LossWarning

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
