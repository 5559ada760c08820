"""Who runs this process."""

from __future__ import annotations

import getpass
import os


def user_name() -> str:
    """The login name; in a container whose user has none, one made of its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
