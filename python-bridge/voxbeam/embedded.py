"""The instance that needs no scheduler: started by the first volume without one, ends with this process."""

from __future__ import annotations

import atexit
import os
import threading

from voxbeam import scenes
from voxbeam.allowed_hosts import allowed_hosts
from voxbeam.instance import Instance
from voxbeam.settings import embedded_store_bytes
from voxbeam.sidecar import SidecarProcess, start_sidecar

_lock = threading.Lock()
_instance: Instance | None = None
_process: SidecarProcess | None = None


def embedded_instance() -> Instance:
    """The embedded instance; started when there is none, or when the last one has died."""
    global _instance, _process  # noqa: PLW0603  one for each process
    with _lock:
        if _instance is None or not _instance.alive:
            if _instance is not None:
                _instance.close()
            fields = scenes.sidecar_fields()
            _process = start_sidecar(store_bytes=embedded_store_bytes(), allowed_hosts=allowed_hosts(), **fields)
            _instance = Instance(_process.host, _process.port, _process.token, process=_process, restarts=True)
        return _instance


def instance_for(instance: Instance | None, function: str) -> Instance:
    """The instance that a call of `function` was given, or the embedded one.

    Raises
    ------
    TypeError
        It was given something else.
    """
    if instance is None:
        return embedded_instance()
    if not isinstance(instance, Instance):
        raise TypeError(f"{function}() got a {type(instance).__name__} as its instance; give one that was initialized, or none")
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
