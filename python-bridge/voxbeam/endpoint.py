"""Requests to a sidecar's HTTP side, with the owner's token."""

from __future__ import annotations

import encodings.idna  # noqa: F401  read for the first connection otherwise
import http.client
import json
from typing import TYPE_CHECKING, Any

from voxbeam.connection import gone_error, words_of
from voxbeam.errors import SidecarError, UnauthorizedError
from voxbeam.trust import open_socket

if TYPE_CHECKING:
    from voxbeam.trust import Trust

TIMEOUT_SECONDS = 5.0


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

    def stop(self) -> None:
        """End the instance."""
        self._request("POST", "/v1/stop")

    def _request(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.sock = open_socket(self.host, self.port, TIMEOUT_SECONDS, self.trust)
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise gone_error(self.host, self.port, words_of(error)) from error
        finally:
            connection.close()
        if response.status in (401, 403):
            msg = f"The instance at {self.host}:{self.port} refused its owner's token (HTTP {response.status})."
            raise UnauthorizedError(msg, "It is another instance than before: ask the scheduler for yours again.")
        answer = _object(text)
        if response.status not in range(200, 300):
            words = answer.get("error", answer.get("message", text[:200].decode(errors="replace")))
            msg = f"The instance at {self.host}:{self.port} answered {method} {path} with HTTP {response.status}: {words}"
            raise SidecarError(msg, answer.get("remedy"))
        return answer


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
