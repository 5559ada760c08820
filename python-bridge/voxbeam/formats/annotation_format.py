"""What a format of annotations is, the grid it counts in, and what all of them share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from voxbeam.annotation.base import Annotation
from voxbeam.errors import FormatError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from voxbeam.formats.lengths import World
    from voxbeam.geometry import Shape, Vec3

AnyAnnotation = TypeVar("AnyAnnotation", bound=Annotation)
#: A file may hold so many.
MAX_ANNOTATIONS = 2**20
#: What is said of fields that a format does not hold.
_WORDS = {
    "names": ("name", "names"),
    "labels": ("label", "classes"),
    "colors": ("color", "colours"),
    "props": ("props", "fields of one's own"),
    "layers": ("layer", "layers"),
}


@dataclass(frozen=True)
class Frame:
    """The volume in whose voxels a format counts, and what its world is.

    Attributes
    ----------
    given
        Whether there is such a volume; else the rest are defaults.
    """

    voxel_size: Vec3 = (1.0, 1.0, 1.0)
    origin: Vec3 = (0.0, 0.0, 0.0)
    unit: str = ""
    shape: Shape | None = None
    name: str | None = None
    given: bool = False
    world: World | None = None

    def place(self, annotation: AnyAnnotation) -> AnyAnnotation:
        """With coordinates in the world and, where the volume is known, in its voxels.

        Raises
        ------
        ParameterError
            It has voxels only, and there is no volume.
        """
        volume: Any = self if self.given else None  # it has what placing needs: voxel size and origin
        try:
            return annotation.placed(volume)
        except ParameterError as error:
            text = f"{annotation!r:.200} has no world coordinates."
            raise ParameterError(text, "Give volume=, in whose voxels it counts.") from error

    def needed(self, kind: str) -> Frame:
        """Itself, where there is a volume.

        Raises
        ------
        ParameterError
            There is none, and the format counts in voxels.
        """
        if not self.given:
            raise ParameterError(f"{kind} counts in voxels, and no volume was given.", "Give volume=, such as what rv.open gave.")
        return self


@dataclass(frozen=True)
class AnnotationFormat:
    """One format.

    Attributes
    ----------
    keeps
        Which of ``names``, ``labels``, ``colors``, ``props``, ``layers`` it holds.
    write
        ``(annotations, part, frame)``: writes a file or folder, and gives what was not kept beyond `keeps`.
    read
        ``(path, frame)``: gives annotations, and what of the file was not taken.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    keeps: frozenset[str]
    write: Callable[[Sequence[Annotation], Path, Frame], list[str]]
    read: Callable[[Path, Frame], tuple[list[Annotation], list[str]]]

    def losses(self, annotations: Iterable[Annotation]) -> list[str]:
        """What it does not keep of these."""
        held = list(annotations)
        missing = [words for what, words in _WORDS.items() if what not in self.keeps]
        return [f"{words} cannot be kept" for field, words in missing if any(getattr(a, field) for a in held)]


def left_out(annotations: Iterable[Annotation], why: str) -> list[str]:
    """That these were not written, in words."""
    counts = Counter(a.kind.replace("_", " ") for a in annotations)
    words = [f"{n} {kind}{'' if n == 1 else 'es' if kind.endswith('x') else 's'}" for kind, n in sorted(counts.items())]
    return [f"{', '.join(words)} left out: {why}"] if words else []


def made(make: Callable[..., Annotation], path: Path, which: object, **fields: Any) -> Annotation:
    """An annotation of a file, checked as one that a person makes.

    Raises
    ------
    FormatError
        It could not be shown: the file's name, which one, and why.
    """
    try:
        found = make(**fields)
        found.refuse_unusable()
    except ParameterError as error:
        raise FormatError(f"{str(path)!r}, annotation {which!r:.60}: {error.message}", error.remedy) from error
    return found


def bounded(path: Path, count: int) -> None:
    """Raise where a file holds more annotations than are taken."""
    if count > MAX_ANNOTATIONS:
        raise FormatError(f"{str(path)!r} holds {count:,} annotations.", f"At most {MAX_ANNOTATIONS:,} are read.")
