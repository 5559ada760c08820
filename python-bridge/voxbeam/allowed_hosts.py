"""The host names, besides this machine's own, under which instances answer: those a browser sees behind a hub or a proxy."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from voxbeam.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

ENVIRONMENT = "VOXBEAM_ALLOWED_HOSTS"
#: Where JupyterHub tells a server the address that people see.
HUB_VARIABLES = ("JUPYTERHUB_PUBLIC_URL", "JUPYTERHUB_PUBLIC_HUB_URL", "JUPYTERHUB_HOST")
#: As many as a sidecar takes.
MAX_HOSTS = 64
_NAME = re.compile(r"[A-Za-z0-9.-]{1,253}")

_configured: tuple[str, ...] | None = None


def set_allowed_hosts(names: Iterable[str]) -> None:
    """Answer under ``names`` from the next instance on, whatever the environment says."""
    global _configured  # noqa: PLW0603  one setting for the whole process
    _configured = checked_hosts(names, "allowed_hosts")


def allowed_hosts() -> tuple[str, ...]:
    """Names for a new instance: those configured, else those of ``VOXBEAM_ALLOWED_HOSTS`` and those a hub tells of.

    Raises
    ------
    ParameterError
        A name is none.
    """
    if _configured is not None:
        return _configured
    named = [name.strip() for name in os.environ.get(ENVIRONMENT, "").split(",") if name.strip()]
    addresses = [urlsplit(os.environ.get(variable, "")).hostname for variable in HUB_VARIABLES]
    hubs = [host for host in addresses if host and _NAME.fullmatch(host)]
    return tuple(dict.fromkeys([*checked_hosts(named, f"the environment variable {ENVIRONMENT}"), *hubs]))


def checked_hosts(names: Iterable[str], source: str) -> tuple[str, ...]:
    """``names`` as host names; `source` is who gave them."""
    hosts = tuple(names) if not isinstance(names, str) else (names,)
    for name in hosts:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            msg = f"{source} names {name!r}, which is no host name."
            raise ParameterError(msg, 'Give names alone, such as "hub.example.org": no scheme, port or path.')
    if len(hosts) > MAX_HOSTS:
        raise ParameterError(f"{source} names {len(hosts)} hosts.", f"Give at most {MAX_HOSTS}.")
    return hosts
