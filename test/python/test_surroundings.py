"""What the package learns from its surroundings: keywords, settings, the Jupyter server, the import itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import voxbeam as rv
from voxbeam.jupyter_base import jupyter_base_path
from voxbeam.keywords import name_in, refuse_unknown
from voxbeam.transport import forced_transport


def test_importing_the_package_is_quick_and_loads_next_to_nothing():
    code = (
        "import sys, time; began = time.process_time(); import voxbeam; took = time.process_time() - began;"
        "print(took, *[m for m in ('numpy', 'pyarrow', 'anywidget', 'websockets', 'pycrdt', 'zarr') if m in sys.modules])"
    )
    took, *loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert float(took) < 2  # 0.03 where nothing else runs
    assert loaded == []


def test_every_public_name_is_there():
    for name in rv.__all__:
        assert getattr(rv, name) is not None
    assert set(rv.__all__) <= set(dir(rv))
    assert rv.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="render_volumes"):
        rv.render_volumes  # noqa: B018


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rv.render_volume([[[1]]], voxelsize=1), "unexpected keyword argument 'voxelsize'; did you mean 'voxel_size'"),
        (lambda: rv.render_volume([[[1]]], cmap="gray"), "'cmap'"),
        (lambda: rv.render_volume([[[1]]], wiat=False), "did you mean 'wait'"),
        (lambda: rv.view([[[1]]], heigth=3), "did you mean 'height'"),
        (lambda: rv.view([[[1]]], zzz=3), "it takes height, views, transport, policy"),
        (lambda: rv.query_visualization_server("127.0.0.1", 1, user="me"), "did you mean 'username'"),
        (lambda: rv.initialize_visualization_server("127.0.0.1", 1, (1, 1, 1), "u1", storebytes=3), "did you mean 'store_bytes'"),
        (lambda: rv.view(rv.Instance("127.0.0.1", 1, "t")), r"write view\(instance=…\)"),
        (lambda: rv.render_volume([[[1]]], "127.0.0.1:80"), "got a str as its instance"),
        (lambda: rv.configure(transports="comm"), "transports"),
    ],
)
def test_what_is_misspelt_is_told_before_anything_starts(call, words):
    with pytest.raises(TypeError, match=words):
        call()
    from voxbeam import embedded

    assert embedded._instance is None or not embedded._instance.alive


def test_the_first_unknown_keyword_is_named():
    with pytest.raises(TypeError, match="'b'"):
        refuse_unknown("f", {"b": 1, "c": 2}, ["a"])
    refuse_unknown("f", {}, ["a"])


def test_the_name_of_a_variable_is_that_of_the_very_object():
    first, second = [1], [1]
    scope = {"_": second, "_12": second, "other": first, "brain": second}
    assert name_in([scope], second) == "brain"
    assert name_in([{}, scope], first) == "other"
    assert name_in([scope], [1]) is None


def test_the_transport_is_what_was_said_last(monkeypatch):
    from voxbeam import transport

    monkeypatch.setattr(transport, "_configured", None)
    monkeypatch.delenv("VOXBEAM_TRANSPORT", raising=False)
    assert forced_transport() == "auto"
    monkeypatch.setenv("VOXBEAM_TRANSPORT", "comm")
    assert forced_transport() == "comm"
    rv.configure(transport="proxy")
    assert forced_transport() == "proxy"
    with pytest.raises(rv.ParameterError, match="transport='udp'"):
        rv.configure(transport="udp")
    assert forced_transport() == "proxy"
    monkeypatch.setattr(transport, "_configured", None)
    monkeypatch.setenv("VOXBEAM_TRANSPORT", "pigeon")
    with pytest.raises(rv.ParameterError, match="VOXBEAM_TRANSPORT='pigeon'"):
        forced_transport()


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "1G"])
def test_a_store_needs_a_number_of_bytes(value):
    with pytest.raises(rv.ParameterError, match="store_bytes is"):
        rv.configure(store_bytes=value)


@pytest.fixture
def no_jupyter(monkeypatch, tmp_path):
    for name in ("JUPYTERHUB_SERVICE_PREFIX", "JPY_BASE_URL", "JPY_PARENT_PID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_the_base_path_comes_from_the_hub(no_jupyter, monkeypatch):
    assert jupyter_base_path() == "/"
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann")
    assert jupyter_base_path() == "/user/ann/"


def test_the_base_path_comes_from_the_server_that_started_the_kernel(no_jupyter, monkeypatch):
    def record(name: str, pid: int, base: str) -> None:
        (no_jupyter / f"jpserver-{name}.json").write_text(json.dumps({"pid": pid, "base_url": base}))

    record("a", os.getpid(), "/mine/")
    assert jupyter_base_path() == "/mine/"
    record("b", os.getppid(), "/other")
    assert jupyter_base_path() == "/"  # two: which one cannot be told
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getppid()))
    assert jupyter_base_path() == "/other/"
    record("b", 2**22 + 1, "/other")  # that process is not there
    (no_jupyter / "jpserver-c.json").write_text("{")
    assert jupyter_base_path() == "/mine/"
