"""How each NumPy dtype is stored. Stored voxels have four forms; everything else is brought to one of them while it is cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import UnsupportedDtypeError
from voxbeam.producer.label_ids import LabelIds
from voxbeam.protocol import NUMPY_DTYPE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.sources import Source

MAX_ID = 2**32 - 1
#: Bytes of an array that are looked at together when its ids are checked.
_SLAB_BYTES = 16 * 2**20
_SIGN_BIT = {"u8": 0x80, "u16": 0x8000}
_REMEDIES = {
    "c": "Show its magnitude: numpy.abs(volume), or volume.real.",
    "V": "Show one field: volume['name'].",
    "O": "Give it a numeric dtype: volume.astype('float32').",
    "M": "Show its numbers: volume.astype('int64').",
    "m": "Show its numbers: volume.astype('int64').",
}
_RELABEL = "Number them anew: numpy.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype('uint32')."


@dataclass(frozen=True)
class DtypeMapping:
    """From a source's dtype to stored voxels; ``value = stored * scale + offset``.

    Attributes
    ----------
    write_as : numpy.dtype
        What stored voxels are taken for while source voxels are copied into them; as large as the stored dtype.
    sign_bit : int
        Flipped after the copy, which turns signed numbers into offset binary; 0: nothing to flip.
    checks_ids : bool
        Whether ids may lie outside 0 to `MAX_ID` and are looked at.
    note : str, optional
        What is lost, for people.
    ids : LabelIds, optional
        Of labels with ids beyond 32 bits: their stored numbers.
    """

    stored: str
    write_as: np.dtype[Any]
    sign_bit: int = 0
    scale: float = 1.0
    offset: float = 0.0
    checks_ids: bool = False
    note: str | None = None
    ids: LabelIds | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The stored dtype as NumPy's."""
        return NUMPY_DTYPE[self.stored]

    def in_place(self, dtype: np.dtype[Any]) -> bool:
        """Whether source voxels of `dtype` are stored voxels already."""
        return dtype == self.dtype and not self.sign_bit

    def finish(self, voxels: NDArray[Any]) -> None:
        """Complete voxels that were copied: signs, and NaN for what is not finite."""
        if self.sign_bit:
            np.bitwise_xor(voxels, voxels.dtype.type(self.sign_bit), out=voxels)
        elif self.stored == "f32" and not (np.isfinite(voxels.min()) and np.isfinite(voxels.max())):
            voxels[~np.isfinite(voxels)] = np.nan

    def check_ids(self, block: NDArray[Any]) -> None:
        """Refuse ids that a stored label cannot hold.

        Raises
        ------
        UnsupportedDtypeError
            Names the first of them found.
        """
        if not self.checks_ids or block.size == 0:
            return
        for found in (int(block.min()), int(block.max())):
            if not 0 <= found <= MAX_ID:
                raise UnsupportedDtypeError(f"The labels hold the id {found}; ids are 0 to {MAX_ID}.", _RELABEL)


def map_dtype(source: Source) -> DtypeMapping:
    """How the voxels of `source` are stored.

    Raises
    ------
    UnsupportedDtypeError
        The dtype has no stored form, or an array holds ids that do not fit.
    """
    dtype = source.dtype
    if dtype.kind not in "biuf":
        remedy = _REMEDIES.get(dtype.kind, "Give it a numeric dtype: volume.astype('float32').")
        raise UnsupportedDtypeError(f"The volume has dtype {_name(dtype)}, which cannot be shown.", remedy)
    return _map_labels(source) if source.kind == "labels" else _map_image(source)


def _name(dtype: np.dtype[Any]) -> str:
    return f"{dtype!s:.80}"


def _map_image(source: Source) -> DtypeMapping:
    dtype, scale, offset = source.dtype, source.scale, source.offset
    if dtype.kind in "bui" and dtype.itemsize <= 2:
        stored = "u8" if dtype.itemsize == 1 else "u16"
        signed = dtype.kind == "i"
        bit = _SIGN_BIT[stored] if signed else 0
        return DtypeMapping(stored, dtype.newbyteorder("<"), bit, scale, offset - bit * scale)
    note = None
    if dtype.kind in "ui":
        note = f"{dtype.name} values are shown as float32, which is exact up to 16,777,216."
    elif dtype.itemsize > 4:
        note = f"{dtype.name} values are shown as float32, which keeps about 7 digits."
    return DtypeMapping("f32", NUMPY_DTYPE["f32"], 0, scale, offset, note=note)


def _map_labels(source: Source) -> DtypeMapping:
    dtype = source.dtype
    if dtype.kind == "f":
        raise UnsupportedDtypeError(f"Labels have dtype {dtype.name}; ids are whole numbers.", "Give labels.astype('uint32').")
    if (source.scale, source.offset) != (1.0, 0.0):
        text = f"Labels are scaled by {source.scale:g} and shifted by {source.offset:g}; ids are whole numbers."
        raise UnsupportedDtypeError(text, "Give the scaled values as an integer array.")
    stored = {1: "u8", 2: "u16"}.get(dtype.itemsize, "u32")
    checks = dtype.kind == "i" or dtype.itemsize > 4
    # Ids that were checked fit the unsigned dtype of the same size, or u32.
    mapping = DtypeMapping(stored, np.dtype(bool) if dtype.kind == "b" else NUMPY_DTYPE[stored], checks_ids=checks)
    if checks and source.array is not None:
        array, rows = source.array, max(1, _SLAB_BYTES // max(1, source.array[0].nbytes))
        slabs = [array[z : z + rows] for z in range(0, source.shape[0], rows)]
        if dtype.itemsize > 4 and min(int(slab.min()) for slab in slabs) >= 0 and max(int(slab.max()) for slab in slabs) > MAX_ID:
            return replace(mapping, checks_ids=False, ids=LabelIds(slabs))
        for slab in slabs:
            mapping.check_ids(slab)
    return mapping
