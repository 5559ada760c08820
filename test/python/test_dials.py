"""Dials of a view: keywords, traits, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import voxbeam as rv
from voxbeam.dials import DIALS
from voxbeam.errors import ParameterError
from voxbeam.instance import Instance
from voxbeam.sidecar import start_sidecar


@pytest.fixture(scope="module")
def instance():
    process = start_sidecar()
    with Instance(process.host, process.port, process.token, process=process) as made:
        yield made


def test_dials_are_keywords_and_traits_that_reach_the_page(instance):
    volume = np.zeros((8, 8, 8), np.uint8)
    given = {"max_gpu_bytes": 2**26, "max_browser_bytes": np.int64(2**25), "max_cache_bytes": 0, "frame_ms": 16.5, "passes": 1}
    view = rv.view(volume, instance, **given)
    state = view.get_state()
    assert {name: state[name] for name in DIALS} == given
    assert type(state["max_browser_bytes"]) is int
    view.max_gpu_bytes = 2**27
    view.frame_ms = None
    assert view.get_state("max_gpu_bytes") == {"max_gpu_bytes": 2**27}
    assert view.get_state("frame_ms") == {"frame_ms": None}
    assert all(rv.view(volume, instance).get_state()[name] is None for name in DIALS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_gpu_bytes", -1), ("max_gpu_bytes", 1.5), ("max_browser_bytes", "1 GB"), ("max_cache_bytes", 2**41),
     ("max_cache_bytes", True), ("frame_ms", 4), ("frame_ms", float("nan")), ("passes", 0), ("passes", 65)],
)
def test_a_dial_beyond_its_limits_is_refused_with_its_value(instance, name, value):
    volume = np.zeros((8, 8, 8), np.uint8)
    with pytest.raises(ParameterError, match=name) as refused:
        rv.view(volume, instance, **{name: value})
    assert repr(value) in str(refused.value)
    view = rv.view(volume, instance)
    with pytest.raises(ParameterError, match=name):
        setattr(view, name, value)
    assert getattr(view, name) is None


def test_a_misspelt_dial_is_told_the_right_one(instance):
    with pytest.raises(TypeError, match="did you mean 'max_gpu_bytes'"):
        rv.view(np.zeros((8, 8, 8), np.uint8), instance, max_gpu_byte=1)


def test_clearing_the_browsers_storage_is_told_to_the_page(instance, monkeypatch):
    view = rv.view(np.zeros((8, 8, 8), np.uint8), instance)
    said = []
    monkeypatch.setattr(view, "send", lambda content, buffers=None: said.append(content))
    view.clear_browser_cache()
    assert said == [{"t": "clear_cache", "id": ""}]
