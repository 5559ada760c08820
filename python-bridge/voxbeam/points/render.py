"""What a notebook calls to show points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from voxbeam.embedded import instance_for
from voxbeam.keywords import caller_name, refuse_unknown
from voxbeam.points.cloud import open_points
from voxbeam.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voxbeam.instance import Instance

POINT_OPTIONS = ("name", "radius", "unit", "colormap", "window", "range", "properties", "wait")


def render_points(
    xyz: Any,
    values: Any = None,
    instance: Instance | None = None,
    *,
    name: str | None = None,
    radius: float | Sequence[float] | None = None,
    unit: str = "",
    colormap: str | None = None,
    window: tuple[float, float] | None = None,
    range: tuple[float, float] | None = None,  # noqa: A002  the layer's word for it
    properties: Mapping[str, Any] | Sequence[str] | None = None,
    wait: bool = True,
    **unknown: NoReturn,
) -> bool:
    """Bring a cloud of points into an instance. They are drawn as shaded spheres, as large and coloured as their values say.

    Parameters
    ----------
    xyz
        An (n, 3) array of world positions x, y, z, or a pandas DataFrame or Arrow table with columns ``x``, ``y``, ``z`` and
        perhaps ``value``.
    values
        n numbers, or the name of a column. Left out: the table's ``value``, or none, and all points are alike.
    instance
        Where to; left out, this kernel's embedded instance, which starts when it is first needed.
    name
        Name in the instance; what has the same name is replaced. Left out: the name of your variable.
    radius
        World radius of the highest value (the lowest has a quarter of it), or two: of the lowest and of the highest value in
        the window. Left out: from how densely the points lie.
    unit
        Of the coordinates.
    colormap, window, range
        How they are shown at first: name of a colour map, values at its ends, and the values that are shown at all.
    properties
        Up to 16 more numbers for each point, by name, shown for the point under the cursor. With a table also a list of its
        columns.
    wait
        True returns when all points are in the instance; False at once.

    Returns
    -------
    bool
        True.

    Raises
    ------
    ShapeError, UnsupportedDtypeError, ParameterError
        The data are not n points with n numbers each. Points with a coordinate or value that is not finite are left out and
        counted in the volume's note.
    StoreTooSmallError
        All of it cannot be in the instance at once; ``wait=False`` shows it as it is looked at.

    Examples
    --------
    >>> xyz = np.random.default_rng(0).normal(size=(100_000, 3))  # doctest: +SKIP
    >>> rv.render_points(xyz, np.linalg.norm(xyz, axis=1), properties={"x": xyz[:, 0]})  # doctest: +SKIP
    True
    """
    refuse_unknown("render_points", unknown, POINT_OPTIONS)
    place = instance_for(instance, "render_points")
    cloud = open_points(
        xyz,
        values,
        name=name or caller_name(xyz) or "points",
        radius=radius,
        unit=unit,
        colormap=colormap,
        window=window,
        range=range,
        properties=properties,
    )
    produced = place.declare_points(cloud)
    if wait:
        with Progress(f"Rendering {produced.description.name}") as progress:
            produced.fill(wait=True, progress=progress.update)
    else:
        produced.fill(wait=False)
    return True
