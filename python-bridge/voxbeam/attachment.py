"""Back to an instance that another kernel or program started."""

from __future__ import annotations

import re
from typing import NoReturn

from voxbeam.errors import ParameterError, UsageError
from voxbeam.instance import Instance
from voxbeam.keywords import refuse_unknown

_SCHEDULER = re.compile(r"\[?(?P<host>[^\[\]/#?@\s]+)\]?:(?P<port>\d{1,5})")


def attach(
    instance: Instance | str | None = None,
    *,
    username: str | None = None,
    token: str | None = None,
    **unknown: NoReturn,
) -> Instance:
    """The instance as it is now: its annotations, layers, volumes and bookmarks, whoever made them, and whoever is gone.

    For a kernel that was restarted, and for programs without a notebook. Nothing is rendered and no viewer is needed. The
    embedded instance of a notebook ends with its kernel; those of a scheduler and of ``voxbeam serve`` stay.

    Parameters
    ----------
    instance
        An address, as ``voxbeam serve`` prints it and as another process has it in ``instance.address``; ``"host:port"`` of a
        scheduler, for your instance there; an :class:`Instance`, for instance one that another part of this program holds; or
        None, for the address in ``VOXBEAM_ADDRESS``.
    username, token
        As for :func:`query_visualization_server` and :func:`connect`.

    Raises
    ------
    ParameterError
        That is no address, or the scheduler knows of no instance of yours.
    InstanceGoneError
        It does not answer any more.
    UnauthorizedError
        It refused the token.

    Examples
    --------
    >>> instance = rv.attach("https://viewer.lab:31443/#token=…&sha256=…")  # doctest: +SKIP
    >>> instance.annotations.to_pandas()  # doctest: +SKIP
    """
    refuse_unknown("attach", unknown, ("username", "token"))
    if isinstance(instance, Instance):
        found = instance
        found.status()  # what was last known of one that is gone could be read all the same
    elif isinstance(instance, str) and (place := _SCHEDULER.fullmatch(instance)):
        found = _at_scheduler(place["host"], int(place["port"]), username, token)
    elif instance is None or isinstance(instance, str):
        from voxbeam.remote import connect  # noqa: PLC0415  what a scheduler's instance does not need

        found = connect(instance, token=token)
    else:
        raise UsageError(f"attach() got a {type(instance).__name__}; give an Instance, an address, or 'host:port' of a scheduler")
    found.annotations  # noqa: B018  now, and not in the middle of the work: is it there, and does it know us
    return found


def _at_scheduler(host: str, port: int, username: str | None, token: str | None) -> Instance:
    from voxbeam.api import query_visualization_server  # noqa: PLC0415

    found = query_visualization_server(host, port, username=username, token=token)
    if found is None:
        raise ParameterError(
            f"The scheduler at {host}:{port} knows of no instance of yours.", "Start one by initialize_visualization_server()."
        )
    return found
