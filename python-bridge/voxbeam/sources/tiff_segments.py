"""Tiles and strips of single whole values, decoded to where they are wanted by the bare decoders: no table, no copy between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    #: Writes what some bytes decode to, rows of voxels; raises where that is not as long as the array.
    Decode = Callable[[memoryview, NDArray[Any]], None]

#: Compressions of TIFF, and the functions of imagecodecs that undo them.
_NAMES = {5: "lzw_decode", 8: "deflate_decode", 32946: "deflate_decode", 50000: "zstd_decode"}
_NO_PREDICTOR, _DIFFERENCES = 1, 2


def bare_decoder(page: Any, dtype: np.dtype[Any]) -> Decode | None:
    """What decodes the tiles or strips of pages like this one; None where it takes more than a compression and differences."""
    native = page.parent.byteorder == "<" or dtype.itemsize == 1
    plain = page.samplesperpixel == 1 and page.fillorder == 1 and page.bitspersample == 8 * dtype.itemsize
    if not (native and plain and dtype.kind in "uif" and page.predictor in {_NO_PREDICTOR, _DIFFERENCES}):
        return None
    if page.predictor == _DIFFERENCES and dtype.kind == "f":
        return None
    try:
        import imagecodecs  # noqa: PLC0415  optional

        undo = getattr(imagecodecs, _NAMES[int(page.compression)])
        undo_differences = imagecodecs.delta_decode
    except (ImportError, KeyError, AttributeError):
        return None

    def decode(raw: memoryview, out: NDArray[Any]) -> None:
        flat = out.reshape(-1).view(np.uint8)
        found = undo(raw, out=flat)
        if len(found) != flat.size:
            raise ValueError(f"{len(found):,} bytes instead of {flat.size:,}")
        if page.predictor == _DIFFERENCES:
            undo_differences(out, axis=-1, out=out)

    return decode
