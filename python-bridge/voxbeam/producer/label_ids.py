"""Label ids that 32 bits cannot hold: numbered by a table, which the volume's description carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import UnsupportedDtypeError
from voxbeam.protocol import MAX_LABEL_IDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_RELABEL = "Number them anew: numpy.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype('uint32')."


class LabelIds:
    """Ids of any size by their stored numbers: 0 is 0, others are counted by rising id.

    Parameters
    ----------
    blocks
        Parts of the array, together all of it.

    Raises
    ------
    UnsupportedDtypeError
        There are more than `MAX_LABEL_IDS` ids.
    """

    def __init__(self, blocks: Iterable[NDArray[Any]]) -> None:
        found = np.zeros(1, np.uint64)
        for block in blocks:
            # Neighbours are mostly alike: what differs from the voxel before it is little to sort.
            flat = block.reshape(-1)
            changes = flat[np.flatnonzero(flat[1:] != flat[:-1]) + 1]
            found = np.union1d(found, np.append(changes, flat[:1]).astype(np.uint64))
            if len(found) > MAX_LABEL_IDS:
                text = f"The labels hold ids above {2**32 - 1} and more than {MAX_LABEL_IDS - 1} different ones."
                raise UnsupportedDtypeError(text, _RELABEL)
        self.table: NDArray[np.uint64] = found

    def stored(self, block: NDArray[Any]) -> NDArray[np.intp]:
        """The stored numbers of ids.

        Raises
        ------
        UnsupportedDtypeError
            An id came into the array after it was looked at.
        """
        ids = block.astype(np.uint64)
        numbers = np.minimum(np.searchsorted(self.table, ids), len(self.table) - 1)
        wrong = self.table[numbers] != ids
        if wrong.any():
            text = f"The id {int(ids[wrong][0])} was not in the labels when they were rendered."
            raise UnsupportedDtypeError(text, "Render them again.")
        return numbers
