"""What a classifier is told of a voxel: intensity, edges and texture around it, at several scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from voxbeam.errors import ParameterError
from voxbeam.learning.derivatives import PAIRS, eigenvalues, gradient, hessian
from voxbeam.learning.smoothing import gaussian_reach, smooth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voxbeam.geometry import Box
    from voxbeam.learning.block_reader import BlockReader

#: Kinds of features, with what each gives a scale.
KINDS = {
    "intensity": ("gaussian",),
    "edges": ("gradient magnitude", "laplacian"),
    "texture": ("hessian 1", "hessian 2", "hessian 3"),
    "structure": ("structure 1", "structure 2", "structure 3"),
}
MAX_SIGMA = 64.0


@dataclass(frozen=True)
class Features:
    """Which features are computed.

    Parameters
    ----------
    sigmas : tuple of float
        Scales, in voxels.
    kinds : tuple of str
        Of ``"intensity"`` (the smoothed value), ``"edges"`` (gradient magnitude and Laplacian), ``"texture"`` (eigenvalues of the
        Hessian) and ``"structure"`` (eigenvalues of the structure tensor, which take as long as all the others).
    raw : bool
        Whether the voxel's own value is one too.

    Examples
    --------
    >>> Features(sigmas=(1.0,), kinds=("intensity", "edges")).names()
    ['value', 'gaussian 1', 'gradient magnitude 1', 'laplacian 1']
    """

    sigmas: tuple[float, ...] = (1.0, 2.0, 4.0)
    kinds: tuple[str, ...] = ("intensity", "edges", "texture")
    raw: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigmas", tuple(float(sigma) for sigma in self.sigmas))
        object.__setattr__(self, "kinds", tuple(self.kinds))
        bad = [sigma for sigma in self.sigmas if not 0.3 <= sigma <= MAX_SIGMA]
        if bad:
            raise ParameterError(f"sigmas has {bad[0]!r}.", f"Give scales from 0.3 to {MAX_SIGMA:g} voxels.")
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown:
            raise ParameterError(f"kinds has {unknown[0]!r}.", f"Known are {', '.join(map(repr, KINDS))}.")
        if not self.names():
            raise ParameterError("There are no features.", "Give sigmas and kinds, or raw=True.")

    @property
    def reach(self) -> int:
        """Voxels to each side of one that its features depend on: the halo of a block."""
        return max((self._reach(sigma) for sigma in self.sigmas), default=0)

    def names(self, channels: int = 1) -> list[str]:
        """Of the columns, channel by channel."""
        one = ["value"] if self.raw else []
        one += [f"{name} {sigma:g}" for sigma in self.sigmas for kind in KINDS if kind in self.kinds for name in KINDS[kind]]
        return one if channels == 1 else [f"{channel}: {name}" for channel in range(channels) for name in one]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"sigmas": list(self.sigmas), "kinds": list(self.kinds), "raw": self.raw}

    @classmethod
    def from_dict(cls, said: dict[str, Any]) -> Features:
        """What `to_dict` gave."""
        return cls(tuple(said["sigmas"]), tuple(said["kinds"]), bool(said["raw"]))

    def read(self, image: BlockReader, box: Box) -> NDArray[np.float32]:
        """Features of the voxels of `box` of an image: float32 of shape (features, z, y, x)."""
        reach = self.reach
        z, y, x = ((low - reach, high + reach) for low, high in box)
        return self.of_block(image.read((z, y, x)))

    def of_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features of the inner voxels of a block (channels, z, y, x) that has `reach` voxels around them.

        Equal to those of any larger block, bit for bit.
        """
        size = tuple(n - 2 * self.reach for n in block.shape[1:])
        out = np.empty((len(self.names(len(block))), *size), np.float32)
        row = 0
        for channel in block:
            if self.raw:
                out[row] = _inner(channel, self.reach)
                row += 1
            for sigma in self.sigmas:
                for found in self._at_scale(channel, sigma):
                    out[row] = found
                    row += 1
        return out

    def _reach(self, sigma: float) -> int:
        once = gaussian_reach(sigma)
        if "structure" in self.kinds:
            return 2 * once + 1
        return once + (1 if {"edges", "texture"} & set(self.kinds) else 0)

    def _at_scale(self, channel: NDArray[np.float32], sigma: float) -> list[NDArray[np.float32]]:
        rim = self._reach(sigma) - gaussian_reach(sigma)
        near = _inner(channel, self.reach - self._reach(sigma))
        smoothed = smooth(near, sigma)
        tight = _inner(smoothed, rim - 1) if rim else smoothed
        found: list[NDArray[np.float32]] = []
        if "intensity" in self.kinds:
            found.append(_inner(smoothed, rim))
        second = hessian(tight) if {"edges", "texture"} & set(self.kinds) else []
        if "edges" in self.kinds:
            z, y, x = gradient(tight)
            found += [np.sqrt(z * z + y * y + x * x), second[0] + second[1] + second[2]]
        if "texture" in self.kinds:
            found += eigenvalues(second)
        if "structure" in self.kinds:
            slopes = gradient(smoothed)
            found += eigenvalues([smooth(slopes[a] * slopes[b], sigma) for a, b in PAIRS])
        return found


def _inner(block: NDArray[np.float32], rim: int) -> NDArray[np.float32]:
    return block[rim:-rim, rim:-rim, rim:-rim] if rim else block
