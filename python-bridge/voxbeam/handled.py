"""Tells a page that its message was handled, also while a cell awaits something."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What handles a message of a widget while a cell of the same thread awaits something.
_BESIDE_A_CELL = "dispatch_shell"


def say_handled(comm: Any, message: Mapping[str, Any]) -> None:
    """Publish that a page's message was handled.

    A page sends one change of its traits at a time: the next one when it has heard that the last was handled, which a kernel says
    by the status ``idle``. Since ipykernel 7.4 messages of widgets are handled while a cell awaits something, and of those
    nothing is said: after ``await view.screenshot()`` a page would hold its changes back for ever.
    What is said twice is heard once.

    Parameters
    ----------
    comm
        The comm it came by. One that is not of ipykernel is left alone.
    message
        The message, with its header.

    Examples
    --------
    >>> say_handled(view.comm, message)
    """
    kernel = getattr(comm, "kernel", None)
    session, socket = getattr(kernel, "session", None), getattr(kernel, "iopub_socket", None)
    if session is None or socket is None:
        return
    topic = f"kernel.{getattr(kernel, 'ident', '')}.status".encode()
    # The cell still runs, as the page is to show.
    for state in ("idle", "busy") if _beside_a_cell() else ("idle",):
        session.send(socket, "status", {"execution_state": state}, parent=message, ident=topic)


def _beside_a_cell() -> bool:
    """Whether what runs now was begun while a cell awaits something."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # a thread without a loop
        return False
    return task is not None and getattr(task.get_coro(), "__name__", "") == _BESIDE_A_CELL
