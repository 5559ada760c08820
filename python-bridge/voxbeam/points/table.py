"""What a notebook holds of a cloud, as columns of finite numbers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError, ShapeError, UnsupportedDtypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Points of one cloud: their numbers are 32 bits wide.
MAX_POINTS = 2**32 - 1
#: Names under which a table's value is looked for.
VALUE_NAMES = ("value", "values")


@dataclass(frozen=True)
class PointTable:
    """Columns of a cloud, all of the same length and finite.

    Attributes
    ----------
    places : tuple of arrays
        x, y, z as float64, in the world.
    values : array or None
        float64.
    properties : dict of arrays
        float64; NaN where a point has none.
    index : array
        The points' numbers in what was given, int64.
    left_out : int
        Points that are not in the table because a coordinate or the value is not finite.
    """

    places: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    values: NDArray[np.float64] | None
    properties: dict[str, NDArray[np.float64]]
    index: NDArray[np.int64]
    left_out: int

    def __len__(self) -> int:
        return len(self.index)


def read_table(xyz: Any, values: Any = None, properties: Mapping[str, Any] | Sequence[str] | None = None) -> PointTable:
    """The columns of a cloud.

    Parameters
    ----------
    xyz
        An (n, 3) array of x, y, z, or a DataFrame or Arrow table with columns ``x``, ``y``, ``z`` and perhaps ``value``.
    values
        n numbers, or the name of the table's column.
    properties
        n numbers each, by name; with a table also names of its columns.

    Raises
    ------
    ShapeError
        The array is not (n, 3), lengths differ, or there is no point.
    UnsupportedDtypeError
        What should be numbers is not.
    ParameterError
        A column is missing.
    """
    columns = _table_columns(xyz)
    if columns is None:
        array = _numbers("xyz", xyz)
        if array.ndim != 2 or array.shape[1] != 3:
            raise ShapeError(f"xyz has the shape {array.shape}.", "Give (n, 3): a row of x, y, z for each point.")
        places = [array[:, axis] for axis in range(3)]
    else:
        places = [_numbers(axis, _column(columns, axis)) for axis in "xyz"]
        if values is None:
            values = next((name for name in VALUE_NAMES if name in columns), None)
    count = len(places[0])
    if not 1 <= count <= MAX_POINTS:
        raise ShapeError(f"xyz has {count} points.", f"Give 1 to {MAX_POINTS}.")
    chosen = None if values is None else _long("values", _named(columns, values), count)
    others = {str(name): _long(f"properties[{name!r}]", _named(columns, value), count) for name, value in _items(properties)}
    good = np.ones(count, bool)
    for column in [*places, *([] if chosen is None else [chosen])]:
        good &= np.isfinite(column)
    index = np.flatnonzero(good)
    if len(index) == 0:
        raise ShapeError(f"None of the {count} points has finite numbers.", "Give one with finite x, y, z and value.")
    every = len(index) == count
    keep = (lambda column: np.asarray(column, np.float64)) if every else (lambda column: np.asarray(column[index], np.float64))
    return PointTable(
        (keep(places[0]), keep(places[1]), keep(places[2])),
        None if chosen is None else keep(chosen),
        {name: keep(column) for name, column in others.items()},
        index,
        count - len(index),
    )


def _items(properties: Mapping[str, Any] | Sequence[str] | None) -> list[tuple[str, Any]]:
    if properties is None:
        return []
    if isinstance(properties, Mapping):
        return list(properties.items())
    if not isinstance(properties, str) and all(isinstance(name, str) for name in properties):
        return [(name, name) for name in properties]
    text = f"properties is {properties!r:.80}."
    raise ParameterError(text, "Give a dict of names and columns, or a list of names of the table's columns.")


def _table_columns(table: Any) -> dict[str, Any] | None:
    """Columns by name of what looks like a DataFrame or an Arrow table; None for anything else."""
    names = getattr(table, "column_names", None)  # Arrow
    if names is None:
        names = getattr(table, "columns", None)  # pandas and its kin
    if names is None or not hasattr(table, "__getitem__"):
        return None
    return {str(name): table[name] for name in names}


def _column(columns: dict[str, Any], name: str) -> Any:
    if name not in columns:
        known = ", ".join(map(repr, columns)) or "none"
        raise ParameterError(f"There is no column {name!r}.", f"The table has {known}; rename one.")
    return columns[name]


def _named(columns: dict[str, Any] | None, value: Any) -> Any:
    """A column itself, or that of the table of this name."""
    return _column(columns or {}, value) if isinstance(value, str) else value


def _long(name: str, value: Any, count: int) -> NDArray[Any]:
    column = _numbers(name, value)
    if column.shape != (count,):
        raise ShapeError(f"{name} has the shape {column.shape}; there are {count} points.", "Give one number for each point.")
    return column


def _numbers(name: str, value: Any) -> NDArray[Any]:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise UnsupportedDtypeError(f"{name} cannot be read as numbers: {error}.", "Give numbers.") from None
    if array.dtype.kind == "O":  # such as integers with missing ones
        with suppress(TypeError, ValueError):
            array = array.astype(np.float64)
    if array.dtype.kind not in "biuf":
        raise UnsupportedDtypeError(f"{name} is of dtype {array.dtype}.", "Give whole numbers, floats, or bool.")
    return array
