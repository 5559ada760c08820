"""The instance that needs no scheduler: started by the first volume without one, ends with this process."""

from __future__ import annotations

import atexit
import os
import threading

from voxbeam import scenes
from voxbeam.allowed_hosts import allowed_hosts
from voxbeam.instance import Instance
from voxbeam.settings import embedded_store_bytes
from voxbeam.sidecar import SidecarProcess, begin_sidecar

_lock = threading.RLock()
_instance: Instance | None = None
_process: SidecarProcess | None = None
#: It was begun, and nobody has waited for it yet.
_begun = False


def begin_embedded() -> bool:
    """Start the embedded instance's process where there is none, without waiting; whether it is one to wait for."""
    global _process, _begun  # noqa: PLW0603  one for each process
    with _lock:
        if _begun or (_instance is not None and _instance.alive):
            return _begun
        _process = begin_sidecar(store_bytes=embedded_store_bytes(), allowed_hosts=allowed_hosts(), **scenes.sidecar_fields())
        _begun = True
        return True


def embedded_instance() -> Instance:
    """The embedded instance; started when there is none, or when the last one has died."""
    global _instance, _begun  # noqa: PLW0603  one for each process
    with _lock:
        if begin_embedded():
            if _instance is not None:
                _instance.close()
            _begun = False
            assert _process is not None
            process = _process.ready()
            _instance = Instance(process.host, process.port, process.token, process=process, restarts=True)
        assert _instance is not None
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
    if _begun and _process is not None:
        _process.stop()


def _forget_in_child() -> None:
    """A forked child must neither end the parent's sidecar nor, by holding its pipe, outlive the parent's hold on it."""
    global _lock, _instance, _process, _begun  # noqa: PLW0603  one for each process
    _lock = threading.RLock()
    if _process is not None:
        _process.disown()
    _instance = _process = None
    _begun = False


atexit.register(_close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
