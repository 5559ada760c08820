"""The progress bar: nothing for what is quick, a line on a terminal, a bar in a cell."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys

import voxbeam.progress as progress_module
from voxbeam.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_quick_shows_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress("Rendering brain") as progress:
        progress.update(1, 2)
        progress.update(2, 2)
    assert sys.stderr.getvalue() == ""


def test_a_terminal_gets_one_line_that_is_drawn_over_itself(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(progress_module, "_REDRAW_SECONDS", 0)
    with Progress("Rendering brain", patience=0) as progress:
        for done in range(5):
            progress.update(done, 4)
    lines = sys.stderr.getvalue().split("\r")
    assert len(lines) == 6
    assert "Rendering brain: 0 %" in lines[1]
    assert lines[-1].startswith("[" + "#" * 30 + "] Rendering brain: 100 %")
    assert lines[-1].endswith("\n")


def test_a_log_file_gets_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Progress("Rendering brain", patience=0) as progress:
        progress.update(2, 2)
    assert sys.stderr.getvalue() == ""


def test_draws_are_spaced_out(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress("x", patience=0) as progress:
        progress._drawn -= 1
        for done in range(1000):
            progress.update(done, 1001)
        progress.update(1001, 1001)
    assert sys.stderr.getvalue().count("\r") <= 4


def test_a_real_terminal_shows_it():
    main, other = pty.openpty()
    code = "from voxbeam.progress import Progress\nwith Progress('t', patience=0) as p:\n p.update(1, 1)"
    subprocess.run([sys.executable, "-c", code], stderr=other, check=True)
    os.close(other)
    assert b"t: 100 %" in os.read(main, 4096)
    os.close(main)


def test_a_cell_gets_a_bar_that_goes_when_it_is_done(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    code = (
        "import time, voxbeam.progress as p\n"
        "with p.Progress('<b>brain</b>', patience=0) as bar:\n"
        "    bar._drawn -= 1\n"
        "    bar.update(1, 4)\n"
        "    seen = bar._display is not None\n"
        "print(type(bar._display).__name__)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    updates = []
    client = NotebookClient(notebook, kernel_name="python3", timeout=60)
    original = client.process_message

    def spy(message, cell, index):
        if message["msg_type"] == "update_display_data":
            updates.append(message["content"]["data"]["text/html"])
        return original(message, cell, index)

    client.process_message = spy
    client.execute()
    assert "&lt;b&gt;brain&lt;/b&gt;: 25 %" in updates[0]
    assert 'value="0.2500"' in updates[0]
    assert updates[-1] == ""
    outputs = notebook.cells[0].outputs
    assert any(output.get("text") == "_NotebookBar\n" for output in outputs)
