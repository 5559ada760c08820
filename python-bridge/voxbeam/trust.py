"""Whom a client believes to be the instance in TLS: the holder of one certificate, or whom an authority vouches for."""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from voxbeam.errors import CertificateError, ParameterError
from voxbeam.tls_socket import TlsSocket

if TYPE_CHECKING:
    from os import PathLike

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Trust:
    """What is asked of the certificate of an instance.

    Parameters
    ----------
    fingerprint
        SHA-256 of the one certificate that is right, in hex; colons and capitals do not matter. Nothing else is then looked at.
    ca_file
        File in PEM of who vouches for it; without both, the authorities that this system knows.

    Raises
    ------
    ParameterError
        The fingerprint is none, or the file cannot be read.
    """

    fingerprint: str | None = None
    ca_file: str | PathLike[str] | None = None

    def __post_init__(self) -> None:
        if self.fingerprint is not None:
            plain = self.fingerprint.replace(":", "").lower()
            if not _FINGERPRINT.fullmatch(plain):
                msg = f"{self.fingerprint!r} is no SHA-256 fingerprint: 64 hex digits."
                raise ParameterError(msg, "Take it from the line that the server printed when it was started.")
            object.__setattr__(self, "fingerprint", plain)
        self._context()

    def wrap(self, sock: socket.socket, host: str) -> TlsSocket:
        """Speak TLS on a connection to `host`; nothing is sent before the certificate was found right.

        Raises
        ------
        CertificateError
            It is not the one expected, or nobody vouches for it.
        OSError
            The other side does not speak TLS, or is gone.
        """
        try:
            secure = cast("TlsSocket", self._context().wrap_socket(sock, server_hostname=host))
        except ssl.SSLCertVerificationError as error:
            msg = f"The certificate of {host} cannot be trusted: {error.verify_message}."
            remedy = "Give the fingerprint that the server printed, or the CA file that vouches for it."
            raise CertificateError(msg, remedy) from error
        except ssl.SSLError as error:
            msg = f"{host} does not speak TLS as is needed ({error.reason or error})"
            raise ConnectionError(msg) from error
        if self.fingerprint is not None:
            found = hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()
            if not hmac.compare_digest(found, self.fingerprint):
                secure.close()
                msg = f"The certificate of {host} is another one: its fingerprint is {found}, expected was {self.fingerprint}."
                raise CertificateError(
                    msg, "Ask whoever runs the server whether it was made anew; if it was not, somebody stands in between."
                )
        secure.share()
        return secure

    def _context(self) -> ssl.SSLContext:
        if self.fingerprint is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE  # the fingerprint says more than any authority
        else:
            try:
                context = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
            except (OSError, ssl.SSLError) as error:
                msg = f"The CA file {str(self.ca_file)!r} cannot be used: {error}."
                raise ParameterError(msg, "Give a file in PEM that this user may read.") from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION  # a write would have to wait for a read
        context.sslsocket_class = TlsSocket
        return context


def open_socket(host: str, port: int, timeout: float, trust: Trust | None) -> socket.socket:
    """A TCP connection, in TLS where there is somebody to be trusted."""
    sock = socket.create_connection((host, port), timeout=timeout)
    if trust is None:
        return sock
    try:
        return trust.wrap(sock, host)
    except BaseException:
        sock.close()
        raise
