"""Pictures and movies from a page; the page is the test."""

from __future__ import annotations

import asyncio
import threading

import pytest

from voxbeam import studio as studio_module
from voxbeam.errors import ParameterError
from voxbeam.studio import Studio
from voxbeam.widget import VolumeView

SHARED_SIDECAR = True


@pytest.fixture
def asked():
    messages: list[dict] = []
    studio = Studio(messages.append)
    yield studio, messages
    studio.close()


def part(messages, number, parts, data, page="p"):
    content = {"t": messages[-1]["t"], "id": messages[-1]["id"], "page": page, "part": number, "parts": parts}
    return content, [memoryview(data)]


def test_a_picture_of_a_size_comes_in_parts_and_two_pages_do_not_mix(asked):
    studio, messages = asked
    picture = studio.picture({"width": 4000, "height": 3000})
    assert messages[-1]["size"] == {"width": 4000, "height": 3000}
    studio.receive(*part(messages, 1, 2, b"B", page="two"))
    studio.receive(*part(messages, 0, 2, b"a", page="one"))
    studio.receive(*part(messages, 1, 2, b"b", page="one"))
    studio.receive(*part(messages, 0, 2, b"A", page="two"))
    assert picture.result(0) == b"ab"
    assert studio._parts == {}


def test_a_movie_tells_its_progress_can_be_awaited_and_cancelled(asked):
    studio, messages = asked
    movie = studio.movie({"kind": "turntable"})
    studio.receive({"t": "movie", "id": messages[-1]["id"], "page": "p", "done": 3, "of": 12}, [])
    assert movie.done == 0.25
    threading.Timer(0.05, studio.receive, part(messages, 0, 1, b"webm")).start()

    async def scenario():
        return await movie

    assert asyncio.run(scenario()) == b"webm"
    other = studio.movie({})
    other.cancel()
    assert messages[-1] == {"t": "cancel", "id": messages[-2]["id"]}
    studio.receive(*part(messages[:-1], 0, 1, b"late"))


def test_a_movie_that_makes_no_frame_is_given_up_and_one_that_fails_says_why(asked, monkeypatch):
    studio, messages = asked
    monkeypatch.setattr(studio_module, "MOVIE_STALL_SECONDS", 0.02)
    with pytest.raises(TimeoutError, match="no frame"):
        studio.movie({}).result()
    movie = studio.movie({})
    movie.progressed(0.5)
    with pytest.raises(TimeoutError, match="no frame"):
        movie.result()
    failing = studio.movie({})
    studio.receive({"t": "movie", "id": messages[-1]["id"], "page": "p", "error": "no WebCodecs"}, [])
    with pytest.raises(RuntimeError, match="no WebCodecs"):
        failing.result()


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        ("screenshot", {"width": 100}, "both"),
        ("screenshot", {"width": 100, "height": 0}, "16"),
        ("screenshot", {"width": 100.5, "height": 100}, "100.5"),
        ("movie", {"kind": "spiral"}, "turntable"),
        ("movie", {"format": "gif"}, "webm"),
        ("movie", {"seconds": 0}, "0 frames"),
        ("movie", {"seconds": 1000, "fps": 60}, "60000 frames"),
        ("movie", {"degrees": float("inf")}, "finite"),
    ],
)
def test_what_cannot_be_made_is_refused_before_a_page_is_asked(instance, method, options, words):
    view = VolumeView(instance)
    with pytest.raises(ParameterError, match=words):
        getattr(view, method)(**options)
    with pytest.raises(TypeError):
        getattr(view, method)(size=3)
    view.close()
