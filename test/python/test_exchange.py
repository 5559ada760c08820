"""Another program takes part by HTTP and WebSocket, with nothing but the documented protocol in hand."""

from __future__ import annotations

import http.client
import json
import socket
from urllib.parse import urlsplit

import numpy as np
import pytest
from websockets.sync.client import connect

import voxbeam as rv
from conftest import until
from voxbeam.exchange import event_stream
from voxbeam.exchange.answers import MAX_BODY_BYTES

SHARED_SIDECAR = True
SHAPE = (20, 70, 80)


class Program:
    """The other program: what ``docs/exchange.md`` says, by the standard library."""

    def __init__(self, endpoint):
        self.place, self.token = urlsplit(endpoint.url), endpoint.token

    def ask(self, method, path, body=b"", **headers):
        connection = http.client.HTTPConnection(self.place.hostname, self.place.port, timeout=60)
        connection.request(method, path, body, {"Authorization": f"Bearer {self.token}", **headers})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content

    def json(self, method, path, body=b"", status=200, **headers):
        answer, content = self.ask(method, path, body, **headers)
        assert answer.status == status, content
        return json.loads(content)

    def events(self):
        return connect(
            f"ws://{self.place.netloc}/v1/events", additional_headers={"Authorization": f"Bearer {self.token}"}, compression=None
        )


def test_labels_are_read_written_and_followed(instance):
    labels = instance.labels("by http", shape=SHAPE, dtype="uint16", voxel_size=(2, 1, 1), unit="mm", classes={3: "void"})
    labels[2:4, 60:68, 5:9] = 3
    with rv.send(labels, to="http://127.0.0.1:0") as endpoint:
        program = Program(endpoint)
        about = program.json("GET", "/v1")
        assert (about["protocol"], about["version"], about["kind"], about["name"]) == ("voxbeam.exchange", 1, "labels", "by http")
        assert (about["shape"], about["dtype"], about["voxel_size"], about["unit"]) == ([20, 70, 80], "uint16", [2, 1, 1], "mm")
        assert about["classes"]["3"]["name"] == "void"
        with program.events() as events:
            assert json.loads(events.recv(30))["event"] == "hello"
            answer, content = program.ask("GET", "/v1/region?start=1,59,0&stop=5,70,10")
            seq = int(answer.getheader("Voxbeam-Seq"))
            assert seq == about["seq"] == 1
            voxels = np.frombuffer(content, "<u2").reshape(4, 11, 10).copy()
            np.testing.assert_array_equal(voxels, labels[1:5, 59:70, 0:10])
            voxels[voxels == 3] = 400  # it corrects what is there, and sends it back as it is
            place = "/v1/region?start=1,59,0&stop=5,70,10&author=Ilastik"
            assert program.json("PUT", f"{place}&since={seq}", voxels.tobytes()) == {"seq": 2, "voxels": 64}
            edited = json.loads(events.recv(30))
            assert (edited["event"], edited["seq"], edited["author"], edited["voxels"]) == ("edited", 2, "Ilastik", 64)
            assert (edited["start"], edited["stop"]) == ([2, 60, 5], [4, 68, 9])
            assert (labels[2:4, 60:68, 5:9] == 400).all()
            labels[3, 61, 6] = 9  # meanwhile somebody here draws in it: what the program knows is out of date
            assert json.loads(events.recv(30))["seq"] == 3
            refused = program.json("PUT", f"{place}&since=2", voxels.tobytes(), status=409)
            assert (refused["seq"], refused["boxes"]) == (3, [[[3, 61, 6], [4, 62, 7]]])
            assert labels[3, 61, 6] == 9
            assert program.json("GET", "/v1/changes?since=2")["boxes"] == refused["boxes"]
            assert program.json("PUT", place, voxels.tobytes()) == {"seq": 4, "voxels": 1}
        for path, body, status, words in (
            ("/v1/region?start=0,0,0&stop=21,1,1", bytes(42), 400, "does not lie in labels"),
            ("/v1/region?start=0,0&stop=1,1,1", b"", 400, "three voxels"),
            ("/v1/region?start=0,0,0&stop=1,1,2", bytes(3), 400, "3 bytes"),
            ("/v1/region?start=0,0,0&stop=1,1,1&author=", bytes(2), 400, "author"),
            ("/v1/region?start=0,0,0&stop=1,1,1&since=-1", bytes(2), 400, "since"),
            ("/v1/other", b"", 404, "nothing is at"),
        ):
            assert words in program.json("PUT", path, body, status=status)["error"]
        assert labels.changes().seq == 4
    assert labels.on_change(print)  # the labels are there as before


def test_annotations_are_read_taken_over_removed_and_followed(instance):
    mark = instance.annotations.add(rv.Point(world=(1, 2, 3), name="here"))
    with rv.send(instance.annotations, to="http://localhost:0/") as endpoint:
        program = Program(endpoint)
        with program.events() as events:
            assert json.loads(events.recv(30))["kind"] == "annotations"
            content = program.json("GET", "/v1/annotations")
            [record] = content["annotations"]
            assert (record["id"], record["name"], record["coords"]) == (mark.id, "here", [1, 2, 3])
            record["name"] = "<b>there</b>"
            fresh = {"kind": "box", "coords": [0, 0, 0, 2, 2, 2], "name": "new", "author": "Annotat3D"}
            body = json.dumps({**content, "annotations": [record, fresh]}).encode()
            taken = program.json("PUT", "/v1/annotations", body)
            assert taken["taken"] == 2
            names = {json.loads(events.recv(30))["annotation"]["name"] for _ in range(2)}
            assert names == {"<b>there</b>", "new"}
            assert [(one.name, one.author) for one in instance.annotations if one.kind == "box"] == [("new", "Annotat3D")]
            instance.annotations.remove("new")
            assert json.loads(events.recv(30))["event"] == "removed"
            assert program.json("DELETE", f"/v1/annotations/{mark.id}") == {"removed": 1}
            assert program.json("DELETE", f"/v1/annotations/{mark.id}", status=404)["error"]
        bad = json.dumps({**content, "annotations": [{**record, "coords": [1, 2]}]}).encode()
        assert "annotations[0]" in program.json("PUT", "/v1/annotations", bad, status=422)["error"]
        assert "not JSON" in program.json("PUT", "/v1/annotations", b'{"annotations": [NaN', status=400)["error"]
        assert len(instance.annotations) == 0
        assert (endpoint.refused, endpoint.requests) == (3, 6)


def test_who_may_not_is_refused_and_changes_nothing(instance):
    labels = instance.labels("guarded", shape=SHAPE)
    with rv.send(labels, to="http://127.0.0.1:0") as endpoint:
        program = Program(endpoint)
        place = "/v1/region?start=0,0,0&stop=1,1,1"
        assert program.ask("PUT", place, b"\x07", Authorization="Bearer wrong")[0].status == 401
        assert program.ask("PUT", place, b"\x07", Authorization="")[0].status == 401
        assert program.ask("PUT", place, b"\x07", Origin="http://127.0.0.1:1")[0].status == 403
        assert program.ask("PUT", place, b"\x07", Host="rebound.example")[0].status == 403
        assert program.ask("GET", "/v1/events")[0].status == 426
        with socket.create_connection((program.place.hostname, program.place.port), 30) as raw:
            head = f"PUT {place} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {endpoint.token}\r\n"
            raw.sendall(f"{head}Content-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode())
            assert raw.recv(100).split()[1] == b"413"
        assert labels.changes().seq == 0
        assert labels[0, 0, 0] == 0
    with pytest.raises(OSError, match="refused"):
        program.ask("GET", "/v1")
    for address in ("http://0.0.0.0:0", "https://127.0.0.1:0", "http://127.0.0.1:99999", "http://127.0.0.1:1/x"):
        with pytest.raises(rv.ParameterError, match="to is"):
            rv.send(labels, to=address)
    with pytest.raises(rv.ParameterError, match="ndarray does not tell"):
        rv.send(np.zeros(3), to="http://127.0.0.1:0")


def test_who_reads_no_events_is_let_go_and_others_hear_on(instance, monkeypatch):
    monkeypatch.setattr(event_stream, "MAX_WAITING", 3)
    told = []
    stop = []

    class Many:
        """Tells more at once than anybody has read."""

        def on_change(self, listener):
            told.append(listener)
            return lambda: stop.append(listener)

        def __len__(self):
            return 0

    with rv.send(Many(), to="http://127.0.0.1:0") as endpoint, Program(endpoint).events() as events:
        assert json.loads(events.recv(30))["event"] == "hello"
        [listener] = told
        endpoint._routes.listen = None
        point = rv.Point(world=(1, 2, 3), id="a")
        listener([rv.AnnotationEvent("added", point, "", "local")] * 1000)
        with pytest.raises(Exception, match="1013"):  # noqa: PT012  some came before
            while True:
                events.recv(30)
        until(lambda: stop)
    assert len(stop) == 1
