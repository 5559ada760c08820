"""What is asked of an endpoint, and what it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Bytes of a request: a region of the most voxels that are read at once, of four bytes each.
MAX_BODY_BYTES = 2**26
JSON = "application/json; charset=utf-8"
BYTES = "application/octet-stream"


@dataclass(frozen=True)
class Asked:
    """A request that may be answered: its path behind ``/v1/`` in parts, its fields, and what it brought."""

    method: str
    path: tuple[str, ...]
    fields: Mapping[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """What it brought, as JSON.

        Raises
        ------
        RefusedError
            It is none.
        """
        try:
            return json.loads(self.body, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise RefusedError(400, f"the body is not JSON: {error}") from None


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    body: bytes
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


class RefusedError(Exception):
    """Why a request is refused."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.more = more


class Routes(Protocol):
    """What can be asked of one thing."""

    def about(self) -> dict[str, Any]:
        """What it is."""
        ...

    def answer(self, asked: Asked) -> Answer:
        """Answer a request.

        Raises
        ------
        RefusedError
            It cannot be.
        """
        ...

    def listen(self, tell: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call ``tell`` with each change; the result ends that."""
        ...


def said(value: Any, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(json.dumps(value, ensure_ascii=False, allow_nan=False).encode(), status=status)


def nothing_here(asked: Asked) -> RefusedError:
    """The refusal of a path or method that is not known."""
    return RefusedError(404, f"nothing is at {asked.method} /v1/{'/'.join(asked.path)[:200]}")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
