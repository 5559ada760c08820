"""An instance on another machine, by its address."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qs, urlsplit

from voxbeam.errors import ParameterError
from voxbeam.instance import Instance
from voxbeam.keywords import refuse_unknown
from voxbeam.page_url import LOOPBACK
from voxbeam.trust import Trust

if TYPE_CHECKING:
    from os import PathLike

ENVIRONMENT = "VOXBEAM_ADDRESS"


def connect(
    address: str | None = None,
    *,
    token: str | None = None,
    fingerprint: str | None = None,
    ca_file: str | PathLike[str] | None = None,
    **unknown: NoReturn,
) -> Instance:
    """The instance at an address, wherever it runs: for volumes that live on another machine than the server.

    Bricks then travel by the connection, in place of shared memory. It stays when this process ends.

    Parameters
    ----------
    address
        Such as ``"https://host:31443/#token=…&sha256=…"``: what ``voxbeam serve`` printed, or another process has as
        ``instance.address``. Left out: what ``VOXBEAM_ADDRESS`` says.
    token
        The owner's token, where it does not stand in the address.
    fingerprint
        SHA-256 of the server's certificate, in hex, where it does not stand in the address.
    ca_file
        File in PEM of who vouches for the certificate. Without both, the authorities that this system knows.

    Raises
    ------
    ParameterError
        The address is none, or leads to another machine without TLS.
    CertificateError
        Another server answers there than the one expected.
    InstanceGoneError
        Nobody answers there.
    UnauthorizedError
        It refused the token.

    Examples
    --------
    >>> instance = rv.connect("https://viewer.lab:31443/#token=…&sha256=…")  # doctest: +SKIP
    >>> rv.render_volume(volume, instance)  # doctest: +SKIP
    True
    """
    refuse_unknown("connect", unknown, ("token", "fingerprint", "ca_file"))
    given = address if address is not None else os.environ.get(ENVIRONMENT, "")
    url = urlsplit(given)
    secret = {name: values[0] for name, values in parse_qs(url.fragment).items()}
    shown = url._replace(fragment="").geturl()  # never the token
    try:
        port = url.port
    except ValueError:
        port = None
    if url.scheme not in ("http", "https") or not url.hostname or port is None:
        msg = f"{shown!r} is no address of an instance."
        raise ParameterError(msg, "Give what `voxbeam serve` printed, such as https://host:31443/#token=…&sha256=…")
    token = token or secret.get("token")
    if not token:
        msg = f"No token for the instance at {shown}."
        raise ParameterError(msg, "Give the whole address, with what stands behind the #, or token=.")
    trust = None
    if url.scheme == "https":
        trust = Trust(fingerprint or secret.get("sha256"), ca_file)
    elif url.hostname not in LOOPBACK:
        msg = f"{shown} is on another machine and would be spoken to without TLS: everyone in between could read it all."
        raise ParameterError(msg, "Start it with a certificate (voxbeam serve --tls-cert --tls-key), or use an SSH tunnel.")
    instance = Instance(url.hostname, port, token, trust=trust)
    instance.status()  # now, and not in the middle of a volume: is it there, is it it, does it know us
    return instance
