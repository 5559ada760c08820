"""Importing the package: at once for programs, all of it for notebooks."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("first", "loaded"), [("sys", False), ("ipykernel.kernelbase", True)])
def test_a_notebook_waits_for_the_libraries_at_the_import_and_a_program_does_not(first: str, loaded: bool) -> None:
    code = f"import sys, {first}, voxbeam; print({{'pyarrow', 'anywidget', 'voxbeam.producer'}} <= set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == str(loaded)
