"""Annotations: what people mark in a volume, as Python values, and all of an instance as a collection."""

from __future__ import annotations

from voxbeam.annotation.base import PALETTE, Annotation, Kind
from voxbeam.annotation.collection import Annotations
from voxbeam.annotation.entries import KINDS, from_entry, next_color, placed, to_entry
from voxbeam.annotation.events import AnnotationEvent
from voxbeam.annotation.oriented import Ellipsoid, OrientedBox
from voxbeam.annotation.paths import Line, Polygon, Polyline
from voxbeam.annotation.point_and_box import Box, Point

__all__ = [
    "KINDS",
    "PALETTE",
    "Annotation",
    "AnnotationEvent",
    "Annotations",
    "Box",
    "Ellipsoid",
    "Kind",
    "Line",
    "OrientedBox",
    "Point",
    "Polygon",
    "Polyline",
    "from_entry",
    "next_color",
    "placed",
    "to_entry",
]
