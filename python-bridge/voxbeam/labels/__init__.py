"""Labels that people paint: held by the instance, read and written like an array."""

from __future__ import annotations

from voxbeam.labels.change import LabelChange, LabelChanges
from voxbeam.labels.painted import Labels

__all__ = ["LabelChange", "LabelChanges", "Labels"]
