"""Annotations as an Arrow table: a row for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from voxbeam.annotation.spans import voxel_span, world_span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voxbeam.annotation.base import Annotation
    from voxbeam.geometry import Vec3

_FIRST = ("id", "kind", "name", "color", "volume", "author", "created")
_VOXEL = ("z", "y", "x", "z_stop", "y_stop", "x_stop")
_WORLD = ("world_x", "world_y", "world_z", "world_x_stop", "world_y_stop", "world_z_stop")
_LAST = ("label", "layer", "modified", "modified_by", "props")
SCHEMA = pa.schema([
    *((name, pa.string()) for name in _FIRST),
    *((name, pa.float64()) for name in (*_VOXEL, *_WORLD)),
    *((name, pa.string()) for name in _LAST),
    ("coords", pa.list_(pa.float64())),
])


def to_table(annotations: Iterable[Annotation]) -> pa.Table:
    """A row for each annotation.

    ``z`` … and ``z_stop`` … are the voxels that it spans: of a point its position alone, of a box start and stop, of all
    others the lowest and the highest; ``world_x`` … the same in the world. What is not known is null. ``coords`` are the
    numbers of the scene document, ``props`` JSON.
    """
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    for a in annotations:
        for name in (*_FIRST, *_LAST[:-1]):
            columns[name].append(getattr(a, name))
        for names, (low, high) in ((_VOXEL, voxel_span(a)), (_WORLD, world_span(a))):
            for name, n in zip(names, [*_three(low), *_three(high)], strict=True):
                columns[name].append(n)
        columns["props"].append(json.dumps(dict(a.props), ensure_ascii=False))
        columns["coords"].append(a.coords())
    return pa.table(columns, schema=SCHEMA)


def to_frame(annotations: Iterable[Annotation]) -> Any:
    """The same as a pandas ``DataFrame``, indexed by id; each own field is a column of its own."""
    import pandas as pd  # noqa: PLC0415  an optional library

    annotations = list(annotations)
    frame = to_table(annotations).to_pandas().set_index("id").drop(columns="props")
    names = dict.fromkeys(name for a in annotations for name in a.props)
    own = {f"props.{name}": [a.props.get(name) for a in annotations] for name in names}
    return pd.concat([frame, pd.DataFrame(own, index=frame.index)], axis=1) if own else frame


def _three(v: Vec3 | None) -> tuple[float | None, ...]:
    return v if v is not None else (None, None, None)
