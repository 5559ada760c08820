"""Time points and channels: from arrays and files, through the wire, never taken for one another."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

import voxbeam as rv
from conftest import until
from test_sources import nifti
from voxbeam.description import Times
from voxbeam.errors import ParameterError, ShapeError, SourceError
from voxbeam.geometry import BrickKey, brick_count, brick_keys
from voxbeam.producer import levels as levels_module
from voxbeam.producer import time_points
from voxbeam.sources import Source, open_source, open_sources
from voxbeam.sources.time_series import TimeSeries
from voxel_reference import brick, pyramid

SHARED_SIDECAR = True
SHAPE = (70, 66, 65)


def series(times=4, dtype=np.uint16) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.integers(0, 200, (times, *SHAPE)).astype(dtype)


def check_times(reader, volume, arrays) -> None:
    """Every brick of every time point against the reference."""
    keys = [key._replace(time=time) for time in range(len(arrays)) for key in brick_keys(SHAPE)]
    found = reader.read(volume.handle, keys)
    for time, array in enumerate(arrays):
        levels = pyramid(array, "image")
        for key in brick_keys(SHAPE):
            header, voxels = found[key._replace(time=time)]
            assert (header.time, header.generation, header.flags) == (time, 1, 0)
            np.testing.assert_array_equal(voxels, brick(levels[key.level], key), err_msg=f"{key} at {time}")


def test_each_time_point_of_an_array_comes_as_it_is(producer, reader, instance):
    array = series()
    volume = producer.declare(open_source(array, axes="tzyx"), name="film")
    check_times(reader, volume, array)
    reader.until(lambda: all((volume.handle, BrickKey(1, 0, 0, 0, time)) in reader.ranges for time in range(4)))
    for time in range(4):
        low, high = reader.ranges[volume.handle, BrickKey(1, 0, 0, 0, time)]
        assert (low, high) == (pyramid(array[time], "image")[1].min(), pyramid(array[time], "image")[1].max())
    assert instance.volumes["film"].total == 4 * brick_count(SHAPE)
    assert volume.description.to_wire()["times"] == {"count": 4}


def test_a_film_is_filled_as_a_whole(producer):
    volume = producer.declare(open_source(series(), axes="tzyx"), name="film")
    volume.fill(timeout=60)
    assert volume.status["resident"] == volume.status["total"] == 4 * brick_count(SHAPE)
    assert volume.status["complete"]


def test_time_points_too_large_to_wait_for_are_previews_first_and_then_true(producer, reader, monkeypatch):
    monkeypatch.setattr(levels_module, "SMALL_VOXELS", {"image": 0, "labels": 0})
    array = series()
    volume = producer.declare(open_source(array, axes="tzyx"), name="film")
    reader.read(volume.handle, [BrickKey(1, 0, 0, 0, time) for time in range(4)])
    until(lambda: len(volume.points.all()) == 4 and all(point.built.is_set() for point in volume.points.all()))
    reader.until(lambda: {change.get("time", 0) for change in reader.changed} == {0, 1, 2, 3})
    check_times(reader, volume, array)


def test_what_is_built_of_many_time_points_stays_within_its_memory(producer, reader, monkeypatch):
    array = series(times=6)
    one = 2 * 35 * 33 * 33
    for module in (levels_module, time_points):
        monkeypatch.setattr(module, "memory_limit", lambda: 2 * one)
    volume = producer.declare(open_source(array, axes="tzyx"), name="film")
    for _ in range(2):
        reader.bricks.clear()
        check_times(reader, volume, array)
        assert one <= volume.nbytes <= 3 * one
        assert len(volume.points.all()) <= 3


def test_a_time_point_that_cannot_be_read_fails_alone(producer, reader):
    def open_at(time: int) -> Source:
        if time == 1:
            raise SourceError("'frame1.tif' is cut short.", "Copy it again.")
        return Source(shape=(5, 5, 5) if time == 2 else SHAPE, dtype=np.dtype("u1"), array=np.full(SHAPE, 40 + time, np.uint8))

    first = Source(shape=SHAPE, dtype=np.dtype("u1"), array=np.full(SHAPE, 40, np.uint8), name="film")
    volume = producer.declare(TimeSeries(first, open_at, Times(4)))
    found = reader.read(volume.handle, [BrickKey(1, 0, 0, 0, time) for time in range(4)])
    assert {key.time: int(voxels.max()) for key, (_, voxels) in found.items()} == {0: 40, 3: 43}
    said = {error["time"]: error["message"] for error in reader.errors}
    assert said[1] == "'frame1.tif' is cut short."
    assert "(5, 5, 5)" in said[2]
    reader.errors.clear()
    again = reader.read(volume.handle, [BrickKey(1, 0, 0, 0, 3), BrickKey(1, 0, 0, 0, 1)])
    assert set(again) == {BrickKey(1, 0, 0, 0, 3)}


def test_channels_are_volumes_of_their_own_and_added(instance, reader):
    array = np.stack([np.full(SHAPE, 10, np.uint8), np.full(SHAPE, 20, np.uint8)])
    assert rv.render_volume(array, instance, name="cells", axes="czyx", channels=["DAPI", "GFP"])
    volumes = instance.volumes
    assert list(volumes) == ["cells/DAPI", "cells/GFP"]
    assert [v.description.channel.index for v in volumes.values()] == [0, 1]
    assert {v.description.channel.group for v in volumes.values()} == {"cells"}
    layers = [instance.layers[name] for name in volumes]
    assert [layer.blend for layer in layers] == ["additive", "additive"]
    assert layers[0].colormap.startswith("#")
    assert layers[0].colormap != layers[1].colormap
    for name, value in (("cells/DAPI", 10), ("cells/GFP", 20)):
        ((_, voxels),) = reader.read(volumes[name].handle, [BrickKey(1, 0, 0, 0)]).values()
        assert (voxels.min(), voxels.max()) == (value, value)
    instance.remove_volume("cells")
    until(lambda: not instance.volumes)


def test_time_and_channels_in_either_order(instance, reader):
    array = np.arange(6, dtype=np.uint8).reshape(3, 2, 1, 1, 1) * np.ones((1, 1, *SHAPE), np.uint8)
    for axes, given in (("tczyx", array), ("ctzyx", array.swapaxes(0, 1))):
        rv.render_volume(given, instance, name=axes, axes=axes, time_step=2, time_unit="min", colormap=["#ff0000", "magma"])
        for channel in (0, 1):
            volume = instance.volumes[f"{axes}/{channel}"]
            assert (volume.description.times.count, volume.description.times.step, volume.description.times.unit) == (3, 2, "min")
            found = reader.read(volume.handle, [BrickKey(1, 0, 0, 0, time) for time in range(3)])
            assert [int(found[BrickKey(1, 0, 0, 0, time)][1].max()) for time in range(3)] == [2 * t + channel for t in range(3)]
        assert [instance.layers[f"{axes}/{c}"].colormap for c in (0, 1)] == ["#ff0000", "magma"]


def test_ome_zarr_with_time_and_channels(tmp_path, instance, reader):
    group = zarr.open_group(str(tmp_path / "cells.zarr"), mode="w")
    values = np.random.default_rng(1).integers(0, 99, (3, 2, *SHAPE)).astype(np.uint16)
    array = group.create_array("0", shape=values.shape, dtype="u2", chunks=(1, 1, 64, 64, 64))
    array[...] = values
    axes = [{"name": "t", "type": "time", "unit": "second"}, {"name": "c", "type": "channel"}]
    axes += [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
    steps = [{"type": "scale", "scale": [0.25, 1.0, 2.0, 1.0, 1.0]}]
    omero = {"channels": [
        {"label": "DAPI", "color": "0000FF", "window": {"start": 5, "end": 80, "min": 0, "max": 65535}},
        {"label": "GFP", "color": "no colour", "window": {"start": 9, "end": 9}},
    ]}
    multiscales = [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": steps}]}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": multiscales, "omero": omero}
    dapi, gfp = open_sources(tmp_path / "cells.zarr")
    assert (dapi.times.count, dapi.times.step, dapi.times.unit) == (3, 0.25, "s")
    assert (dapi.channel.name, dapi.channel.color, dapi.window) == ("DAPI", "#0000ff", (5.0, 80.0))
    assert (gfp.channel.name, gfp.channel.color, gfp.window) == ("GFP", None, None)
    rv.render_volume(tmp_path / "cells.zarr", instance)
    assert list(instance.volumes) == ["cells/DAPI", "cells/GFP"]
    assert instance.layers["cells/DAPI"].colormap == "#0000ff"
    assert instance.layers["cells/DAPI"].window == (5.0, 80.0)
    check_times(reader, instance.volumes["cells/GFP"], values[:, 1])


def test_a_film_of_nifti(tmp_path):
    values = np.arange(2 * 3 * 4 * 5, dtype="i2").reshape(5, 4, 3, 2)
    source = open_source(nifti(tmp_path, values))
    assert (source.shape, source.times.count) == ((3, 4, 5), 2)
    np.testing.assert_array_equal(source.at(1).array, values[..., 1].T)
    assert source.at(1).array.base is not None


@pytest.mark.parametrize(
    ("shape", "axes", "error", "words"),
    [
        ((2, 5, 5, 5), None, ShapeError, "axes='tzyx'"),
        ((2, 2, 5, 5, 5), None, ShapeError, "axes='tczyx'"),
        ((2, 5, 5, 5), "tczyx", ShapeError, "names 5"),
        ((2, 5, 5, 5), "xyzt", ParameterError, "'xyzt'"),
        ((0, 5, 5, 5), "tzyx", ShapeError, "empty"),
    ],
)
def test_axes_that_do_not_fit_are_refused_with_the_way_out(shape, axes, error, words):
    with pytest.raises(error, match=words):
        open_source(np.zeros(shape), axes=axes)


def test_names_and_colours_must_be_as_many_as_channels(instance):
    array = np.zeros((2, 4, 4, 4), np.uint8)
    with pytest.raises(ParameterError, match="channels names 3"):
        rv.render_volume(array, instance, axes="czyx", channels=["a", "b", "c"])
    with pytest.raises(ParameterError, match="same name"):
        rv.render_volume(array, instance, axes="czyx", channels=["a", "a"])
    with pytest.raises(ParameterError, match="colormap lists 1"):
        rv.render_volume(array, instance, axes="czyx", colormap=["gray"])
    with pytest.raises(ParameterError, match="2 channels"):
        open_source(array, axes="czyx")
