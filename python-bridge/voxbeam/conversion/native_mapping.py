"""Voxels as a file is to hold them: of the source's own dtype, not of a store's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import UnsupportedDtypeError
from voxbeam.producer.dtype_mapping import DtypeMapping

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.sources import Source


@dataclass(frozen=True)
class NativeMapping(DtypeMapping):
    """Nothing is changed but the byte order; values that the source scales are float32."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the voxels that are written."""
        return self.write_as

    def in_place(self, dtype: np.dtype[Any]) -> bool:
        """Whether voxels of `dtype` can be written as they are."""
        return dtype == self.write_as and (self.scale, self.offset) == (1.0, 0.0)

    def finish(self, voxels: NDArray[Any]) -> None:
        """Apply the scale. What is not finite stays what it is."""
        if (self.scale, self.offset) != (1.0, 0.0):
            np.multiply(voxels, voxels.dtype.type(self.scale), out=voxels)
            np.add(voxels, voxels.dtype.type(self.offset), out=voxels)


def native_mapping(source: Source) -> NativeMapping:
    """How voxels of `source` are written.

    Raises
    ------
    UnsupportedDtypeError
        They are no numbers, or labels that are not whole.
    """
    dtype = source.dtype
    if dtype.kind not in "biuf" or dtype.itemsize > 8 or (source.kind == "labels" and dtype.kind == "f"):
        text = f"{source.name!r} has dtype {dtype!s:.80} and is of kind {source.kind!r}."
        raise UnsupportedDtypeError(text, "Images are of whole or floating numbers up to 64 bits, labels of whole ones.")
    scaled = (source.scale, source.offset) != (1.0, 0.0)
    native = np.dtype("float32") if scaled else np.dtype("uint8") if dtype.kind == "b" else dtype.newbyteorder("=")
    return NativeMapping("f32", native, 0, source.scale, source.offset)
