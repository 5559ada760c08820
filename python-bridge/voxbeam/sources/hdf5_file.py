"""Walking through an HDF5 file by its links one by one, so that no link makes a file outside the folder be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxbeam.errors import SourceError
from voxbeam.sources.places import inside_folder, library, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

#: HDF5's cache of chunks: blocks of whole chunks are kept by us, so it only has to hold what one reading needs.
CHUNK_CACHE_BYTES = 2**20
#: A link leads to a link at most so often.
MAX_LINKS = 16
#: Of a file's content so many objects are looked at where it must be searched, and so many datasets are listed.
MAX_SEARCHED = 20_000
MAX_LISTED = 24


@dataclass(frozen=True)
class Found:
    """An object of an HDF5 file, and the file that holds it."""

    item: Any
    file: Hdf5File
    path: str


class Hdf5File:
    """An HDF5 file and those that its external links name, opened once each, read-only.

    Parameters
    ----------
    path
        Of the file. Links may lead to files of its folder, and below.
    """

    def __init__(self, path: Path, root: Path | None = None, kin: dict[Path, Hdf5File] | None = None) -> None:
        self.h5py = library("h5py", "hdf5", path)
        self.path = path
        self.root = root or path.resolve().parent
        self._kin = {path.resolve(): self} if kin is None else kin
        try:
            self.handle = self.h5py.File(path, "r", rdcc_nbytes=CHUNK_CACHE_BYTES, rdcc_w0=1.0)
        except OSError as error:
            raise unreadable(path, "HDF5", error) from error

    def find(self, path: str, group: Any = None, links: int = 0) -> Found | None:
        """The object at `path`, followed link by link; None where there is none.

        Raises
        ------
        SourceError
            A link leads outside the folder, or to a file that is missing or damaged, or in a circle.
        """
        here = self.handle["/"] if group is None or path.startswith("/") else group
        parts = [part for part in path.split("/") if part not in ("", ".")]
        for index, part in enumerate(parts):
            if not isinstance(here, self.h5py.Group):
                return None
            link = here.get(part, getlink=True)
            rest = "/".join(parts[index + 1 :])
            if link is None:
                return None
            if not isinstance(link, (self.h5py.ExternalLink, self.h5py.SoftLink)):
                here = here[part]
                continue
            if links >= MAX_LINKS:
                text = f"{str(self.path)!r} has links that lead in a circle at {path!r}."
                raise SourceError(text, "Give the dataset's own path.")
            if isinstance(link, self.h5py.SoftLink):
                return self.find(f"{link.path}/{rest}", here, links + 1)
            return self._other(link.filename, f"{here.name.rstrip('/')}/{part}").find(f"/{link.path}/{rest}", None, links + 1)
        return Found(here, self, here.name)

    def _other(self, name: str, where: str) -> Hdf5File:
        """The file that an external link names: relative to this one's folder, or one of its name there."""
        wanted = Path(name) if Path(name).is_absolute() else self.path.parent / name
        what = f"The link {where!r} of {str(self.path)!r}"
        if not wanted.is_absolute() or not wanted.resolve().is_relative_to(self.root):
            beside = self.path.parent / Path(name).name
            wanted = beside if beside.exists() else wanted
        target = inside_folder(wanted, self.root, what)
        if not target.exists():
            raise SourceError(f"{what} points to {str(wanted)!r}, which is missing.", "Put it there, or open another dataset.")
        if target not in self._kin:
            self._kin[target] = Hdf5File(target, self.root, self._kin)
        return self._kin[target]

    def check_storage(self, dataset: Any) -> None:
        """Refuse a dataset whose voxels stand in files outside the folder.

        Raises
        ------
        SourceError
            Names the file.
        """
        what = f"The dataset {dataset.name!r} of {str(self.path)!r}"
        names = [entry[0] for entry in dataset.external or ()]
        if dataset.is_virtual:
            names += [source.file_name for source in dataset.virtual_sources() if source.file_name != "."]
        for name in dict.fromkeys(names):
            target = inside_folder(self.path.parent / name, self.root, what)
            if not target.exists():
                raise SourceError(f"{what} stands in {name!r}, which is missing.", "Put it there, or open another dataset.")

    def objects(self) -> Iterator[tuple[str, Any]]:
        """Groups and datasets with their paths, external ones included where they can be opened; not all of a huge file."""
        waiting: list[tuple[str, Any]] = [("", self.handle["/"])]
        seen: set[Any] = set()
        searched = 0
        while waiting and searched < MAX_SEARCHED:
            path, item = waiting.pop(0)
            identity = (item.file.filename, self.h5py.h5o.get_info(item.id).addr)
            if identity in seen:
                continue
            seen.add(identity)
            searched += 1
            yield path or "/", item
            for name in item if isinstance(item, self.h5py.Group) else ():
                try:
                    found = self.find(f"{path}/{name}")
                except (SourceError, OSError, KeyError):
                    continue
                if found is not None and isinstance(found.item, (self.h5py.Group, self.h5py.Dataset)):
                    waiting.append((f"{path}/{name}", found.item))

    def datasets(self) -> Iterator[tuple[str, Any]]:
        """Datasets with their paths."""
        return ((path, item) for path, item in self.objects() if isinstance(item, self.h5py.Dataset))

    def listing(self) -> str:
        """What is in the file, for people: the largest datasets first."""
        held = sorted(self.datasets(), key=lambda found: -(found[1].size or 0))
        words = [f"{path} {item.shape} {item.dtype}" for path, item in held[:MAX_LISTED] if item.shape is not None]
        more = f", and {len(held) - MAX_LISTED} more" if len(held) > MAX_LISTED else ""
        return f"It holds {', '.join(words)}{more}." if words else "It holds no datasets."


def attribute(item: Any, name: str) -> Any:
    """An attribute as text, number or list of them; None where it is missing or unreadable."""
    try:
        value = item.attrs.get(name)
    except (OSError, TypeError, ValueError, KeyError, UnicodeDecodeError):
        return None
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [_text(one) for one in value]
    return _text(value)


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


