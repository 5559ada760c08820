"""What holds for the whole process until it is set anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxbeam.allowed_hosts import set_allowed_hosts
from voxbeam.cache import configure as configure_cache
from voxbeam.errors import ParameterError
from voxbeam.scenes import configure as configure_scene
from voxbeam.spill import configure as configure_spill
from voxbeam.transport import set_transport

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from voxbeam.transport import Transport

#: Budget of the embedded instance's store; None lets it choose a share of the memory.
_store_bytes: int | None = None


def configure(
    *, transport: Transport | None = None, store_bytes: int | None = None, allowed_hosts: Iterable[str] | None = None,
    cache: str | os.PathLike[str] | bool | None = None, cache_bytes: int | None = None,
    scene: str | os.PathLike[str] | bool | None = None, spill: str | os.PathLike[str] | bool | None = None,
    spill_bytes: int | None = None,
) -> None:
    """Set what views and embedded instances made from now on use. What is left out stays.

    Parameters
    ----------
    transport
        How viewers reach an instance. ``"direct"``: a WebSocket to it; ``"proxy"``: a WebSocket through the Jupyter server,
        which needs jupyter-server-proxy; ``"comm"``: the kernel relays; ``"auto"``: the first of these that works. The
        environment variable ``VOXBEAM_TRANSPORT`` says the same; a call goes before it.
    store_bytes
        Budget of the embedded instance's store.
    allowed_hosts
        Names, besides this machine's own, under which instances started from now on answer a browser: what its address bar
        shows behind a hub or a proxy, such as ``["hub.example.org"]``. Otherwise those of the environment variable
        ``VOXBEAM_ALLOWED_HOSTS``, separated by commas, and the one that JupyterHub tells its servers.
    cache
        Folder in which the coarser levels of files are kept, so that they are built once; False keeps none, True is the
        platform's cache folder, as is nothing. The environment variable ``VOXBEAM_CACHE`` says the same (``off`` keeps none).
    cache_bytes
        How much is kept, at most; what was used longest ago goes first. Otherwise ``VOXBEAM_CACHE_BYTES``, or 32 GiB.
    scene
        File in which the embedded instance that starts next keeps what is drawn, and from which it goes on where there is one
        already; False keeps nothing, True is a file of its own for each instance, as is nothing: see :mod:`voxbeam.scenes`.
    spill
        Folder on a disk to which embedded instances that start from now on put bricks that their store has no room for, so that
        they need not be made again, and volumes larger than the store can be resident. False, as nothing, is none.
    spill_bytes
        How much goes there, at most; left out, half of what is free there.

    Examples
    --------
    >>> rv.configure(transport="proxy", allowed_hosts=["hub.example.org"])  # doctest: +SKIP
    """
    global _store_bytes  # noqa: PLW0603  one setting for the whole process
    if store_bytes is not None:
        _store_bytes = checked_store_bytes(store_bytes)
    if allowed_hosts is not None:
        set_allowed_hosts(allowed_hosts)
    if cache is not None or cache_bytes is not None:
        configure_cache(cache, cache_bytes)
    if scene is not None:
        configure_scene(scene)
    if spill is not None or spill_bytes is not None:
        configure_spill(spill, spill_bytes)
    if transport is not None:
        set_transport(transport)


def embedded_store_bytes() -> int | None:
    """Budget of the embedded instance's store."""
    return _store_bytes


def checked_store_bytes(value: int) -> int:
    """``value`` as a budget of a store."""
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ParameterError(f"store_bytes is {value!r}.", "Give a positive number of bytes, such as 4 * 2**30.")
    return value
