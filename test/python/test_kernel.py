"""In a real IPython kernel: cells that wait for marks, views that show, and a restart that leaves nothing."""

from __future__ import annotations

import json

import nbformat
import psutil
import pytest
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from conftest import until

SETUP = """
import json, numpy as np, voxbeam as rv
from voxbeam import embedded
from voxbeam.instance import Instance
rv.configure(store_bytes=256 * 2**20)
brain = np.arange(64**3, dtype="u2").reshape(64, 64, 64)
print(json.dumps([rv.render_volume(brain), embedded._process.pid, list(embedded._instance.volumes)]))
"""
WAIT = """
import asyncio
sidecar = embedded._process
elsewhere = Instance(sidecar.host, sidecar.port, sidecar.token)  # somebody else's kernel
asyncio.get_running_loop().call_later(0.3, lambda: elsewhere.annotations.add(rv.Point(voxel=(1, 2, 3), name="drawn")))
mark = await view.annotations.next("point", timeout=60)
print(json.dumps([mark.name, mark.voxel]))
"""
EVENTS = """
import time
seen = []
stops = [view.annotations.on_change(lambda events: 1 / 0), view.annotations.on_change(seen.extend)]
elsewhere.annotations.add(rv.Box((0, 0, 0), (2, 2, 2), name="while busy"))
until = time.monotonic() + 60
while not seen and time.monotonic() < until:
    pass
for stop in stops:
    stop()
print(json.dumps([event.annotation.name for event in seen]))
"""

BAD = """
import os, psutil, pathlib, nibabel
here = pathlib.Path(FOLDER)
whole = here / "whole.nii"
nibabel.save(nibabel.Nifti1Image(brain, np.eye(4)), whole)
(here / "cut.nii").write_bytes(whole.read_bytes()[:3000])
(here / "other.nii.gz").write_bytes(b"this is no image")
instance = embedded._instance
instance.annotations.add(rv.Point(voxel=(1, 2, 3), name="seed"))
def state():
    volumes = {name: volume.complete for name, volume in instance.volumes.items()}
    children = len(psutil.Process().children(recursive=True))
    return [volumes, [mark.name for mark in instance.annotations], children, sorted(os.listdir(here))]
"""
#: What is refused in a cell, the value that is named there, and what is said to be done.
REFUSED = [
    ("rv.render_volume(np.zeros((3, 4), 'u1'))", "(3, 4)", "Add an axis"),
    ("rv.render_volume(np.zeros((2, 3, 4, 5), 'u1'))", "(2, 3, 4, 5)", "axes='tzyx'"),
    ("rv.view(np.zeros((3, 0, 4), 'u1'))", "(3, 0, 4)", "at least one voxel"),
    ("rv.render_volume(np.zeros((3, 3, 3), object))", "object", "astype"),
    ("rv.view(np.zeros((3, 3, 3), 'c8'))", "complex64", "numpy.abs"),
    ("rv.render_volume(np.zeros((3, 3, 3), [('a', 'u1'), ('b', 'f4')]))", "('b', '<f4')", "one field"),
    ("rv.render_volume('no/such/file.nii')", "no/such/file.nii", "working directory"),
    ("rv.render_volume(here / 'cut.nii')", "cut.nii", "complete"),
    ("rv.view(here / 'other.nii.gz')", "other.nii.gz", "what its name says"),
    ("rv.render_volume(brain, colour='red')", "'colour'", "did you mean 'colormap'"),
    ("rv.render_volume(brain, windw=(0, 1))", "'windw'", "did you mean 'window'"),
    ("rv.render_volume(brain, '127.0.0.1:80')", "a str", "initialized, or none"),
    ("rv.render_volume(brain, unit=5)", "unit is 5", "text"),
    ("rv.query_visualization_server('127.0.0.1', 1)", "127.0.0.1:1", "voxbeam scheduler --port 1"),
    ("rv.query_visualization_server('127.0.0.1', 99999)", "99999", "65535"),
    ("rv.initialize_visualization_server('127.0.0.1', 1, shape=(5, 5), dtype='u1')", "(5, 5)", "three whole numbers"),
]


@pytest.fixture
def kernel():
    cells = [SETUP, "view = rv.view(brain)\nview", WAIT, EVENTS, "view.annotations", "rv.render_volume(np.zeros((2, 2)))"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, kernel_name="python3", timeout=60)
    with client.setup_kernel():
        yield client, notebook.cells


def test_a_session(kernel):
    client, cells = kernel
    rendered, pid, names = printed(client, cells, 0)
    assert (rendered, names) == (True, ["brain"])
    assert psutil.pid_exists(pid)
    client.execute_cell(cells[1], 1)
    bundle = cells[1].outputs[0]["data"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"].startswith("<VolumeView brain 64×64×64 uint16")
    assert printed(client, cells, 2) == ["drawn", [1, 2, 3]]
    assert printed(client, cells, 3) == ["while busy"]
    # A callback that raises is shown in the cell that registered it, and the others are called.
    errors = [output for output in cells[3].outputs if output.output_type == "error"]
    assert [(error.ename, error.evalue) for error in errors] == [("ZeroDivisionError", "division by zero")]
    assert "lambda events: 1 / 0" in "\n".join(errors[0].traceback)
    assert "voxbeam" not in "\n".join(errors[0].traceback)
    client.execute_cell(cells[4], 4)
    assert "while busy" in cells[4].outputs[0]["data"]["text/html"]
    with pytest.raises(CellExecutionError, match="ShapeError"):
        client.execute_cell(cells[5], 5)
    shown = "\n".join(cells[5].outputs[0]["traceback"]).splitlines()
    assert shown[-2:] == ["ShapeError: The volume has 2 axes, shape (2, 2).", "Add an axis: volume[None]."]
    assert "rv.render_volume(np.zeros((2, 2)))" in shown[1]
    assert len(shown) == 4  # nothing of the package's inside
    run_sync(client.km.restart_kernel)(now=True)
    until(lambda: not psutil.pid_exists(pid))


def test_what_is_refused_is_one_message_in_its_cell_and_touches_nothing(tmp_path):
    first = f"FOLDER = {str(tmp_path)!r}\n{BAD}print(json.dumps(state()))"
    sources = [SETUP, first, *(source for source, _, _ in REFUSED), "print(json.dumps(state()))"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    client = NotebookClient(notebook, kernel_name="python3", timeout=60)
    with client.setup_kernel():
        printed(client, notebook.cells, 0)
        before = printed(client, notebook.cells, 1)
        assert before[:2] == [{"brain": True}, ["seed"]]
        for index, (source, value, remedy) in enumerate(REFUSED, 2):
            cell = notebook.cells[index]
            with pytest.raises(CellExecutionError):
                client.execute_cell(cell, index)
            (output,) = cell.outputs  # and nothing on the error stream
            shown = "\n".join(output["traceback"]).splitlines()
            message = "\n".join(shown[2:] if "~" not in shown[2] and "^" not in shown[2] else shown[3:])
            assert source in shown[1], shown
            assert len(message.splitlines()) <= 2, shown
            assert value in message
            assert remedy in message
        assert printed(client, notebook.cells, len(sources) - 1) == before


def printed(client: NotebookClient, cells: list, index: int) -> list:
    """What a cell prints, as JSON."""
    client.execute_cell(cells[index], index)
    return json.loads(next(output["text"] for output in cells[index].outputs if output.get("name") == "stdout"))
