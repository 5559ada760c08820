"""A region of a volume as people write it: by whole numbers and slices, as an array is indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from voxbeam.geometry import Box, Shape


def region_box(index: Any, shape: Shape) -> Box:
    """The half-open ranges along z, y, x that `index` names in a volume of `shape`; slices may reach beyond it.

    Raises
    ------
    ParameterError
        It holds something else than whole numbers, slices of step 1 and one ``...``, or more than three of them.

    Examples
    --------
    >>> region_box((slice(2, 5), ..., -1), (10, 20, 30))
    ((2, 5), (0, 20), (29, 30))
    """
    parts = index if isinstance(index, tuple) else (index,)
    dots = [at for at, part in enumerate(parts) if part is Ellipsis]
    if len(parts) - len(dots) > 3 or len(dots) > 1:
        raise ParameterError(f"The region {index!r} has more than three axes.", "Give one for each of z, y, x, or fewer.")
    if dots:
        parts = (*parts[: dots[0]], *[slice(None)] * (4 - len(parts)), *parts[dots[0] + 1 :])
    spans: list[tuple[int, int]] = []
    for part, n in zip((*parts, *[slice(None)] * (3 - len(parts))), shape, strict=True):
        if isinstance(part, slice) and part.step in (None, 1):
            low, high, _ = part.indices(n)
        elif isinstance(part, (int, np.integer)) and not isinstance(part, bool) and -n <= part < n:
            low = int(part) % n
            high = low + 1
        else:
            raise ParameterError(f"{part!r} is no region of an axis.", f"Give whole numbers below {n} or slices of step 1.")
        spans.append((low, max(low, high)))
    return spans[0], spans[1], spans[2]
