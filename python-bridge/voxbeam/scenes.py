"""Where what people draw is kept: ``rv.scenes``, ``voxbeam scenes``, and ``scene=``.

An instance keeps its scene (annotations, bookmarks, looks, labels) in one file. Without ``scene=`` that is a file of its own in
the user's state folder, made with the first edit and removed at an orderly end where nothing was drawn. What somebody drew is
never removed but by :func:`remove`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Another folder; ``off`` keeps nothing.
ENVIRONMENT = "VOXBEAM_SCENES"
SUFFIX = ".vxscene"
#: Beyond these, files without anything drawn go, oldest first; then a sentence says that there are many.
MAX_FILES = 200
MAX_BYTES = 4 * 2**30
_DRAWN = ("annotations", "annotation_layers", "classes", "bookmarks")
_chosen: Path | bool | None = None

log = logging.getLogger("voxbeam.scenes")


@dataclass(frozen=True)
class SceneFile:
    """A kept scene.

    Attributes
    ----------
    path : Path
        Its file: ``rv.configure(scene=path)`` goes on with it.
    nbytes : int
        Bytes on the disk, its log included.
    used : float
        When it was written last, in seconds since 1970.
    annotations : int or None
        How many it holds; None where it cannot be read, or is in use.
    drawn : bool or None
        Whether it holds anything that people made.
    in_use : bool
        An instance has it open.
    """

    path: Path
    nbytes: int
    used: float
    annotations: int | None
    drawn: bool | None
    in_use: bool


def configure(scene: str | os.PathLike[str] | bool) -> None:
    """What embedded instances made from now on use: a file, False for none, True for one of their own each."""
    global _chosen  # noqa: PLW0603  one setting for the whole process
    _chosen = scene if isinstance(scene, bool) else checked_scene(scene)


def folder() -> Path | None:
    """The folder of the scenes that were given no path; None where nothing is kept.

    Examples
    --------
    >>> rv.scenes.folder()  # doctest: +SKIP
    PosixPath('/home/ada/.local/state/voxbeam/scenes')
    """
    said = os.environ.get(ENVIRONMENT, "")
    if said.lower() in ("off", "0", "no"):
        return None
    try:
        if said:
            return Path(said).expanduser().absolute()
        if sys.platform == "darwin":
            base = Path("~/Library/Application Support").expanduser()
        elif sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local").expanduser()
        else:
            base = Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser()
    except RuntimeError:  # a user without a home
        return None
    return base / "voxbeam" / "scenes"


def checked_scene(scene: str | os.PathLike[str]) -> Path:
    """``scene`` as the absolute path of a file.

    Raises
    ------
    ParameterError
        Its folder is not there, or it is a folder.
    """
    if not isinstance(scene, (str, os.PathLike)) or not str(scene) or "\0" in str(scene):
        raise ParameterError(f"scene is {scene!r}.", "Give the path of a file, such as 'brain.vxscene'.")
    path = Path(scene).expanduser().absolute()
    if not path.parent.is_dir():
        raise ParameterError(f"scene is {str(scene)!r}, and there is no folder {path.parent}.", "Make the folder first.")
    if path.is_dir():
        raise ParameterError(f"scene is {str(scene)!r}, which is a folder.", "Give the path of a file in it.")
    return path


def sidecar_fields(scene: str | os.PathLike[str] | bool | None = None) -> dict[str, Any]:
    """What a sidecar is told of where it keeps its scene: `scene`, else what was configured, else a file of its own."""
    chosen = _chosen if scene is None else scene
    if chosen is False:
        return {}
    if chosen is not None and chosen is not True:
        return {"scene_file": str(checked_scene(chosen))}
    place = folder()
    if place is None:
        return {}
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        _tidy(place)
    except OSError as error:
        log.warning("what is drawn is not kept: %s cannot be made (%s)", place, error.strerror)
        return {}
    return {"scene_folder": str(place)}


def entries() -> list[SceneFile]:
    """The kept scenes of the folder, that used last first."""
    place = folder()
    found = [_entry(path) for path in place.glob(f"*{SUFFIX}")] if place is not None and place.is_dir() else []
    return sorted((one for one in found if one is not None), key=lambda one: -one.used)


def remove(names: Iterable[str | os.PathLike[str]]) -> list[SceneFile]:
    """Remove kept scenes, by path or by how their names begin; returns those that went. One that is in use stays.

    Raises
    ------
    ParameterError
        A name fits none, or several.
    """
    held = entries()
    chosen = [_find(held, name) for name in names]
    gone = [one for one in chosen if not one.in_use]
    for one in gone:
        _unlink(one.path)
    return gone


def _find(held: list[SceneFile], name: str | os.PathLike[str]) -> SceneFile:
    fitting = [one for one in held if one.path == Path(name) or one.path.name.startswith(str(name))] if str(name) else []
    if len(fitting) != 1:
        text = f"{len(fitting) or 'No'} kept scenes are called {str(name)!r}."
        raise ParameterError(text, "Give one of the names that `voxbeam scenes` shows.")
    return fitting[0]


def _unlink(path: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _entry(path: Path) -> SceneFile | None:
    try:
        stats = [one.stat() for one in (path, Path(f"{path}-wal")) if one.exists()]
        nbytes, used = sum(one.st_size for one in stats), max(one.st_mtime for one in stats)
    except (OSError, ValueError):  # it has gone meanwhile
        return None
    try:
        count, drawn = _contents(path)
    except Exception as error:  # noqa: BLE001  damaged, or of another version: it is listed all the same
        return SceneFile(path, nbytes, used, None, None, "locked" in str(error))
    return SceneFile(path, nbytes, used, count, drawn, False)


def _contents(path: Path) -> tuple[int, bool]:
    """How many annotations a file holds, and whether anything that people made. Reading writes nothing into the file."""
    import sqlite3  # noqa: PLC0415  for those who list, not for those who start an instance

    from pycrdt import Doc, Map  # noqa: PLC0415

    from voxbeam.annotation_map import count_annotations  # noqa: PLC0415

    doc: Doc[Any] = Doc()
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0.1)) as db:
        snapshot = db.execute("SELECT id, bytes FROM snapshots ORDER BY id DESC LIMIT 1").fetchone() or (0, None)
        if snapshot[1] is not None:
            doc.apply_update(snapshot[1])
        for (update,) in db.execute("SELECT bytes FROM updates WHERE id > ? ORDER BY id", (snapshot[0],)):
            doc.apply_update(update)
        labels = db.execute("SELECT count(*) FROM label_volumes").fetchone()[0]
    maps = {name: doc.get(name, type=Map).to_py() or {} for name in _DRAWN}
    return count_annotations(doc), labels > 0 or any(maps.values())


def _tidy(place: Path) -> None:
    """Keep the folder bounded: what is looked at is only how many there are, unless there are too many."""
    files = list(place.glob(f"*{SUFFIX}"))
    if len(files) <= MAX_FILES and sum(path.stat().st_size for path in files) <= MAX_BYTES:
        return
    held = entries()
    over, nbytes = len(held) - MAX_FILES, sum(one.nbytes for one in held) - MAX_BYTES
    for one in reversed(held):
        if (over > 0 or nbytes > 0) and one.drawn is False and not one.in_use:
            _unlink(one.path)
            over, nbytes = over - 1, nbytes - one.nbytes
    if over > 0 or nbytes > 0:
        log.warning("%d scenes are kept in %s; remove some: voxbeam scenes remove NAME", len(held), place)
