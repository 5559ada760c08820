"""What a format cannot hold is told, not dropped in silence."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Names of this package's own frames are not what a warning is about: it names the line of the caller.
_OWN_FRAMES = 3


class LossWarning(UserWarning):
    """Something of what was exported or imported is not kept by the format; the text names what."""


def tell(path: Path, kind: str, losses: Sequence[str]) -> None:
    """Warn once of all that `path`, a file of format `kind`, does not keep."""
    if losses:
        warnings.warn(f"{path.name!r} ({kind}): {'; '.join(losses)}.", LossWarning, stacklevel=_OWN_FRAMES)
