"""Requests to a sidecar's HTTP side, with the owner's token."""

from __future__ import annotations

import contextlib
import encodings.idna  # noqa: F401  read for the first connection otherwise
import http.client
import json
import os
from typing import TYPE_CHECKING, Any

from voxbeam.connection import gone_error, words_of
from voxbeam.errors import SidecarError, UnauthorizedError
from voxbeam.trust import open_socket

if TYPE_CHECKING:
    from pathlib import Path

    from voxbeam.trust import Trust

TIMEOUT_SECONDS = 5.0
#: A scene with many painted labels takes a while to copy.
COPY_SECONDS = 120.0


class Endpoint:
    """The HTTP side of the sidecar at ``host:port``."""

    def __init__(self, host: str, port: int, token: str, trust: Trust | None = None) -> None:
        self.host = host
        self.port = port
        self.token = token
        self.trust = trust

    def ticket(self, use: str, role: str, origin: str) -> str:
        """Mint a single-use ticket. See the wire's specification for the uses, roles and origins."""
        return str(self._request("POST", "/v1/ticket", {"use": use, "role": role, "origin": origin})["ticket"])

    def status(self) -> dict[str, Any]:
        """What the instance holds, has sent, and who is connected."""
        return self._request("GET", "/v1/status")

    def scene(self, path: Path) -> None:
        """Write what the instance keeps of its scene, as it is now, into a new file.

        Raises
        ------
        SidecarError
            It keeps nothing, or cannot make a copy now.
        """
        connection, response = self._answer("GET", "/v1/scene", seconds=COPY_SECONDS)
        with contextlib.closing(connection):
            if response.status != 200:
                self._checked("GET", "/v1/scene", response.status, response.read())
            whole, got = int(response.headers["Content-Length"]), 0
            part = path.with_name(f".{path.name}.part")
            try:
                with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    while block := response.read(2**20):
                        got += file.write(block)
                if got != whole:
                    raise SidecarError(f"The copy of the scene ended after {got} of {whole} bytes.", "Try again.")
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    def stop(self) -> None:
        """End the instance."""
        self._request("POST", "/v1/stop")

    def _request(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        connection, response = self._answer(method, path, body)
        try:
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise gone_error(self.host, self.port, words_of(error)) from error
        finally:
            connection.close()
        return self._checked(method, path, response.status, text)

    def _answer(
        self, method: str, path: str, body: dict[str, str] | None = None, seconds: float = TIMEOUT_SECONDS
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.sock = open_socket(self.host, self.port, seconds, self.trust)
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            return connection, connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise gone_error(self.host, self.port, words_of(error)) from error

    def _checked(self, method: str, path: str, status: int, text: bytes) -> dict[str, Any]:
        if status in (401, 403):
            msg = f"The instance at {self.host}:{self.port} refused its owner's token (HTTP {status})."
            raise UnauthorizedError(msg, "It is another instance than before: ask the scheduler for yours again.")
        answer = _object(text)
        if status not in range(200, 300):
            words = answer.get("error", answer.get("message", text[:200].decode(errors="replace")))
            msg = f"The instance at {self.host}:{self.port} answered {method} {path} with HTTP {status}: {words}"
            raise SidecarError(msg, answer.get("remedy"))
        return answer


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
