"""What a format of label volumes is: its endings, what it keeps, and how it is read and written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voxbeam.formats.label_volume import LabelVolume
    from voxbeam.formats.lengths import World


@dataclass(frozen=True)
class Told:
    """Who is told how far a file is written, and what its name will be.

    Attributes
    ----------
    target
        The name it takes when it is whole.
    planes
        Called with the number of planes that are done.
    """

    target: Path
    planes: Callable[[int], None]


@dataclass(frozen=True)
class LabelFormat:
    """One format.

    Attributes
    ----------
    name, title
        For `format=`, and for people.
    endings
        Of its files, in small letters.
    keeps
        Which of ``voxel_size``, ``origin``, ``unit``, ``names``, ``colors`` it holds.
    dtypes
        Of ids that it holds.
    write
        ``(labels, part, world, told)``: writes a file or folder, and gives what was not kept beyond `keeps`.
    read
        ``(path, world, name)``: opens one, and gives what of it is not applied.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    keeps: frozenset[str]
    dtypes: tuple[str, ...]
    write: Callable[[LabelVolume, Path, World | None, Told], list[str]]
    read: Callable[[Path, World | None, str | None], tuple[LabelVolume, list[str]]]

    def losses(self, labels: LabelVolume) -> list[str]:
        """What it does not keep of these."""
        has = {
            "voxel_size": labels.voxel_size != (1.0, 1.0, 1.0) and "the voxel size",
            "origin": any(labels.origin) and "the origin",
            "unit": labels.unit and f"the unit {labels.unit!r}",
            "names": any(one.name for one in labels.classes.values()) and "names of classes",
            "colors": any(one.color for one in labels.classes.values()) and "colours of classes",
        }
        return [f"{words} cannot be kept" for what, words in has.items() if words and what not in self.keeps]
