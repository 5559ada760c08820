"""A volume on a cluster of Dask: its workers, processes of their own, build its levels and send its bricks."""

from __future__ import annotations

import os
import signal
import time

import dask.array
import distributed
import numpy as np
import pytest

from producer_support import check_all
from voxbeam.cluster import level_graph, worker_helper
from voxbeam.geometry import brick_count, brick_grid, level_count
from voxel_reference import brick, pyramid

SHAPE = (70, 140, 330)


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


def voxels(dtype="uint16"):
    return (np.random.default_rng(8).random(SHAPE) * 60000 - (30000 if np.dtype(dtype).kind == "i" else 0)).astype(dtype)


def asked():
    return sum(helper.asked for helper in worker_helper._helpers.values())


def until_they_help(client, count=2):
    end = time.monotonic() + 60
    while sum(client.run(lambda: len(worker_helper._helpers)).values()) < count:
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("form", [("uint16", "image"), ("int16", "image"), ("uint8", "labels")])
def test_workers_build_the_levels_and_send_every_brick(client, producer, reader, monkeypatch, form):
    dtype, kind = form
    mine = []
    put = producer.queue.put
    monkeypatch.setattr(producer.queue, "put", lambda needs: put(mine.append(need) or need for need in needs))
    array = voxels(dtype)
    volume = producer.declare(dask.array.from_array(array, chunks=(50, 70, 90)), name=f"d-{dtype}", kind=kind)
    until_they_help(client)
    stored = array if dtype != "int16" else (array.astype("int32") + 32768).astype("uint16")
    check_all(reader, volume, stored, kind)
    counts = client.run(asked)
    assert sum(counts.values()) >= brick_count(SHAPE)
    assert min(counts.values()) >= brick_count(SHAPE) / 4  # both do
    assert mine == []  # nothing went through this process
    volume.remove()
    end = time.monotonic() + 60
    while sum(client.run(lambda: len(worker_helper._helpers)).values()):
        assert time.monotonic() < end


def test_a_worker_that_is_killed_leaves_no_gap(client, producer, reader):
    array = voxels()
    lazy = dask.array.from_array(array, chunks=(50, 70, 90)).map_blocks(lambda block: block)
    volume = producer.declare(lazy, name="killed")
    until_they_help(client)
    pid = next(iter(client.run(os.getpid).values()))
    os.kill(pid, signal.SIGKILL)
    check_all(reader, volume, array)
    volume.remove()


def test_levels_and_ranges_are_those_of_the_plain_way():
    array = voxels("float32")
    array[3:9, 60:70, 100:300] = np.nan
    levels = level_graph.level_arrays(dask.array.from_array(array, chunks=(33, 150, 77)), labels=False)
    expected = pyramid(array)
    assert len(levels) == level_count(SHAPE)
    for level, (one, other) in enumerate(zip(levels, expected, strict=True)):
        found = one.compute(scheduler="threads")
        np.testing.assert_allclose(found, other, rtol=1e-5)
        ranges = level_graph.range_array(one).compute(scheduler="threads")
        assert ranges.shape == (*brick_grid(SHAPE, level), 2)
        for z, y, x in np.ndindex(ranges.shape[:3]):
            whole = brick(found, (level, z, y, x))
            assert tuple(ranges[z, y, x]) == (np.nanmin(whole), np.nanmax(whole))


def test_parts_cover_every_brick_once():
    for shape in ((140, 150, 330), (64, 64, 64), (1, 5000, 100)):
        for count in (1, 2, 3, 7):
            total = 0
            for number in range(count):
                for level, *ends in worker_helper.part_boxes(shape, number, count):
                    assert all(b <= n for b, n in zip(ends[3:], brick_grid(shape, level), strict=True))
                    total += np.prod(np.subtract(ends[3:], ends[:3]))
            assert total == brick_count(shape)
