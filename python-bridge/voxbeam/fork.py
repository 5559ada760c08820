"""A copy of a scene to go on with alone: ``instance.fork()``."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from voxbeam import scenes
from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from voxbeam.instance import Instance


def fork_instance(instance: Instance, scene: str | os.PathLike[str] | None) -> Instance:
    """Start an instance of this process with a copy of everything that people drew in `instance`, and its own volumes.

    Parameters
    ----------
    instance
        What is copied, as it is on its disk; it may be on another machine.
    scene
        The new file; left out, one in the folder of scenes.

    Raises
    ------
    ParameterError
        The file is there already, or there is no folder for it.
    SidecarError
        The instance keeps nothing that could be copied.
    """
    from voxbeam.allowed_hosts import allowed_hosts  # noqa: PLC0415  starting one is for those who fork
    from voxbeam.instance import Instance  # noqa: PLC0415
    from voxbeam.settings import embedded_store_bytes  # noqa: PLC0415
    from voxbeam.sidecar import start_sidecar  # noqa: PLC0415

    path = _place_of(scene)
    instance.copy_scene(path)
    process = start_sidecar(store_bytes=embedded_store_bytes(), allowed_hosts=allowed_hosts(), scene_file=str(path))
    fork = Instance(process.host, process.port, process.token, process=process, restarts=True)
    instance.declare_again(fork)
    return fork


def _place_of(scene: str | os.PathLike[str] | None) -> Path:
    if scene is None:
        folder = scenes.folder()
        if folder is None:
            raise ParameterError("There is no folder for scenes: nothing drawn is kept here.", "Give scene='mine.vxscene'.")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / f"{secrets.token_hex(8)}{scenes.SUFFIX}"
    path = scenes.checked_scene(scene)
    if path.exists():
        raise ParameterError(f"scene is {str(scene)!r}, which is there already.", "Give the path of a new file.")
    return path
