"""JSON from a file that somebody else wrote: bounded, and with one clear message where it is damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from voxbeam.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

#: What is larger is read by no program as JSON.
MAX_JSON_BYTES = 2**31


def read_json(path: Path, kind: str) -> dict[str, Any]:
    """The object in a file.

    Raises
    ------
    FormatError
        It is missing, too large, cut off, or no JSON object.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            text = f"{str(path)!r} has {path.stat().st_size:,} bytes."
            raise FormatError(text, f"At most {MAX_JSON_BYTES:,} are read as JSON.")
        said = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        text = f"{str(path)!r} cannot be read as {kind}: {error}."
        raise FormatError(text, "Is it complete, and what its name says?") from error
    if not isinstance(said, dict):
        text = f"{str(path)!r} cannot be read as {kind}: it holds a {type(said).__name__}."
        raise FormatError(text, "It should be a JSON object.")
    return said
