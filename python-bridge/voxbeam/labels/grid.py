"""Where the voxels of labels are: what an array of them and their volume have in common."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from voxbeam.description import VolumeDescription
    from voxbeam.geometry import Shape, Vec3


class LabelGrid:
    """Shape, dtype and place of labels, as their description says.

    Parameters
    ----------
    description
        Of the volume.
    """

    ndim = 3

    def __init__(self, description: VolumeDescription) -> None:
        self._description = description

    @property
    def name(self) -> str:
        """Of the volume."""
        return self._description.name

    @property
    def shape(self) -> Shape:
        """Voxels along z, y, x."""
        return self._description.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the labels: ``uint8``, ``uint16`` or ``uint32``."""
        return np.dtype(self._description.dtype)

    @property
    def size(self) -> int:
        """How many voxels there are."""
        return prod(self.shape)

    @property
    def voxel_size(self) -> Vec3:
        """Edge lengths of a voxel, z, y, x, in `unit`."""
        return self._description.voxel_size

    @property
    def origin(self) -> Vec3:
        """Centre of the first voxel, z, y, x, in `unit`."""
        return self._description.origin

    @property
    def unit(self) -> str:
        """Of lengths."""
        return self._description.unit

    def __len__(self) -> int:
        return self.shape[0]
