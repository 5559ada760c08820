"""The calls of a notebook, end to end to the sidecar: what is rendered, what is refused, and what stays untouched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import nibabel
import numpy as np
import psutil
import pytest
import zarr

import voxbeam as rv
from conftest import until
from voxbeam import embedded

BRAIN = np.arange(70 * 80 * 90, dtype="u2").reshape(70, 80, 90)


@pytest.fixture(scope="module", autouse=True)
def small_embedded():
    rv.configure(store_bytes=256 * 2**20)
    yield
    if embedded._instance is not None:
        embedded._instance.close()


def test_render_volume_returns_true_once_all_is_in_the_server(instance):
    assert (
        rv.render_volume(BRAIN, instance, voxel_size=(2, 1, 1), unit="mm", origin=(1, 2, 3), window=(10, 500), colormap="viridis")
        is True
    )
    volume = instance.volumes["BRAIN"]
    assert volume.complete
    assert volume.resident == volume.total
    d = volume.description
    assert (d.shape, d.dtype, d.voxel_size, d.unit, d.origin) == ((70, 80, 90), "uint16", (2, 1, 1), "mm", (1, 2, 3))
    assert (d.window, d.colormap, d.kind) == ((10, 500), "viridis", "image")
    assert "1 volume," in repr(instance)


def test_wait_false_returns_at_once_and_still_fills(instance):
    big = np.zeros((256, 256, 256), "u1")
    began = time.monotonic()
    assert rv.render_volume(big, instance, wait=False) is True
    assert time.monotonic() - began < 60
    until(lambda: instance.volumes["big"].complete, 60)


def test_scene_says_where_the_embedded_instance_keeps_what_is_drawn(tmp_path):
    volume = np.zeros((4, 5, 6), "u1")
    path = tmp_path / "brain.vxscene"
    with pytest.raises(rv.ParameterError, match="there is no folder"):
        rv.render_volume(volume, scene=tmp_path / "nowhere" / "x.vxscene")
    assert embedded._instance is None or not embedded._instance.alive
    rv.render_volume(volume, name="v", scene=path)
    instance = embedded._instance
    instance.annotations.add(rv.Point(voxel=(1, 2, 3)))
    instance.flush()
    assert path.stat().st_size > 0
    rv.render_volume(volume, name="v", scene=str(path))
    assert embedded._instance is instance
    with pytest.raises(rv.ParameterError, match=r"is running and keeps what is drawn in .*brain\.vxscene"):
        rv.view(volume, scene=tmp_path / "other.vxscene")
    with pytest.raises(rv.ParameterError, match="and an instance, which keeps its own"):
        rv.view(volume, instance, scene=path)
    instance.close()
    rv.render_volume(volume, name="v", scene=path)
    assert [point.voxel for point in embedded._instance.annotations] == [(1, 2, 3)]
    embedded._instance.close()  # the next test has one of its own


def test_without_an_instance_the_embedded_one_is_used_and_kept():
    assert rv.render_volume(BRAIN) is True
    first = embedded._instance
    labels = (BRAIN > 1000).astype("u1")
    assert rv.render_volume(labels, kind="labels") is True
    assert embedded._instance is first
    assert set(first.volumes) == {"BRAIN", "labels"}
    assert first.volumes["labels"].description.kind == "labels"


def test_the_same_name_replaces_and_other_names_stay(instance):
    rv.render_volume(BRAIN, instance, name="a")
    rv.render_volume(BRAIN, instance, name="b")
    seed = instance.annotations.add(rv.Point(voxel=(1, 2, 3), volume="a"))
    rv.render_volume(BRAIN[:40], instance, name="a", voxel_size=3)
    volumes = instance.volumes
    assert {name: volume.description.shape for name, volume in volumes.items()} == {"a": (40, 80, 90), "b": (70, 80, 90)}
    assert instance.annotations[seed.id].world == seed.world  # the mark stays where it is in the world


def test_a_volume_without_a_name_has_that_of_its_variable_or_file(instance, tmp_path):
    rv.render_volume(BRAIN[::2].copy(), instance)
    np.save(tmp_path / "from_file.npy", BRAIN)
    rv.render_volume(tmp_path / "from_file.npy", instance)
    rv.render_volume(str(tmp_path / "from_file.npy"), instance, name="named")
    assert set(instance.volumes) == {"volume", "from_file", "named"}


def test_files_bring_their_voxel_size(instance, tmp_path):
    image = nibabel.Nifti1Image(BRAIN.astype("i2"), np.diag([0.5, 1.0, 2.0, 1.0]))
    nibabel.save(image, tmp_path / "scan.nii.gz")
    assert rv.render_volume(tmp_path / "scan.nii.gz", instance)
    zarr.save_array(str(tmp_path / "store.zarr"), BRAIN)
    assert rv.render_volume(tmp_path / "store.zarr", instance)
    volumes = instance.volumes
    assert volumes["scan"].description.voxel_size == (2, 1, 0.5)
    assert volumes["store"].description.shape == BRAIN.shape


@pytest.mark.parametrize(
    ("volume", "error", "words"),
    [
        (np.zeros((4, 4)), rv.ShapeError, "2 axes"),
        (np.zeros((4, 4, 4, 4)), rv.ShapeError, "4 axes"),
        (np.zeros((4, 0, 4)), rv.ShapeError, "empty axis"),
        (np.zeros((4, 4, 4), complex), rv.UnsupportedDtypeError, "complex128"),
        (np.zeros((4, 4, 4), object), rv.UnsupportedDtypeError, "object"),
        (np.zeros((4, 4, 4), [("a", "u1")]), rv.UnsupportedDtypeError, "a"),
        (np.full((4, 4, 4), "x"), rv.UnsupportedDtypeError, "U1"),
        ("no/such/file.nii", rv.SourceError, "no/such/file.nii"),
        (object(), rv.SourceError, "object"),
        ([[[1]]], rv.SourceError, "list"),
    ],
)
def test_what_is_no_volume_is_told_and_touches_nothing(instance, volume, error, words):
    rv.render_volume(BRAIN, instance, name="other")
    mark = instance.annotations.add(rv.Point(voxel=(1, 1, 1)))
    threads = threading.active_count()
    for call in (rv.render_volume, rv.view):
        with pytest.raises(error, match=words) as caught:
            call(volume, instance, name="bad")
        assert caught.value.remedy
    assert set(instance.volumes) == {"other"}
    assert instance.volumes["other"].complete
    assert list(instance.annotations) == [mark]
    until(lambda: threading.active_count() <= threads)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"voxel_size": (1, 0, 1)}, "voxel_size is"),
        ({"voxel_size": (1, 2)}, "voxel_size is"),
        ({"origin": (1, float("nan"), 2)}, "origin is"),
        ({"kind": "mesh"}, "kind is 'mesh'"),
        ({"window": (5, 5)}, "window is"),
        ({"window": (float("nan"), 5)}, "window is"),
        ({"window": (5,)}, r"window is \(5,\)"),
        ({"window": 3}, "window is 3"),
        ({"window": ("a", 1)}, "window is"),
        ({"channels": 3}, "channels is 3"),
        ({"name": ""}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"unit": "m" * 300}, "unit"),
    ],
)
def test_options_that_make_no_sense_are_told(instance, options, words):
    with pytest.raises(rv.ParameterError, match=words) as caught:
        rv.render_volume(BRAIN, instance, **options)
    assert caught.value.remedy
    assert instance.volumes == {}


def test_floats_that_are_not_finite_are_counted_in_a_word(instance):
    volume = np.ones((20, 20, 20), "f4")
    volume[0, 0, :3] = np.nan, np.inf, -np.inf
    assert rv.render_volume(volume, instance)
    until(lambda: "3" in (instance.volumes["volume"].description.note or ""))


def test_a_truncated_file_is_told(instance, tmp_path):
    path = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(BRAIN, np.eye(4)), path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(rv.SourceError, match=r"scan\.nii\.gz") as caught:
        rv.render_volume(path, instance)
    assert "\n" not in caught.value.message
    assert str(caught.value).endswith(". Is it complete, and what its name says?")
    path.write_bytes(b"this is no image")
    with pytest.raises(rv.SourceError, match=r"scan\.nii\.gz"):
        rv.render_volume(path, instance)
    assert rv.render_volume(BRAIN, instance)


def test_what_the_store_cannot_hold_is_lazy_and_says_so_in_one_sentence(instance, capsys):
    huge = np.broadcast_to(np.uint8(7), (1024, 1024, 1024))
    before = psutil.Process().memory_info().rss
    assert rv.render_volume(huge, instance)
    said = capsys.readouterr().out
    assert said.startswith("'huge' takes 1.3 GiB, the store has ")
    assert said.count("\n") == said.count("a larger store_bytes holds all.\n") == 1
    assert not instance.volumes["huge"].complete
    assert rv.render_volume(BRAIN, instance)
    assert instance.volumes["BRAIN"].complete
    assert psutil.Process().memory_info().rss - before < 1024**3


def test_an_instance_that_ends_while_it_is_filled_is_told(instance, sidecar):
    big = np.zeros((400, 400, 400), "u1")
    threading.Timer(0.2, lambda: psutil.Process(sidecar.pid).kill()).start()
    began = time.monotonic()
    with pytest.raises(rv.InstanceGoneError, match=str(sidecar.port)):
        render_for_ever(big, instance)
    assert time.monotonic() - began < 60


def test_a_view_shows_what_was_rendered_without_rendering_it_again(instance):
    rv.render_volume(BRAIN, instance)
    before = instance.volumes["BRAIN"]
    view = rv.view(BRAIN, instance, height=300, transport="comm")
    assert instance.volumes["BRAIN"] == before
    assert (view.height, view._forced) == (300, "comm")
    assert view.annotations is instance.annotations
    assert "BRAIN" in repr(view)
    view.close()
    rv.view(BRAIN, instance, window=(1, 2)).close()
    assert instance.volumes["BRAIN"].description.window == (1, 2)
    rv.view(instance=instance).close()
    with pytest.raises(rv.ParameterError, match="transport='udp'"):
        rv.view(BRAIN, instance, transport="udp")


def test_a_volume_is_removed_with_its_bricks_and_nothing_else(instance, sidecar):
    rv.render_volume(BRAIN, instance, name="a")
    rv.render_volume(BRAIN, instance, name="b")
    mark = instance.annotations.add(rv.Point(voxel=(1, 2, 3), volume="a"))
    used = instance.status()["used_bytes"]
    instance.remove_volume("a")
    until(lambda: set(instance.volumes) == {"b"})
    assert instance.status()["used_bytes"] == used / 2
    assert [a.world for a in instance.annotations] == [mark.world]
    with pytest.raises(rv.ParameterError, match="no volume called 'a'") as caught:
        instance.remove_volume("a")
    assert caught.value.remedy == "It holds 'b'."
    other = rv.Instance(sidecar.host, sidecar.port, sidecar.token)
    with pytest.raises(rv.ParameterError, match="by another kernel"):
        other.remove_volume("b")
    other.close()
    view = rv.view(BRAIN, instance, name="a")  # what was removed is rendered again, not taken for what is there
    view.settled = True  # as its page says once it shows everything
    until(lambda: instance.volumes["a"].complete)
    view.close()


def test_a_view_fills_the_instance_when_it_has_settled_or_after_a_while(instance, monkeypatch):
    monkeypatch.setattr("voxbeam.background_fill.WAIT_SECONDS", 1.0)
    shown = rv.view(BRAIN, instance, name="shown")
    assert instance.status()["used_bytes"] == 0
    shown.settled = True
    until(lambda: instance.volumes["shown"].complete)
    hidden = rv.view(BRAIN.copy(), instance, name="hidden")
    assert not instance.volumes["hidden"].complete
    until(lambda: instance.volumes["hidden"].complete)
    shown.close()
    hidden.close()


def test_an_interrupt_ends_the_wait_and_nothing_else(tmp_path):
    """What the kernel's stop button does: SIGINT to the whole process group, while a cell waits for a volume."""
    code = """
        import numpy as np, voxbeam as rv
        from voxbeam.embedded import embedded_instance
        rv.configure(store_bytes=2**30)
        instance = embedded_instance()
        volume = np.random.default_rng(0).integers(0, 255, (512, 512, 512), "u1")
        small = np.zeros((8, 8, 8), "u1")
        try:
            print("ready", flush=True)
            while True:
                rv.render_volume(volume)
        except KeyboardInterrupt:
            print("interrupted", rv.render_volume(small), instance.volumes["small"].complete, instance.alive, flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)  # it is in the middle of it; at its beginning the same is true
    os.killpg(process.pid, signal.SIGINT)
    assert process.stdout.readline() == "interrupted True True True\n"
    assert process.wait(60) == 0


def test_a_view_never_waits_for_the_volume(instance):
    huge = np.broadcast_to(np.uint8(7), (1024, 1024, 1024))
    began = time.monotonic()
    view = rv.view(huge, instance)
    assert time.monotonic() - began < 60
    assert not instance.volumes["huge"].complete
    view.close()


def test_the_bar_is_told_how_far_it_is(instance, monkeypatch):
    told = []
    monkeypatch.setattr("voxbeam.api.Progress.update", lambda _, done, total: told.append((done, total)))
    rv.render_volume(BRAIN, instance)
    assert told[-1] == (9, 9) or told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def render_for_ever(volume, instance) -> None:
    while True:
        rv.render_volume(volume, instance)
