"""``voxbeam view`` as a real process: it shows a file, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request

import h5py
import numpy as np
import psutil
import pytest

from conftest import until


class View:
    def __init__(self, *arguments: object, **environment: str) -> None:
        command = [sys.executable, "-m", "voxbeam.cli", "view", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
            env={**os.environ, **environment},
        )

    def url(self) -> str:
        return self.process.stdout.readline().strip()

    def end(self, how=signal.SIGINT) -> str:
        self.process.send_signal(how)
        try:
            return self.process.communicate(timeout=60)[1]
        finally:
            self.process.kill()


def write(path, shape=(70, 80, 90)):
    with h5py.File(path, "w") as f:
        f.create_dataset("entry/data", data=np.arange(np.prod(shape), dtype="u2").reshape(shape), chunks=(16, 80, 90))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_shows_a_file_and_ends(tmp_path, how):
    write(tmp_path / "scan.h5")
    view = View(f"{tmp_path / 'scan.h5'}:/entry/data", "--store-bytes", 64 * 2**20, "--voxel-size", "2,1,1", "--unit", "mm")
    url = view.url()
    assert url.startswith("http://127.0.0.1:")
    page = urllib.request.urlopen(url.partition("#")[0], timeout=60).read()  # what a browser would get
    assert b"<html" in page.lower()
    children = psutil.Process(view.process.pid).children(recursive=True)
    assert len(children) == 1
    words = view.end(how)
    assert view.process.returncode == 0
    for part in ("70 × 80 × 90", "2 × 1 × 1 mm", "Ctrl-C ends it"):
        assert part in words
    until(lambda: not any(child.is_running() for child in children), 5, "its server outlived it")


def test_it_opens_a_browser_where_it_is_asked_to(tmp_path):
    write(tmp_path / "scan.h5")
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\necho \"$1\" > '{tmp_path / 'visited'}'\n")
    browser.chmod(0o755)
    view = View(tmp_path / "scan.h5", "--open", "--store-bytes", 64 * 2**20, BROWSER=str(browser))
    url = view.url()
    until(lambda: (tmp_path / "visited").exists() and (tmp_path / "visited").read_text().strip() == url)
    view.end()


def test_raw_files_and_the_end_of_its_server(tmp_path):
    np.zeros((70, 70, 70), "u1").tofile(tmp_path / "a.raw")
    view = View(tmp_path / "a.raw", "--shape", "70,70,70", "--dtype", "uint8", "--store-bytes", 64 * 2**20)
    assert view.url().startswith("http")
    sidecars = psutil.Process(view.process.pid).children
    first = sidecars(recursive=True)[0]
    first.kill()  # it is started again
    until(lambda: any(child.pid != first.pid and child.is_running() for child in sidecars(recursive=True)))
    until(lambda: all(len(child.net_connections()) > 1 for child in sidecars(recursive=True)))
    sidecars(recursive=True)[0].terminate()  # that is a request
    _, words = view.process.communicate(timeout=60)
    assert view.process.returncode == 1
    assert "the server has ended" in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["gone.h5"], "There is no file 'gone.h5'"), (["a.h5:/nothing"], "has no '/nothing'"),
        (["a.h5", "--shape", "1,2,3"], "nothing says its dtype"), (["a.h5", "--voxel-size", "1,2"], "give one number, or three"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(tmp_path, arguments, words):
    write(tmp_path / "a.h5")
    run = subprocess.run(
        [sys.executable, "-m", "voxbeam.cli", "view", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False,
    )
    assert run.returncode != 0
    assert words in run.stderr
    assert "Traceback" not in run.stderr
