"""Whether the coarser levels of a source are kept, and where."""

from __future__ import annotations

import hashlib
import logging
from math import prod
from typing import TYPE_CHECKING

from voxbeam import cache
from voxbeam.geometry import level_shape
from voxbeam.kept.kept_pyramid import KeptPyramid
from voxbeam.producer.dtype_mapping import DtypeMapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxbeam.sources import Source

log = logging.getLogger("voxbeam.kept")

#: Raised when files of another form, or voxels made in another way, are kept.
FORM = 1
#: What is smaller is built sooner than found: an array in memory or mapped, and what is read by chunks.
LEAST_VOXELS = {"array": 2**24, "chunks": 2**21}


def keep(
    source: Source, mapping: DtypeMapping, name: tuple[str, int], wanted: Sequence[int], passes: Sequence[int],
) -> KeptPyramid | None:
    """The kept levels of a source, there or to be built; None where they are not worth it, or may not be kept.

    Parameters
    ----------
    name
        Fingerprint and time point: equal ones mean equal voxels, also in another process.
    """
    root = cache.path()
    needed = sum(prod(level_shape(source.shape, level)) for level in wanted) * mapping.dtype.itemsize
    least = LEAST_VOXELS["chunks" if source.array is None else "array"]
    if root is None or prod(source.shape) <= least or not cache.fits(needed) or mapping.ids is not None:
        return None
    facts = (FORM, *name, source.kind, source.dtype.str, mapping.stored, source.shape, tuple(wanted), tuple(passes))
    key = hashlib.sha256(":".join(map(str, facts)).encode()).hexdigest()[:24]
    about = {"name": source.name, "shape": source.shape, "dtype": source.dtype.name, "time": name[1]}
    try:
        return KeptPyramid(
            root / key, source.shape, DtypeMapping(mapping.stored, mapping.dtype), wanted, passes,
            labels=source.kind == "labels", about=about,
        )
    except OSError as error:
        log.warning("coarser levels are not kept in %s: %s", root, error)
        return None
