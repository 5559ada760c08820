"""Generators: every level agrees with the next, and an exabyte costs nothing but what is looked at."""

from __future__ import annotations

import os
import time

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voxbeam as rv
from voxbeam.errors import ParameterError, ShapeError, SourceError, UnsupportedDtypeError
from voxbeam.geometry import BrickKey, brick_count, level_count, level_shape
from voxbeam.producer.mean import halve_by_mean
from voxel_reference import brick

MAKERS = {name: getattr(rv.synthetic, name) for name in rv.synthetic.__all__}
WHOLE = {"mandelbrot": (1, 2**27, 2**27), "mandelbulb": (2**20,) * 3}
#: How far the mean of 2x2x2 voxels and the voxel of the next level may be apart on average, in parts of the dtype's range. Ramp
#: and checkerboard are exact means; the others are sampled at the voxel's centre, fractals without end to their detail.
TOLERANCE = {"ramp": 0.5 / 255, "checkerboard": 0.5 / 255, "phantom": 0.02, "mandelbulb": 0.03, "mandelbrot": 0.05}


def whole(source, level: int) -> np.ndarray:
    shape = level_shape(source.shape, level)
    return source.read(level, tuple((0, n) for n in shape))


@pytest.mark.parametrize("name", MAKERS)
def test_the_mean_of_a_level_is_the_next_level(name):
    size = (1, 300, 300) if name == "mandelbrot" else 100
    source = MAKERS[name](size, "float32")
    for level in range(level_count(source.shape) - 1):
        fine, coarse = whole(source, level), whole(source, level + 1)
        mean = np.empty(coarse.shape, np.float32)
        halve_by_mean(np.ascontiguousarray(fine), mean)
        apart = np.abs(mean - coarse)
        assert apart.mean() <= TOLERANCE[name], f"level {level + 1}: {apart.mean():.4f}"
        if name in ("ramp", "checkerboard"):
            assert apart.max() < 1e-5, f"level {level + 1}: {apart.max()}"


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 140)] * 3), level=st.integers(0, 2), cell=st.integers(1, 40),
    name=st.sampled_from(["ramp", "checkerboard"]),
)
def test_ramp_and_checkerboard_are_the_means_that_the_pyramid_makes(shape, level, cell, name):
    options = {"cell": cell} if name == "checkerboard" else {}
    source = MAKERS[name](shape, "float32", **options)
    expected = whole(source, 0)
    level = min(level, level_count(shape) - 1)
    for below in range(level):
        mean = np.empty(level_shape(shape, below + 1), np.float32)
        halve_by_mean(np.ascontiguousarray(expected), mean)
        expected = mean
    np.testing.assert_allclose(whole(source, level), expected, atol=2e-6)


def test_a_ramp_of_given_slope_counts_voxels():
    source = rv.synthetic.ramp((2**20,) * 3, "float32", slope=(0, 0, 1))
    end = 2**20
    np.testing.assert_array_equal(source.read(0, ((0, 1), (5, 6), (end - 3, end))).ravel(), [end - 3, end - 2, end - 1])
    np.testing.assert_array_equal(source.read(14, ((0, 1), (0, 1), (0, 2))).ravel(), [2**13 - 0.5, 3 * 2**13 - 0.5])


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_any_dtype_gets_the_same_picture_over_its_range(name, dtype):
    size = (1, 90, 90) if name == "mandelbrot" else 40
    middle = 0 if name == "mandelbrot" else 20
    box = ((middle, middle + 1), (0, 40), (0, 40))
    real = MAKERS[name](size, "float32").read(0, box)
    found = MAKERS[name](size, dtype).read(0, box)
    top = 1 if dtype == "float32" else np.iinfo(dtype).max
    assert found.dtype == dtype
    assert found.max() > found.min()
    np.testing.assert_allclose(found.astype(float) / top, real, atol=0.51 / max(top, 1e6 if top == 1 else top))


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_call_gives_the_same_voxels_and_fingerprint_and_bricks_join(name):
    size = (1, 200, 200) if name == "mandelbrot" else 130
    first, again, other = MAKERS[name](size), MAKERS[name](size), MAKERS[name](size, "float32")
    assert first.fingerprint == again.fingerprint != other.fingerprint
    z = (0, 1) if name == "mandelbrot" else (60, 70)
    left, right, both = (first.read(0, (z, (60, 70), x)) for x in ((0, 66), (62, 130), (0, 130)))
    np.testing.assert_array_equal(left, both[..., :66])
    np.testing.assert_array_equal(right, both[..., 62:])
    np.testing.assert_array_equal(both, again.read(0, (z, (60, 70), (0, 130))))


@pytest.mark.parametrize("name", MAKERS)
def test_time_points_and_channels_differ(name):
    size = (1, 66, 66) if name == "mandelbrot" else 66
    sources = MAKERS[name](size, times=3, time_step=0.5, time_unit="s", channels=2)
    assert [source.name for source in sources] == [f"{name}/0", f"{name}/1"]
    assert [source.channel.index for source in sources] == [0, 1]
    assert (sources[0].times.count, sources[0].times.step, sources[0].times.unit) == (3, 0.5, "s")
    seen = [whole(source.at(time), 0) for source in sources for time in (0, 1)]
    for i, one in enumerate(seen):
        for another in seen[:i]:
            assert not np.array_equal(one, another)
    with pytest.raises(IndexError, match="time point 3"):
        sources[0].at(3)


def test_levels_that_a_generator_does_not_give_are_built(instance, sidecar, reader):
    source = rv.synthetic.ramp(128, levels=1)
    volume = instance.producer.declare(source)
    ((header, voxels),) = reader.read(volume.handle, [BrickKey(1, 0, 0, 0)]).values()
    assert header.generation == 1
    expected = brick(whole(rv.synthetic.ramp(128), 1), BrickKey(1, 0, 0, 0))
    np.testing.assert_allclose(voxels.astype(int), expected.astype(int), atol=1)


def test_a_picture_of_18_levels_has_four_more_made_of_the_18th(instance, sidecar, reader):
    volume = instance.producer.declare(rv.synthetic.mandelbrot(levels=18))
    ((header, voxels),) = reader.read(volume.handle, [BrickKey(21, 0, 0, 0)]).values()
    assert (header.level, header.generation) == (21, 1)
    given = rv.synthetic.mandelbrot().read(17, ((0, 1), (0, 1024), (0, 1024)))[0].astype(float)
    mean = given.reshape(64, 16, 64, 16).mean(axis=(1, 3))
    np.testing.assert_allclose(voxels[1, 1:65, 1:65], mean, atol=3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: rv.synthetic.ramp(0), ShapeError, "size is 0"),
        (lambda: rv.synthetic.ramp((4, 4)), ShapeError, "three z, y, x"),
        (lambda: rv.synthetic.ramp(2**31 + 1), ShapeError, "2147483648"),
        (lambda: rv.synthetic.ramp(8, "float64"), UnsupportedDtypeError, "float64"),
        (lambda: rv.synthetic.ramp(8, times=0), ParameterError, "times is 0"),
        (lambda: rv.synthetic.ramp(8, channels=1.5), ParameterError, "channels is 1.5"),
        (lambda: rv.synthetic.ramp(128, levels=5), ParameterError, "1 to 2"),
        (lambda: rv.synthetic.checkerboard(8, cell=0), ParameterError, "cell is 0"),
        (lambda: rv.synthetic.mandelbrot(iterations=0), ParameterError, "iterations is 0"),
        (lambda: rv.synthetic.mandelbulb(iterations=True), ParameterError, "iterations is True"),
        (lambda: rv.synthetic.phantom(8, periods=-1), ParameterError, "periods is -1"),
        (lambda: rv.from_function(3, (4, 4, 4), "u1"), ParameterError, "f is a int"),
    ],
)
def test_what_cannot_be_is_refused_with_its_value(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_function_that_fails_or_gives_another_shape_says_where():
    bad = rv.from_function(lambda *_: np.zeros((2, 2, 2)), (9, 9, 9), "u1", name="bad")
    with pytest.raises(SourceError, match=r"'bad' gave shape \(2, 2, 2\) at level 0, z 0:9, y 0:9, x 0:4.*\(9, 9, 4\)"):
        bad.read(0, ((0, 9), (0, 9), (0, 4)))
    broken = rv.from_function(lambda *_: 1 / 0, (9, 9, 9), "u1", name="broken")
    with pytest.raises(SourceError, match=r"'broken' failed at level 0.*ZeroDivisionError"):
        broken.read(0, ((0, 9), (0, 9), (0, 4)))


@pytest.mark.parametrize("name", WHOLE)
def test_the_largest_are_looked_at_within_a_second_and_a_bounded_amount_of_memory(instance, sidecar, reader, name, capsys):
    source = MAKERS[name]()
    assert source.shape == WHOLE[name]
    processes = [psutil.Process(os.getpid()), psutil.Process(sidecar.pid)]
    before = [process.memory_info().rss for process in processes]
    began = time.monotonic()
    assert rv.render_volume(source, instance)
    (volume,) = instance.declared(source, {})
    top = level_count(source.shape) - 1
    ((_, voxels),) = reader.read(volume.handle, [BrickKey(top, 0, 0, 0)]).values()
    took = time.monotonic() - began
    np.testing.assert_array_equal(voxels, brick(whole(source, top), BrickKey(top, 0, 0, 0)))
    assert "bricks are made as they are looked at." in capsys.readouterr().out
    assert instance.volumes[name].total == brick_count(source.shape)
    # Down to the single voxels of the far corner, and back up: each level's brick that holds it.
    last = [(n - 1) // 64 for n in source.shape]
    corner = [BrickKey(level, *(i >> level for i in last)) for level in range(top + 1)]
    found = reader.read(volume.handle, corner)
    assert len(found) == top + 1
    for key in (corner[0], corner[3]):
        low = [max(64 * i - 1, 0) for i in key[1:4]]
        shape = level_shape(source.shape, key.level)
        box = tuple((a, min(64 * i + 65, n)) for a, i, n in zip(low, key[1:4], shape, strict=True))
        inside = tuple(slice(a - (64 * i - 1), b - (64 * i - 1)) for (a, b), i in zip(box, key[1:4], strict=True))
        np.testing.assert_array_equal(found[key][1][inside], source.read(key.level, box))
    grown = [process.memory_info().rss - was for process, was in zip(processes, before, strict=True)]
    assert max(grown) < 150 * 2**20, grown
    assert took < 60, took  # looking at all of it would take years


def test_the_far_corner_of_an_exabyte_is_exact_to_the_voxel(instance, reader):
    end = 2**20
    source = rv.synthetic.ramp(end, "float32", slope=(0, 0, 1))
    volume = instance.producer.declare(source)
    ((_, voxels),) = reader.read(volume.handle, [BrickKey(0, 16383, 16383, 16383)]).values()
    np.testing.assert_array_equal(voxels[0, 0], [*np.arange(end - 65, end), end - 1])
    assert (volume.description.bricks, volume.nbytes) == (brick_count(source.shape), 0)
