"""The instance that needs no scheduler: started by the first volume without one, ends with this process."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING, Any

from voxbeam import scenes, spill
from voxbeam.allowed_hosts import allowed_hosts
from voxbeam.errors import ParameterError, UsageError
from voxbeam.instance import Instance
from voxbeam.settings import embedded_store_bytes
from voxbeam.sidecar import SidecarProcess, start_sidecar

if TYPE_CHECKING:
    #: A file, False for none, True for one of its own, None for what was configured.
    Scene = str | os.PathLike[str] | bool | None

_lock = threading.Lock()
_instance: Instance | None = None
_process: SidecarProcess | None = None
#: Where the running one was told to keep its scene.
_scene: dict[str, Any] = {}


def embedded_instance(scene: Scene = None) -> Instance:
    """The embedded instance; started when there is none, or when the last one has died.

    Parameters
    ----------
    scene
        Where it keeps what is drawn, as :func:`voxbeam.configure` takes it; left out, what was configured.

    Raises
    ------
    ParameterError
        One is running, and keeps it elsewhere.
    """
    global _instance, _process, _scene  # noqa: PLW0603  one for each process
    with _lock:
        if scene is not None and _instance is not None and _instance.alive:
            _refuse_other_scene(scene)
        if _instance is None or not _instance.alive:
            if _instance is not None:
                _instance.close()
            fields = scenes.sidecar_fields(scene)
            further = {**fields, **spill.sidecar_fields()}
            _process = start_sidecar(store_bytes=embedded_store_bytes(), allowed_hosts=allowed_hosts(), **further)
            _instance = Instance(_process.host, _process.port, _process.token, process=_process, restarts=True)
            _scene = fields
        return _instance


def _refuse_other_scene(scene: str | os.PathLike[str] | bool) -> None:
    wanted = scenes.sidecar_fields(scene)
    if wanted == _scene:
        return
    there = _scene.get("scene_file") or ("a file of its own" if _scene else "nothing")
    raise ParameterError(
        f"scene is {str(scene)!r}, and this kernel's instance is running and keeps what is drawn in {there}.",
        "Give scene= with the first volume, or before it: rv.configure(scene=…).",
    )


def instance_for(instance: Instance | None, function: str, scene: Scene = None) -> Instance:
    """The instance that a call of `function` was given, or the embedded one.

    Raises
    ------
    UsageError
        It was given something else.
    ParameterError
        `scene` is another one than that instance has.
    """
    if instance is None:
        return embedded_instance(scene)
    if not isinstance(instance, Instance):
        raise UsageError(f"{function}() got a {type(instance).__name__} as its instance; give one that was initialized, or none")
    if scene is not None:
        raise ParameterError(
            f"{function}() got scene={str(scene)!r} and an instance, which keeps its own.",
            "Leave one of them out; initialize_visualization_server(…, scene=…) starts one with a file.",
        )
    return instance


def _close() -> None:
    if _instance is not None:
        _instance.close()


def _forget_in_child() -> None:
    """A forked child must neither end the parent's sidecar nor, by holding its pipe, outlive the parent's hold on it."""
    global _lock, _instance, _process  # noqa: PLW0603  one for each process
    _lock = threading.Lock()
    if _process is not None:
        _process.disown()
    _instance = _process = None


atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
