"""Which way viewers are to reach an instance, and how bricks are to travel there, where the user or the environment says so."""

from __future__ import annotations

import os
from typing import Literal, cast, get_args

from voxbeam.errors import ParameterError

Transport = Literal["auto", "direct", "proxy", "comm"]
TRANSPORTS: tuple[str, ...] = get_args(Transport)
#: How bricks and tiles travel: as the measured link asks for, as they are, compressed, or as 8 bits a voxel until the view rests.
Codec = Literal["auto", "raw", "lz4", "zstd", "preview"]
CODECS: tuple[str, ...] = get_args(Codec)
ENVIRONMENT = "VOXBEAM_TRANSPORT"

_configured: Transport | None = None


def set_transport(transport: str) -> None:
    """Make ``transport`` what views made from now on use; it goes before the environment's."""
    global _configured  # noqa: PLW0603  one setting for the whole process
    _configured = checked_transport(transport, "transport")


def forced_transport() -> Transport:
    """What was configured, else what the environment says, else ``"auto"``."""
    if _configured is not None:
        return _configured
    return checked_transport(os.environ.get(ENVIRONMENT) or "auto", ENVIRONMENT)


def checked_transport(value: str, where: str) -> Transport:
    """``value`` if it is a transport; `where` names it in the error."""
    if value not in TRANSPORTS:
        msg = f"{where}={value!r} is no transport."
        raise ParameterError(msg, f"Choose one of {', '.join(map(repr, TRANSPORTS))}.")
    return cast("Transport", value)


def checked_codec(value: str, where: str) -> Codec:
    """``value`` if bricks can travel so; `where` names it in the error.

    Raises
    ------
    ParameterError
        Where it is none of :data:`CODECS`.

    Examples
    --------
    >>> checked_codec("zstd", "codec")
    'zstd'
    """
    if value not in CODECS:
        msg = f"{where}={value!r} is no codec."
        raise ParameterError(msg, f"Choose one of {', '.join(map(repr, CODECS))}.")
    return cast("Codec", value)
