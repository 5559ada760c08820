"""The widget's kernel side, against a real sidecar; only the comm's far end is the test."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import voxbeam as rv
from voxbeam import tunnel as tunnel_module
from voxbeam import widget as widget_module
from voxbeam.instance import Instance
from voxbeam.protocol import FrameType, decode_control, encode_control, unpack_frame
from voxbeam.sidecar import start_sidecar
from voxbeam.tunnel import MAX_MESSAGE_BYTES
from voxbeam.widget import VolumeView


class Page:
    """A page at the other end of a view's comm."""

    def __init__(self, view: VolumeView, monkeypatch: pytest.MonkeyPatch) -> None:
        self.view = view
        self.messages: list[dict] = []
        self.buffers: list[list[bytes]] = []
        self._arrived = threading.Condition()
        monkeypatch.setattr(view, "send", self._receive)

    def _receive(self, content, buffers=None):
        with self._arrived:
            self.messages.append(content)
            self.buffers.append([bytes(b) for b in buffers or ()])
            self._arrived.notify_all()

    def send(self, content, *buffers):
        self.view._handle_custom_msg(content, [memoryview(b) for b in buffers])

    def wait(self, test, seconds=5.0):
        """The first message, with its buffers, for which `test` holds."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: any(map(test, self.messages)), seconds), f"only came: {self.messages}"
            at = next(i for i, message in enumerate(self.messages) if test(message))
            return self.messages[at], self.buffers[at]

    def frames(self):
        """Every frame that came, as (header, control message)."""
        frames = [unpack_frame(f) for m, b in zip(self.messages, self.buffers, strict=True) if m["t"] == "frames" for f in b]
        return [(h, decode_control(p)) for h, p in frames if h.type != FrameType.SCENE]

    def open(self, name="t1"):
        self.send({"t": "open", "id": name})
        self.wait(lambda m: m["t"] == "opened" and m["id"] == name)
        hello = encode_control(FrameType.HELLO, {"kind": "viewer", "client": "test"})
        self.send({"t": "frame", "id": name}, hello)
        self.wait(lambda m: m["t"] == "frames" and m["id"] == name)


@pytest.fixture
def page(instance, monkeypatch):
    view = VolumeView(instance)
    yield Page(view, monkeypatch)
    view.close()


def eventually(test, seconds=60.0):
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)


def test_candidates_name_each_way_with_a_ticket_for_pages_of_this_computer(instance):
    direct, proxy, comm = widget_module.candidates(instance)
    assert (direct["kind"], proxy["kind"], comm) == ("direct", "proxy", {"kind": "comm"})
    assert direct["url"] == f"ws://127.0.0.1:{instance.port}/v1/stream"
    assert proxy["path"] == f"proxy/{instance.port}/v1/stream"
    protocols = ["vxb.1", f"vxb.ticket.{direct['ticket']}"]
    with connect(direct["url"], subprotocols=protocols, origin="http://localhost:8888", proxy=None) as stream:
        assert stream.subprotocol == "vxb.1"
    with pytest.raises(InvalidStatus):  # once
        connect(direct["url"], subprotocols=protocols, origin="http://localhost:8888", proxy=None).__enter__()
    protocols = ["vxb.1", f"vxb.ticket.{proxy['ticket']}"]
    with pytest.raises(InvalidStatus):  # of another computer
        connect(direct["url"], subprotocols=protocols, origin="http://evil.example", proxy=None).__enter__()


def test_showing_a_view_renews_its_tickets(page):
    before = page.view._candidates[0]["ticket"]
    page.view._repr_mimebundle_()
    assert page.view._candidates[0]["ticket"] != before


def test_a_ticket_is_minted_for_the_page_that_asks(page, instance):
    page.send({"t": "ticket", "id": "q1", "origin": "https://hub.example"})
    message, _ = page.wait(lambda m: m["t"] == "ticket")
    assert message["id"] == "q1"
    url = f"ws://127.0.0.1:{instance.port}/v1/stream"
    protocols = ["vxb.1", f"vxb.ticket.{message['ticket']}"]
    with connect(url, subprotocols=protocols, origin="https://hub.example", proxy=None) as stream:
        assert stream.subprotocol == "vxb.1"


def test_a_ticket_that_cannot_be_had_is_an_answer_too(page, instance):
    instance.close()
    page.send({"t": "ticket", "id": "q1", "origin": "http://localhost"})
    message, _ = page.wait(lambda m: m["t"] == "ticket")
    assert message["error"]
    assert "ticket" not in message


def test_the_tunnel_carries_frames_both_ways(page, instance):
    page.open()
    header, welcome = page.frames()[0]
    assert (header.type, welcome["instance"], welcome["role"]) == (FrameType.WELCOME, instance.id, "edit")
    assert instance.status()["viewers"] == 1


def test_many_frames_travel_in_few_messages(page):
    page.open()
    pings = [encode_control(FrameType.PING, {"t": float(i)}) for i in range(500)]
    start, began = len(page.messages), time.monotonic()
    for i in range(0, 500, 100):
        page.send({"t": "frame", "id": "t1"}, *pings[i : i + 100])
    eventually(lambda: sum(h.type == FrameType.PONG for h, _ in page.frames()) == 500)
    assert [m["t"] for h, m in page.frames() if h.type == FrameType.PONG] == [float(i) for i in range(500)]
    assert len(page.messages) - start < max(250, 200 * (time.monotonic() - began))  # a slow machine has nothing to put together


def test_bricks_come_through_in_order_in_bounded_messages_and_without_overrunning_the_server(page, instance):
    volume = np.arange(200**3, dtype=np.uint32).astype(np.uint16).reshape(200, 200, 200)
    assert rv.render_volume(volume, instance, name="v")
    handle = instance.status()["volumes"][0]["volume"]
    page.open()
    start = len(page.messages)
    began = time.monotonic()
    keys = [[0, z, y, x, 64 * z + 8 * y + x] for z in range(4) for y in range(4) for x in range(4)]
    page.send({"t": "frame", "id": "t1"}, encode_control(FrameType.NEED, {"volume": handle, "keys": keys}))
    seen: list[tuple[int, int, int]] = []

    def all_here():
        bricks = [
            unpack_frame(f)[0]
            for m, b in zip(page.messages, page.buffers, strict=True)
            if m["t"] == "frames"
            for f in b
        ]
        found = [(h.z, h.y, h.x) for h in bricks if h.type == FrameType.BRICK]
        if len(found) > len(seen):
            credit = (len(found) - len(seen)) * 581_000
            page.send({"t": "frame", "id": "t1"}, encode_control(FrameType.CREDIT, {"bytes": credit}))
            seen[:] = found
        return len(found) == 64

    eventually(all_here)
    assert seen == [tuple(k[1:4]) for k in keys]
    sizes = [sum(map(len, b)) for b in page.buffers[start:]]
    assert max(sizes) < MAX_MESSAGE_BYTES + 600_000
    assert len(sizes) / (time.monotonic() - began) <= 200


def test_the_page_hears_why_its_tunnel_ended(page, sidecar):
    page.open()
    sidecar.stop()
    message, _ = page.wait(lambda m: m["t"] == "closed")
    assert message["id"] == "t1"
    assert message["reason"]
    page.send({"t": "frame", "id": "t1"}, b"late")  # is dropped, and breaks nothing


def test_a_tunnel_to_an_instance_that_is_gone_says_so(page, sidecar):
    sidecar.stop()
    page.send({"t": "open", "id": "t9"})
    message, _ = page.wait(lambda m: m["t"] == "closed")
    assert message["id"] == "t9"
    assert "does not answer" in message["reason"] or "gone" in message["reason"]


def test_two_pages_of_one_view_have_a_tunnel_each_and_closing_the_view_ends_both(page, instance):
    page.open("a")
    page.open("b")
    assert instance.status()["viewers"] == 2
    page.send({"t": "close", "id": "a"})
    eventually(lambda: instance.status()["viewers"] == 1)
    page.view.close()
    eventually(lambda: instance.status()["viewers"] == 0)
    eventually(lambda: not any(t.name == "voxbeam-tunnel" for t in threading.enumerate()))


def test_only_the_viewers_code_is_handed_out(page, tmp_path, monkeypatch):
    code = tmp_path / "widget.js"
    code.write_text("export default 1")
    monkeypatch.setitem(widget_module._ASSETS, "widget.js", code)
    page.send({"t": "code", "id": "1", "name": "widget.js"})
    assert page.wait(lambda m: m["id"] == "1")[1] == [b"export default 1"]
    for name in ("../widget.py", str(code), "", None):
        page.send({"t": "code", "id": f"bad {name}", "name": name})
        message, buffers = page.wait(lambda m, name=name: m["id"] == f"bad {name}")
        assert "error" in message
        assert buffers == []
    code.unlink()
    page.send({"t": "code", "id": "2", "name": "widget.js"})
    assert "missing from the installed package" in page.wait(lambda m: m["id"] == "2")[0]["error"]


@pytest.mark.parametrize("nonsense", [None, "open", 5, {}, {"t": "no such"}, {"t": ["open"]}, {"t": "screenshot", "id": []}])
def test_nonsense_from_a_page_is_ignored(page, nonsense):
    page.view._on_page_message(page.view, nonsense, [])  # as the comm calls it, which would log what is raised
    page.open()


def test_a_screenshot_is_awaited(page):
    async def scenario():
        picture = page.view.screenshot()
        number = page.messages[-1]["id"]
        threading.Timer(0.05, page.send, ({"t": "screenshot", "id": number}, b"png")).start()
        return await picture

    assert asyncio.run(scenario()) == b"png"


def test_a_screenshot_that_fails_or_never_comes_says_why(page):
    picture = page.view.screenshot()
    page.send({"t": "screenshot", "id": page.messages[-1]["id"], "error": "no picture yet"})
    with pytest.raises(RuntimeError, match="no picture yet"):
        picture.result()
    with pytest.raises(TimeoutError, match=r"await view\.screenshot"):
        page.view.screenshot().result(timeout=0.05)


def test_the_transport_can_be_forced_and_a_wrong_one_is_refused(instance, monkeypatch):
    assert VolumeView(instance)._forced == ""
    assert VolumeView(instance, transport="comm")._forced == "comm"
    monkeypatch.setenv("VOXBEAM_TRANSPORT", "proxy")
    assert VolumeView(instance)._forced == "proxy"
    assert VolumeView(instance, transport="auto")._forced == ""
    with pytest.raises(rv.ParameterError, match="'pigeon'"):
        VolumeView(instance, transport="pigeon")


def test_the_codec_can_be_forced_and_a_wrong_one_is_refused(instance):
    assert (VolumeView(instance)._wanted_codec, VolumeView(instance).codec) == ("", "")
    assert VolumeView(instance, codec="zstd")._wanted_codec == "zstd"
    assert rv.view(np.zeros((4, 5, 6), np.uint16), instance, codec="preview")._wanted_codec == "preview"
    with pytest.raises(rv.ParameterError, match=r"codec='jpeg' is no codec.*'lz4'"):
        rv.view(np.zeros((4, 5, 6), np.uint16), instance, codec="jpeg")
    with pytest.raises(rv.ParameterError, match="'jpeg'"):
        VolumeView(instance, codec="jpeg")


def test_repr_says_what_is_shown_and_how(instance):
    view = rv.view(np.zeros((4, 5, 6), np.uint8), instance, name="brain", height=300)
    assert repr(view) == "<VolumeView brain 4×5×6 uint8>"
    view.set_state({"transport": "direct", "settled": True})  # as the page does
    assert repr(view) == "<VolumeView brain 4×5×6 uint8 direct settled>"
    assert view.height == 300
    assert view.annotations is instance.annotations


def test_unknown_keywords_are_refused(instance):
    with pytest.raises(TypeError, match="colour"):
        VolumeView(instance, colour="red")
    with pytest.raises(TypeError, match="colour"):
        rv.view(None, instance, colour="red")


@pytest.mark.parametrize(
    ("frame", "words"),
    [({"height": "x"}, "height is 'x'"), ({"height": 49}, "height is 49"), ({"views": "five"}, "views is 'five'")],
)
def test_a_frame_that_cannot_be_is_told_with_the_value(instance, frame, words):
    with pytest.raises(rv.ParameterError, match=words) as caught:
        rv.view(None, instance, **frame)
    assert caught.value.remedy


def test_a_page_that_the_kernel_cannot_hear_keeps_its_connection_for_a_while(monkeypatch):
    process = start_sidecar(store_bytes=64 * 2**20, heartbeat_ms=300)
    instance = Instance(process.host, process.port, process.token, process=process)
    view = VolumeView(instance)
    try:
        page = Page(view, monkeypatch)
        page.open()
        time.sleep(1.5)  # five heartbeats without a word of the page
        assert instance.status()["viewers"] == 1
        monkeypatch.setattr(tunnel_module, "PAGE_SILENCE_SECONDS", 0.5)  # a tab that was closed
        page.wait(lambda m: m["t"] == "closed")
        eventually(lambda: instance.status()["viewers"] == 0)
    finally:
        view.close()
        instance.close()
