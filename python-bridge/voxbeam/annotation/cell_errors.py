"""Errors of callbacks, where their owner sees them: in the notebook cell that registered them, and in the log."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("voxbeam.annotations")


def shown_in_cell(callback: Callable[[Any], object]) -> Callable[[Any], None]:
    """The same callback, whose errors end with it: their traceback is shown in the cell that runs now, and logged.

    It may be called on any thread. What it prints goes where prints of threads go, which may be another cell.
    """
    show = _cell()

    def guarded(value: Any) -> None:
        try:
            callback(value)
        except Exception as error:  # whatever it is, others are called and the document stays
            frames = error.__traceback__.tb_next if error.__traceback__ else None
            lines = traceback.format_exception(type(error), error, frames)
            shown = show is not None and show(error, lines)
            # Without a handler logging prints to stderr: in a notebook that would be the same words once more.
            if not shown or log.hasHandlers():
                log.exception("a callback of on_change failed: %r", callback)

    return guarded


def _cell() -> Callable[[Exception, list[str]], bool] | None:
    """What shows an error in the cell that runs now; None outside a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None or not hasattr(kernel, "iopub_socket") or not hasattr(kernel, "get_parent"):
        return None
    parent = kernel.get_parent("shell")

    def show(error: Exception, lines: list[str]) -> bool:
        words = {"ename": type(error).__name__, "evalue": str(error), "traceback": "".join(lines).splitlines()}
        try:
            kernel.session.send(kernel.iopub_socket, "error", words, parent=parent, ident=b"error")
        except Exception:  # noqa: BLE001  the kernel is ending
            return False
        return True

    return show
