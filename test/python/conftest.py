"""What the tests of this folder share: real sidecars, a real scheduler, and proof that they leave nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import voxbeam as rv
from producer_support import held_build, producer, reader  # noqa: F401  fixtures
from voxbeam.instance import Instance
from voxbeam.sidecar import STATIC, start_sidecar

MIB = 2**20
STORE_BYTES = 256 * MIB


@pytest.fixture(scope="session", autouse=True)
def bundle():
    """The bundles must be there: a test that is skipped for want of them would prove nothing."""
    missing = [
        name for name in ("sidecar.cjs", "scheduler.cjs", "widget.js", "loader.js", "page.html") if not (STATIC / name).is_file()
    ]
    if missing:
        pytest.exit(f"{STATIC} lacks {', '.join(missing)}: run `npm run setup` first", returncode=4)


@pytest.fixture(autouse=True)
def no_cache(monkeypatch):
    """Nothing that one test builds is found by another; what is kept has tests of its own."""
    monkeypatch.setenv("VOXBEAM_CACHE", "off")
    monkeypatch.setenv("VOXBEAM_SCENES", "off")


@pytest.fixture(scope="module")
def module_sidecar():
    """One for the tests of a module."""
    process = start_sidecar(store_bytes=STORE_BYTES)
    yield process
    process.stop()


def _shares(request) -> bool:
    """Whether a test takes its module's sidecar: where that says ``SHARED_SIDECAR = True``, unless marked ``own_sidecar``."""
    return getattr(request.module, "SHARED_SIDECAR", False) and request.node.get_closest_marker("own_sidecar") is None


@pytest.fixture
def sidecar(request):
    """A sidecar with a small store."""
    if _shares(request):
        yield request.getfixturevalue("module_sidecar")
        return
    process = start_sidecar(store_bytes=STORE_BYTES)
    yield process
    process.stop()


@pytest.fixture
def instance(request, sidecar):
    """An instance of its own for each test. In a sidecar that is shared it leaves no volume behind."""
    shared = _shares(request)
    instance = Instance(sidecar.host, sidecar.port, sidecar.token, process=None if shared else sidecar)
    yield instance
    if shared and instance._producer is not None and instance._connection.is_open:
        for volume in instance._producer.volumes:
            volume.remove()
    instance.close()


@pytest.fixture
def pair(instance, sidecar):
    """The annotations of two clients of one instance that holds a volume; edits of the second are remote to the first."""
    brain = np.arange(20 * 30 * 40, dtype="u2").reshape(20, 30, 40)
    rv.render_volume(brain, instance, name="brain", voxel_size=(2, 1, 0.5), origin=(10, 20, 30))
    other = Instance(sidecar.host, sidecar.port, sidecar.token)
    yield instance.annotations, other.annotations
    other.close()


class Scheduler:
    """A scheduler as the command line starts it, with a runtime directory of its own."""

    def __init__(self, runtime: Path) -> None:
        self.host = "127.0.0.1"
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
        self.environment.pop("VOXBEAM_TOKEN", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "voxbeam.cli", "scheduler", "--port", "0"],
            stdout=subprocess.PIPE,
            env=self.environment,
        )
        answer = json.loads(self.process.stdout.readline())
        self.port = answer["port"]
        self.token_file = Path(answer["token_file"])

    @property
    def token(self) -> str:
        return self.token_file.read_text().strip()

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> None:
        children = self.children()
        self.process.terminate()
        self.process.wait(60)
        _, alive = psutil.wait_procs(children, timeout=60)
        for child in alive:
            child.kill()
        assert not alive, "the scheduler's instances outlived it"


@pytest.fixture
def scheduler(tmp_path, monkeypatch):
    """A scheduler whose token file this process finds by itself."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.delenv("VOXBEAM_TOKEN", raising=False)
    scheduler = Scheduler(runtime)
    yield scheduler
    scheduler.stop()


def until(condition, seconds: float = 60.0, message: str = "") -> None:
    """Wait until ``condition()`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, message or f"not within {seconds} s"
        time.sleep(0.01)
