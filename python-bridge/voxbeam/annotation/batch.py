"""What annotations that are added together share, so that it is found once."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from voxbeam.description import VolumeDescription


class Batch(NamedTuple):
    """Colours in use, the palette, layers by what they were called, who adds them, volumes by name, new ids."""

    used: Counter[str]
    colors: dict[str, str]
    layers: dict[str, str]
    author: str
    volumes: dict[str | None, VolumeDescription | None]
    ids: Iterator[str]


def new_ids() -> Iterator[str]:
    """Ids that nobody can guess, drawn many at once."""
    while True:
        drawn = token_hex(16 * 256)
        for at in range(0, len(drawn), 32):
            yield drawn[at : at + 32]
