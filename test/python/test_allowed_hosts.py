"""Names under which instances answer a browser, besides this machine's own, against real servers."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys

import pytest

import voxbeam as rv
from voxbeam import allowed_hosts as hosts
from voxbeam.cli import main
from voxbeam.sidecar import start_sidecar

MIB = 2**20


def status_as(host: str, port: int, name: str) -> int:
    """The HTTP status of the page when it is asked for under ``name``."""
    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.request("GET", "/", headers={"Host": name})
    try:
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture
def surroundings(monkeypatch):
    """No word of hosts from where the tests run."""
    monkeypatch.setattr(hosts, "_configured", None)
    for name in (hosts.ENVIRONMENT, *hosts.HUB_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_configured_name_is_answered_and_others_are_not(surroundings):
    rv.configure(allowed_hosts=["hub.example.org"])
    process = start_sidecar(store_bytes=64 * MIB, allowed_hosts=hosts.allowed_hosts())
    try:
        assert status_as(process.host, process.port, "hub.example.org") == 200
        assert status_as(process.host, process.port, "hub.example.org:8443") == 200
        assert status_as(process.host, process.port, "evil.example") == 403
    finally:
        process.stop()


def test_the_environment_names_hosts_and_a_hub_tells_its_own(surroundings):
    assert hosts.allowed_hosts() == ()
    surroundings.setenv(hosts.ENVIRONMENT, "a.example, b.example,")
    surroundings.setenv("JUPYTERHUB_PUBLIC_URL", "https://hub.example:8443/user/ann/")
    assert hosts.allowed_hosts() == ("a.example", "b.example", "hub.example")
    rv.configure(allowed_hosts=("c.example",))
    assert hosts.allowed_hosts() == ("c.example",)


@pytest.mark.parametrize("name", ["https://hub.example", "hub.example:80", "", "a b", 5])
def test_what_is_no_name_is_refused_with_its_value(surroundings, name):
    with pytest.raises(rv.ParameterError, match="no host name") as caught:
        rv.configure(allowed_hosts=[name])
    assert repr(name) in str(caught.value)
    assert "no scheme" in caught.value.remedy


def test_the_scheduler_hands_them_to_its_servers(tmp_path):
    options = ["--port", "0", "--token-file", str(tmp_path / "token"), "--allowed-host", "hub.example"]
    command = [sys.executable, "-m", "voxbeam.cli", "scheduler", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = json.loads(process.stdout.readline())["port"]
        token = (tmp_path / "token").read_text().strip()
        instance = rv.initialize_visualization_server("127.0.0.1", port, (64, 64, 64), "u1", token=token)
        assert status_as(instance.host, instance.port, "hub.example") == 200
        assert status_as(instance.host, instance.port, "evil.example") == 403
        instance.stop()
    finally:
        process.terminate()
        process.wait(60)


def test_a_bad_name_on_the_command_line_is_told(capsys):
    assert main(["scheduler", "--port", "0", "--allowed-host", "http://x"]) == 1
    assert "http://x" in capsys.readouterr().err
