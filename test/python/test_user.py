"""The name of who runs this process."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

from voxbeam.user import user_name

if TYPE_CHECKING:
    import pytest


def test_a_user_has_the_login_name() -> None:
    assert user_name() == getpass.getuser()


def test_a_user_without_a_name_gets_one_from_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)  # the system has no entry for it
    assert user_name() == "uid-4000000000"
