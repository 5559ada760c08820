"""The scheduler's client and the command line, against real schedulers; and instances that outlive their kernel."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import textwrap
import threading

import numpy as np
import psutil
import pytest

import voxbeam as rv
from conftest import until
from voxbeam.cli import main
from voxbeam.scheduler import SchedulerClient, default_token_file

SHAPE = (64, 64, 64)


def test_there_is_none_until_one_is_initialized(scheduler):
    assert rv.query_visualization_server(scheduler.host, scheduler.port) is None
    instance = rv.initialize_visualization_server(scheduler.host, scheduler.port, shape=SHAPE, dtype="uint16")
    again = rv.initialize_visualization_server(scheduler.host, scheduler.port, SHAPE, np.uint16)
    found = rv.query_visualization_server(scheduler.host, scheduler.port)
    assert instance.id == again.id == found.id
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#[\w-]{43}", found.visualization_server_url)
    instance.stop()
    assert rv.query_visualization_server(scheduler.host, scheduler.port) is None


def test_each_user_has_an_instance_of_their_own(scheduler):
    mine = rv.initialize_visualization_server(scheduler.host, scheduler.port, SHAPE, "u1")
    assert rv.query_visualization_server(scheduler.host, scheduler.port, username="ann") is None
    hers = rv.initialize_visualization_server(scheduler.host, scheduler.port, SHAPE, "u1", username="ann", store_bytes=64 * 2**20)
    assert hers.id != mine.id
    assert hers.store_bytes <= 64 * 2**20
    mine.stop()
    assert rv.query_visualization_server(scheduler.host, scheduler.port, username="ann").id == hers.id


def test_an_instance_that_was_killed_is_no_longer_found(scheduler):
    instance = rv.initialize_visualization_server(scheduler.host, scheduler.port, SHAPE, "u1")
    psutil.Process(instance.status()["pid"]).kill()
    until(lambda: rv.query_visualization_server(scheduler.host, scheduler.port) is None)
    with pytest.raises(rv.InstanceGoneError, match=str(instance.port)) as caught:
        instance.status()
    assert "initialize_visualization_server" in caught.value.remedy
    assert rv.initialize_visualization_server(scheduler.host, scheduler.port, SHAPE, "u1").port != instance.port


def test_the_next_kernel_finds_volumes_and_annotations(scheduler):
    """A kernel is a process: it renders, marks and ends; the next one reads and edits."""
    instance = rv.initialize_visualization_server(scheduler.host, scheduler.port, SHAPE, "uint16")
    first_kernel = f"""
        import numpy as np, voxbeam as rv
        instance = rv.query_visualization_server({scheduler.host!r}, {scheduler.port})
        volume = np.arange(64**3, dtype="u2").reshape(64, 64, 64)
        assert rv.render_volume(volume, instance, name="brain", voxel_size=(2, 1, 0.5), origin=(10, 20, 30), unit="mm") is True
        instance.annotations.add(rv.Point(voxel=(4, 5, 6), name="seed", color="#112233"))
        instance.annotations.add(rv.Box((0, 0, 0), (8, 9, 10), name="region", volume="brain"))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(first_kernel)], check=True, env=scheduler.environment)
    found = rv.query_visualization_server(scheduler.host, scheduler.port)
    assert found.id == instance.id
    brain = found.volumes["brain"]
    until(lambda: found.volumes["brain"].producer == "gone")
    assert brain.complete
    assert (brain.resident, brain.total) == (1, 1)
    assert brain.description.voxel_size == (2, 1, 0.5)
    seed, region = found.annotations["seed"], found.annotations["region"]
    assert (seed.voxel, seed.world, seed.color) == ((4, 5, 6), (33, 25, 18), "#112233")
    assert region.slices == (slice(0, 8), slice(0, 9), slice(0, 10))
    attached = rv.attach(f"{scheduler.host}:{scheduler.port}")
    assert (attached.id, list(attached.annotations)) == (found.id, [seed, region])
    attached.close()
    with pytest.raises(rv.ParameterError, match="no instance of yours"):
        rv.attach(f"{scheduler.host}:{scheduler.port}", username="nobody")
    found.annotations.update(seed, voxel=(1, 1, 1))
    found.annotations.remove(region)
    third = rv.query_visualization_server(scheduler.host, scheduler.port)
    until(lambda: [a.voxel for a in third.annotations] == [(1, 1, 1)])


def test_the_token_is_taken_from_the_argument_the_environment_or_the_file(scheduler, monkeypatch):
    token = scheduler.token
    ask = lambda **options: rv.query_visualization_server(scheduler.host, scheduler.port, **options)  # noqa: E731
    assert ask() is None
    assert default_token_file(scheduler.port) == scheduler.token_file
    assert scheduler.token_file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(rv.UnauthorizedError, match="refused the token") as caught:
        ask(token="w" * 43)
    assert "came from token=" in caught.value.remedy
    monkeypatch.setenv("VOXBEAM_TOKEN", "w" * 43)
    with pytest.raises(rv.UnauthorizedError) as caught:
        ask()
    assert "VOXBEAM_TOKEN" in caught.value.remedy
    assert ask(token=token) is None
    monkeypatch.setenv("VOXBEAM_TOKEN", token)
    assert ask() is None
    monkeypatch.delenv("VOXBEAM_TOKEN")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    with pytest.raises(rv.UnauthorizedError) as caught:
        ask()
    assert "/nowhere/voxbeam" in caught.value.remedy


def test_a_token_file_that_others_may_write_is_not_trusted(scheduler):
    scheduler.token_file.chmod(0o666)
    with pytest.raises(rv.UnauthorizedError, match="not to be trusted"):
        rv.query_visualization_server(scheduler.host, scheduler.port)


def test_nothing_there_says_how_to_start_one():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(rv.SchedulerError, match=f"No scheduler at 127.0.0.1:{port}") as caught:
        rv.query_visualization_server("127.0.0.1", port)
    assert caught.value.remedy == f"Start one with: voxbeam scheduler --port {port}"


@pytest.mark.parametrize("port", [0, 65536, -1, "31000", True, 31000.5])
def test_a_port_that_is_none_is_refused_before_asking(port):
    with pytest.raises(rv.ParameterError, match="port is") as caught:
        rv.query_visualization_server("127.0.0.1", port)
    assert repr(port) in caught.value.message
    assert "31000" in caught.value.remedy


def test_a_host_that_nobody_knows_is_named():
    with pytest.raises(rv.SchedulerError, match=r"host is 'nowhere\.invalid'") as caught:
        rv.query_visualization_server("nowhere.invalid", 31000)
    assert "name or the address" in caught.value.remedy


def test_something_else_there_is_told(sidecar):
    with pytest.raises(rv.SchedulerError, match=r"is no scheduler: it answered b'HTTP/1\.1 400"):
        rv.query_visualization_server(sidecar.host, sidecar.port)


def test_a_scheduler_that_says_nothing_is_not_waited_for_for_ever():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = SchedulerClient("127.0.0.1", listener.getsockname()[1], token="t")
        with pytest.raises(rv.SchedulerError, match=r"did not answer within 0\.2 s") as caught:
            client.initialize({}, 0.2)
    assert "wait_init" in caught.value.remedy


@pytest.mark.parametrize("shape", [(1, 2), (0, 1, 1), (1, 1, 2**31 + 1), (1.5, 1, 1), "abc", 7, (-1, 1, 1)])
def test_a_shape_that_none_can_have_is_refused_before_asking(shape):
    with pytest.raises(rv.ShapeError, match="shape is"):
        rv.initialize_visualization_server("127.0.0.1", 1, shape, "uint8")


@pytest.mark.parametrize("dtype", ["complex64", "object", "U3", [("a", "u1")], "datetime64[s]", "no such"])
def test_a_dtype_that_cannot_be_shown_is_refused_before_asking(dtype):
    with pytest.raises(rv.UnsupportedDtypeError, match="dtype is"):
        rv.initialize_visualization_server("127.0.0.1", 1, SHAPE, dtype)


def test_what_no_machine_can_hold_is_refused_with_a_remedy(scheduler):
    with pytest.raises(rv.SchedulerError) as caught:
        rv.initialize_visualization_server(scheduler.host, scheduler.port, SHAPE, "u1", store_bytes=2**50)
    assert caught.value.remedy
    assert rv.query_visualization_server(scheduler.host, scheduler.port) is None


def test_the_socket_speaks_as_the_original(scheduler):
    request = {"command": "VIS_SERVER_QUERY_USER_INSTANCE", "params": {}, "username": "ann", "token": scheduler.token}
    with socket.create_connection((scheduler.host, scheduler.port)) as sock:
        sock.sendall(json.dumps(request).encode())
        answer = json.loads(sock.makefile("rb").read())
    assert answer == {
        "response": "VIS_SERVER_UNSUCCESSFUL",
        "error_msg": "Unable to find visualization server for user",
        "username": "ann",
    }


def test_many_ask_at_once_and_get_the_same(scheduler):
    found = []

    def ask() -> None:
        found.append(rv.initialize_visualization_server(scheduler.host, scheduler.port, SHAPE, "u1").id)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_the_command_line(capsys):
    for arguments in (["--version"], ["scheduler", "--port", "x"], ["scheduler", "--port", "65536"], []):
        with pytest.raises(SystemExit):
            main(arguments)
    out = capsys.readouterr()
    assert out.out == f"voxbeam {rv.__version__}\n"
    assert "'x' is no port" in out.err
    assert "'65536' is no port" in out.err


def test_a_port_that_is_taken_is_told_on_the_terminal(scheduler):
    command = [sys.executable, "-m", "voxbeam.cli", "scheduler", "--port", str(scheduler.port)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20, env=scheduler.environment)
    assert done.returncode == 1
    assert f"{scheduler.port}" in done.stderr
    assert "taken" in done.stderr
    assert rv.query_visualization_server(scheduler.host, scheduler.port) is None  # its token is still the good one


def test_a_token_file_of_ones_own(tmp_path):
    path = tmp_path / "token"
    command = [sys.executable, "-m", "voxbeam.cli", "scheduler", "--port", "0", "--token-file", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)})
    try:
        answer = json.loads(process.stdout.readline())
        assert answer["token_file"] == str(path)
        assert rv.query_visualization_server("127.0.0.1", answer["port"], token=path.read_text().strip()) is None
    finally:
        process.terminate()
        assert process.wait(60) == 0
