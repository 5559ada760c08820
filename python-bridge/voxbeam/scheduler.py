"""The scheduler's client: one JSON object there, one back, over TCP."""

from __future__ import annotations

import json
import os
import socket
import stat
import tempfile
from pathlib import Path
from typing import Any

from voxbeam.errors import ParameterError, SchedulerError, UnauthorizedError, sentence
from voxbeam.user import user_name

TOKEN_VARIABLE = "VOXBEAM_TOKEN"  # noqa: S105  the variable's name
QUERY_SECONDS = 10.0
MAX_ANSWER_BYTES = 2**20

SUCCESSFUL = "VIS_SERVER_SUCCESSFUL"
UNSUCCESSFUL = "VIS_SERVER_UNSUCCESSFUL"
UNAUTHORIZED = "VIS_SERVER_UNAUTHORIZED"
_NONE_YET = "Unable to find visualization server"


class SchedulerClient:
    """Asks the scheduler at ``host:port`` for instances of one user.

    Parameters
    ----------
    username
        Whose instances; this process's user when left out.
    token
        The scheduler's token. Left out: ``VOXBEAM_TOKEN``, else the file that the scheduler of this port wrote for this user.
    """

    def __init__(self, host: str, port: int, *, username: str | None = None, token: str | None = None) -> None:
        if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
            remedy = "Give the scheduler's, a whole number from 1 to 65535; it listens on 31000 unless told otherwise."
            raise ParameterError(f"port is {port!r}.", remedy)
        self.host = host
        self.port = port
        self.username = username or user_name()
        self._token, self._token_place = _find_token(port, token)

    def query(self) -> dict[str, Any] | None:
        """The user's instance, or None when there is none."""
        answer = self._ask("VIS_SERVER_QUERY_USER_INSTANCE", {}, QUERY_SECONDS)
        if answer["response"] == UNSUCCESSFUL and str(answer.get("error_msg", "")).startswith(_NONE_YET):
            return None
        return self._instance(answer)

    def initialize(self, params: dict[str, Any], wait: float) -> dict[str, Any]:
        """The user's instance, started when there is none; waits until it is ready."""
        return self._instance(self._ask("VIS_SERVER_INITIALIZE", params, wait))

    def stop(self) -> None:
        """End the user's instance."""
        answer = self._ask("VIS_SERVER_STOP", {}, QUERY_SECONDS)
        if answer["response"] != SUCCESSFUL:
            raise self._refusal(answer)

    def _instance(self, answer: dict[str, Any]) -> dict[str, Any]:
        instance = answer.get("instance")
        if answer["response"] != SUCCESSFUL or not isinstance(instance, dict):
            raise self._refusal(answer)
        return instance

    def _refusal(self, answer: dict[str, Any]) -> SchedulerError:
        words = answer.get("error_msg") or f"it answered {answer['response']!r}"
        return SchedulerError(f"The scheduler at {self._place}: {words}", answer.get("remedy"))

    @property
    def _place(self) -> str:
        return f"{self.host}:{self.port}"

    def _ask(self, command: str, params: dict[str, Any], seconds: float) -> dict[str, Any]:
        request: dict[str, Any] = {"command": command, "params": params, "username": self.username}
        if self._token is not None:
            request["token"] = self._token
        text = self._exchange(json.dumps(request).encode() + b"\n", seconds)
        try:
            answer = json.loads(text)
            kind = answer["response"]
        except (ValueError, KeyError, TypeError):
            msg = f"What listens at {self._place} is no scheduler: it answered {text[:80]!r}."
            raise SchedulerError(msg, "Check host and port.") from None
        if kind == UNAUTHORIZED:
            msg = f"The scheduler at {self._place} refused the token: {answer.get('error_msg', 'it is missing or wrong')}."
            remedy = (
                f"The token came from {self._token_place}. Give the right one as token=…, or in {TOKEN_VARIABLE}; "
                "the scheduler prints where its token file is."
            )
            raise UnauthorizedError(msg, remedy)
        return dict(answer)

    def _exchange(self, request: bytes, seconds: float) -> bytes:
        try:
            with socket.create_connection((self.host, self.port), timeout=QUERY_SECONDS) as sock:
                sock.settimeout(seconds)
                sock.sendall(request)
                sock.shutdown(socket.SHUT_WR)
                answer = bytearray()
                while chunk := sock.recv(65536):
                    answer += chunk
                    if len(answer) > MAX_ANSWER_BYTES:
                        break
                return bytes(answer)
        except TimeoutError as error:
            msg = f"The scheduler at {self._place} did not answer within {seconds:g} s."
            raise SchedulerError(
                msg, "It may still be starting an instance: query again, or wait longer with wait_init=…"
            ) from error
        except socket.gaierror as error:
            msg = f"host is {self.host!r}: {sentence(error.strerror)}"
            raise SchedulerError(msg, "Give the name or the address of the scheduler's machine.") from error
        except OSError as error:
            msg = f"No scheduler at {self._place}: {error}."
            raise SchedulerError(msg, f"Start one with: voxbeam scheduler --port {self.port}") from error


def default_token_file(port: int) -> Path:
    """Where the scheduler of a port keeps its token unless told otherwise."""
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        folder = Path(runtime) / "voxbeam"
    else:
        user = os.getuid() if hasattr(os, "getuid") else user_name()
        folder = Path(tempfile.gettempdir()) / f"voxbeam-{user}"
    return folder / f"scheduler-{port}.token"


def _find_token(port: int, given: str | None) -> tuple[str | None, str]:
    """The token, and where it came from, for the error that refuses it."""
    if given:
        return given, "token="
    if value := os.environ.get(TOKEN_VARIABLE):
        return value, f"the environment variable {TOKEN_VARIABLE}"
    path = default_token_file(port)
    try:
        _refuse_foreign(path)
        return path.read_text(encoding="utf-8").strip(), str(path)
    except UnauthorizedError:
        raise
    except OSError as error:
        return None, f"nowhere: neither token= nor {TOKEN_VARIABLE} is set, and {path} cannot be read ({error.strerror})"


def _refuse_foreign(path: Path) -> None:
    """Refuse a token file that another user could have put there: the name of its folder can be guessed."""
    if not hasattr(os, "getuid"):
        return
    for place in (path.parent, path):
        status = place.lstat()
        if status.st_uid != os.getuid() or stat.S_ISLNK(status.st_mode) or status.st_mode & 0o022:
            msg = (
                f"The token file {path} is not to be trusted: {place} belongs to another user, is a link, or others may write it."
            )
            raise UnauthorizedError(msg, f"Remove it, or give the token as token=… or in {TOKEN_VARIABLE}.")
