"""Instances as Python holds them: their URL, their end, and what is told when they are gone. Sidecars are real."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import voxbeam as rv
from conftest import until
from voxbeam import embedded
from voxbeam.instance import Instance


def trade(url: str) -> tuple[int, dict, str]:
    """What the page does with its URL: it trades the fragment's ticket for a cookie and a stream ticket."""
    host, port, ticket = re.fullmatch(r"http://([\d.]+):(\d+)/#([\w-]{43})", url).groups()
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    headers = {"Content-Type": "application/json", "Origin": f"http://{host}:{port}"}
    connection.request("POST", "/v1/session", json.dumps({"ticket": ticket}), headers)
    response = connection.getresponse()
    text = response.read()
    return response.status, json.loads(text or b"{}"), response.getheader("Set-Cookie", "")


def test_each_reading_of_the_url_lets_in_one_browser(instance):
    first, second = instance.visualization_server_url, instance.visualization_server_url
    assert first != second
    status, answer, cookie = trade(first)
    assert status == 200
    assert answer["role"] == "edit"
    assert "HttpOnly" in cookie
    assert trade(first)[0] == 401
    assert trade(second)[0] == 200


def test_through_the_proxy_the_url_is_a_path_of_the_jupyter_server(instance, monkeypatch):
    monkeypatch.setenv("VOXBEAM_TRANSPORT", "proxy")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")
    assert re.fullmatch(rf"/user/ann/proxy/{instance.port}/#[\w-]{{43}}", instance.visualization_server_url)


def test_its_repr_is_short_and_true(instance):
    assert repr(instance) == f"<Instance 127.0.0.1:{instance.port}, 0 volumes, store 0.0 of 255.2 MiB>" or re.fullmatch(
        rf"<Instance 127.0.0.1:{instance.port}, 0 volumes, store 0\.0 of 25\d\.\d MiB>", repr(instance)
    )
    assert "0 volumes" in instance._repr_html_()
    instance.close()
    assert repr(instance) == f"<Instance 127.0.0.1:{instance.port}, gone>"


def test_a_wrong_token_is_told(sidecar):
    with pytest.raises(rv.UnauthorizedError, match=f"127.0.0.1:{sidecar.port} refused"):
        Instance(sidecar.host, sidecar.port, "w" * 43).status()


def test_a_killed_instance_is_gone_in_bounded_time_and_leaves_nothing(instance, sidecar):
    instance.annotations.add(rv.Point(world=(1, 2, 3), name="kept"))
    files = {entry.path for entry in psutil.Process(sidecar.pid).open_files() if "voxbeam" in entry.path}
    os.kill(sidecar.pid, signal.SIGKILL)
    began = time.monotonic()
    until(lambda: not sidecar.alive)  # the kernel takes a moment to bury it
    calls = (
        lambda: instance.visualization_server_url,
        instance.status,
        lambda: instance.volumes,
        lambda: instance.producer,
        lambda: instance.annotations.add(rv.Point(world=(0, 0, 0))),
        lambda: rv.render_volume(np.zeros((4, 4, 4), "u1"), instance),
    )
    for call in calls:
        with pytest.raises(rv.InstanceGoneError, match=f"The instance at 127.0.0.1:{sidecar.port} is gone") as caught:
            call()
        assert caught.value.remedy
    assert time.monotonic() - began < 60
    assert [a.name for a in instance.annotations] == ["kept"]  # what was known can be saved
    instance.close()
    until(lambda: not psutil.pid_exists(sidecar.pid))
    until(lambda: not any(Path(path).exists() for path in files), message=f"left behind: {files}")


def test_an_attached_instance_that_dies_is_told_as_well(sidecar):
    instance = Instance(sidecar.host, sidecar.port, sidecar.token)
    assert instance.volumes == {}
    os.kill(sidecar.pid, signal.SIGKILL)
    began = time.monotonic()
    with pytest.raises(rv.InstanceGoneError):
        instance.status()
    until(lambda: not instance.alive)
    with pytest.raises(rv.InstanceGoneError, match="nothing listens there"):
        instance.volumes  # noqa: B018
    assert time.monotonic() - began < 60


def test_closing_lets_go_and_stopping_ends(sidecar):
    with Instance(sidecar.host, sidecar.port, sidecar.token) as attached:
        assert attached.id == sidecar.instance
        until(lambda: attached.status()["producers"] == 1)
    assert sidecar.alive
    other = Instance(sidecar.host, sidecar.port, sidecar.token)
    until(lambda: other.status()["producers"] == 0)
    with pytest.raises(rv.InstanceGoneError, match="it was closed here"):
        attached.status()
    other.stop()
    until(lambda: not sidecar.alive)
    other.stop()  # twice does no harm


def test_a_connection_that_breaks_comes_back_with_what_was_edited_meanwhile(sidecar):
    from tcp_relay import TcpRelay

    relay = TcpRelay(sidecar.host, sidecar.port)
    through, direct = (Instance(place.host, place.port, sidecar.token) for place in (relay, sidecar))
    through.annotations.add(rv.Point(world=(0, 0, 0), name="before"))
    until(lambda: len(direct.annotations) == 1)
    relay.stall()
    relay.cut()
    until(lambda: not through._connection.is_open)
    through.annotations.add(rv.Point(world=(1, 1, 1), name="apart"))
    direct.annotations.add(rv.Point(world=(2, 2, 2), name="elsewhere"))
    relay.flow()
    for instance in (through, direct):
        until(lambda instance=instance: {a.name for a in instance.annotations} == {"before", "apart", "elsewhere"})
        instance.close()
    relay.close()


@pytest.fixture
def fresh_embedded(monkeypatch):
    rv.configure(store_bytes=64 * 2**20)
    yield
    if embedded._instance is not None:
        embedded._instance.close()


def test_the_embedded_instance_is_one_for_all_threads_comes_back_when_it_dies_and_is_made_anew_when_it_is_ended(fresh_embedded):
    found = []
    threads = [threading.Thread(target=lambda: found.append(embedded.embedded_instance())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    first = found[0]
    assert first.store_bytes <= 64 * 2**20
    killed, port, name = embedded._process.pid, first.port, first.id
    os.kill(killed, signal.SIGKILL)
    until(lambda: embedded._process.pid != killed and embedded._process.alive)
    assert embedded.embedded_instance() is first
    assert (first.status()["pid"], first.port, first.id) == (embedded._process.pid, port, name)
    os.kill(embedded._process.pid, signal.SIGTERM)  # that is a request
    until(lambda: not first.alive)
    second = embedded.embedded_instance()
    assert second is not first
    assert second.annotations is not None
    with pytest.raises(rv.InstanceGoneError, match=str(first.port)):
        first.status()


def test_the_embedded_instance_ends_with_its_process():
    code = """
        import voxbeam as rv
        from voxbeam.embedded import embedded_instance
        instance = embedded_instance()
        instance.annotations.add(rv.Point(world=(0, 0, 0)))
        print(instance.status()["pid"])
    """
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, capture_output=True, text=True)
    assert not psutil.pid_exists(int(done.stdout))
    assert done.stderr == ""
    assert time.monotonic() - began < 60


def _in_child(queue) -> None:
    before = embedded._instance
    mine = embedded.embedded_instance()
    queue.put((before is None, mine.status()["pid"], len(mine.annotations)))
    mine.close()


def _use_of_parents(instance, queue) -> None:
    try:
        instance.status()
    except rv.VoxbeamError as error:
        queue.put(str(error))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_has_one_of_its_own(fresh_embedded):
    mine = embedded.embedded_instance()
    mine.annotations.add(rv.Point(world=(0, 0, 0)))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    forgot, pid, annotations = queue.get(timeout=60)
    child.join(60)
    assert (forgot, annotations) == (True, 0)
    assert pid != mine.status()["pid"]
    child = context.Process(target=_use_of_parents, args=(mine, queue))
    child.start()
    assert "parent" in queue.get(timeout=60)
    child.join(60)
    assert len(mine.annotations) == 1
