"""The address of an instance's page, with a ticket for one browser in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from voxbeam.errors import ParameterError
from voxbeam.jupyter_base import jupyter_base_path
from voxbeam.stream import bracketed
from voxbeam.transport import forced_transport

if TYPE_CHECKING:
    from voxbeam.instance import Instance

#: Names of this machine.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: What whoever opens a page may do: look, or draw as well. What owners may is never in an address of a page.
PageRole = Literal["edit", "view"]
PAGE_ROLES = get_args(PageRole)


def page_url(instance: Instance, role: PageRole = "edit") -> str:
    """Mint a ticket that lets in one browser, within two minutes, and give the address with it.

    With the transport ``"proxy"`` it is a path on the Jupyter server, for an IFrame in its pages.

    Raises
    ------
    ParameterError
        There is no such role.

    Examples
    --------
    >>> page_url(instance, "view")  # doctest: +SKIP
    'http://127.0.0.1:41233/#...'
    """
    if role not in PAGE_ROLES:
        raise ParameterError(f"role is {role!r}.", f"Give one of {', '.join(map(repr, PAGE_ROLES))}.")
    ticket = instance.ticket("page", role, "self")
    where = bracketed(instance.host)
    if forced_transport() == "proxy":
        place = str(instance.port) if instance.host in LOOPBACK else f"{where}:{instance.port}"
        return f"{jupyter_base_path()}proxy/{place}/#{ticket}"
    return f"{instance.scheme}://{where}:{instance.port}/#{ticket}"
