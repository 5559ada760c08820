"""Point clouds: every point in exactly one brick, from arrays and tables to what a viewer receives."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import voxbeam as rv
from brick_reader import SECONDS, BrickReader
from voxbeam.endpoint import Endpoint
from voxbeam.errors import ParameterError, ShapeError, UnsupportedDtypeError
from voxbeam.geometry import BrickKey, brick_count, brick_keys
from voxbeam.points import open_points
from voxbeam.points.brick_rows import decode_points, encode_points
from voxbeam.points.cloud import rows_of
from voxbeam.points.even_sample import even_sample
from voxbeam.points.octree import build_octree, choose_shape
from voxbeam.points.table import read_table
from voxbeam.protocol import (
    HEADER_BYTES,
    MAX_POINT_ROWS,
    POINT_STEPS,
    SLOT_BYTES,
    FrameType,
    decode_control,
    encode_control,
    unpack_frame,
)
from voxbeam.stream import open_stream


def places_of(xyz: np.ndarray, shape, voxel_size, origin) -> tuple[np.ndarray, np.ndarray]:
    """Low corner and step (x, y, z) of a described cloud's box."""
    low = np.array(origin) - np.array(voxel_size) / 2
    return low[::-1], (np.array(shape) * np.array(voxel_size) / POINT_STEPS)[::-1]


def _cloud(seed: int, count: int, kind: str) -> np.ndarray:
    rng = np.random.default_rng(seed)
    xyz = rng.normal(size=(count, 3))
    if kind == "plane":
        xyz[:, 2] = 0
    elif kind == "equal":
        xyz[:] = 7.5
    elif kind == "clusters":
        xyz = xyz * 1e-4 + rng.integers(0, 2, (count, 1)) * 1e6
    elif kind == "line":
        xyz[:, 1:] = 3
    elif kind == "ties":
        xyz = rng.integers(0, 3, (count, 3)).astype(float)
    return xyz


clouds = st.builds(
    _cloud,
    st.integers(0, 2**32 - 1),
    st.integers(1, 3000),
    st.sampled_from(["normal", "plane", "equal", "clusters", "line", "ties"]),
)


@settings(max_examples=60, deadline=None)
@given(clouds, st.integers(1, 400))
def test_every_point_stands_in_exactly_one_brick_inside_its_box(xyz, rows):
    low, high = xyz.min(axis=0), xyz.max(axis=0)
    span = np.where(high > low, high - low, 1)
    steps = np.rint((xyz - low) / span * (POINT_STEPS - 1)).astype(np.uint32).T[::-1].copy()
    shape = choose_shape(len(xyz), rows, [float(n) for n in (high - low)[::-1]])
    tree = build_octree(steps, shape)
    assert sorted(tree.places) == sorted(brick_keys(shape))
    np.testing.assert_array_equal(np.sort(tree.order), np.arange(len(xyz)))
    sizes = {key: end - start for key, (start, end) in tree.places.items()}
    assert sum(sizes.values()) == len(xyz)
    assert max(sizes.values()) <= rows
    spans = sorted(tree.places.values())
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    for key, (start, end) in tree.places.items():
        if start == end:
            continue
        own, box = steps[:, tree.order[start:end]], tree.boxes[key]
        assert (own.min(axis=1) >= box[:3]).all()
        assert (own.max(axis=1) <= box[3:]).all()
        above = BrickKey(key.level + 1, key.z // 2, key.y // 2, key.x // 2)
        if above in tree.boxes:
            assert all(a >= b for a, b in zip(box[:3], tree.boxes[above][:3], strict=True))
            assert all(a <= b for a, b in zip(box[3:], tree.boxes[above][3:], strict=True))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10**9), st.integers(1, MAX_POINT_ROWS), st.tuples(*[st.floats(0, 1e6)] * 3))
def test_the_grid_is_the_smallest_that_holds_the_points(count, rows, extents):
    shape = choose_shape(count, rows, extents)
    wanted = -(-count // rows)
    assert brick_count(shape) >= wanted
    # The next grid along the longest edge is at most one layer larger: little is wasted where there are many bricks.
    if wanted > 1000 and min(extents) > 0.5 * max(extents) > 0:
        assert brick_count(shape) < 1.5 * wanted


@settings(max_examples=40, deadline=None)
@given(clouds, st.integers(1, 500))
def test_a_sample_is_as_large_as_asked_and_has_no_point_twice(xyz, count):
    low = xyz.min(axis=0)
    span = max(float((xyz.max(axis=0) - low).max()), 1e-9)
    places = ((xyz - low) / span * 2**29).astype(np.uint32).T.copy()
    chosen = even_sample(places, min(count, len(xyz)), np.random.default_rng(0))
    assert len(chosen) == min(count, len(xyz)) == len(np.unique(chosen))


def test_a_sample_covers_what_is_thin_as_well_as_what_is_dense():
    rng = np.random.default_rng(3)
    dense, thin = rng.uniform(0, 0.5, (3, 99_000)), rng.uniform(0.5, 1, (3, 1000))
    places = (np.concatenate([dense, thin], axis=1) * 2**29).astype(np.uint32)
    chosen = even_sample(places, 2000, rng)
    # At random 20 of the 2000 would come from the thin part; of all that were looked at some 160 are in it.
    assert 100 < int((chosen >= 99_000).sum()) < 200


def test_the_same_points_give_the_same_bricks():
    xyz = _cloud(4, 50_000, "clusters")
    one, two = (open_points(xyz.copy(), xyz[:, 0], name="a") for _ in range(2))
    assert one.description == two.description
    for key in brick_keys(one.description.shape):
        assert one.rows.frame(3, key) == two.rows.frame(3, key)


def test_places_come_back_to_a_part_in_a_thousand_million():
    xyz = np.random.default_rng(0).normal(size=(40_000, 3)) * [1, 20, 300] + [5e6, -3, 1e4]
    cloud = open_points(xyz, xyz[:, 2], name="far", radius=0.25, properties={"n": np.arange(40_000)})
    d = cloud.description
    low, step = places_of(xyz, d.shape, d.voxel_size, d.origin)
    seen = np.zeros(len(xyz), bool)
    for key in brick_keys(d.shape):
        rows = cloud.rows.columns(key)
        index = rows["index"]
        assert not seen[index].any()
        seen[index] = True
        back = low + np.stack([rows["x"], rows["y"], rows["z"]], axis=1) * step
        assert (np.abs(back - xyz[index]) <= step + 1e-9 * np.abs(xyz[index])).all()
        np.testing.assert_allclose(rows["value"], xyz[index, 2].astype(np.float32))
        np.testing.assert_array_equal(rows["p0"], index)
    assert seen.all()
    assert d.points.radius == (0.0625, 0.25)


@pytest.mark.parametrize("properties", [0, 1, 5, 16])
def test_a_full_frame_fits_its_slot_and_begins_aligned(properties):
    rows = rows_of(properties)
    columns = {name: np.full(rows, 0x01020304, np.uint32) for name in ("x", "y", "z")}
    columns |= {"value": np.ones(rows, np.float32), "index": np.arange(rows, dtype=np.uint32)}
    columns |= {f"p{i}": np.ones(rows) for i in range(properties)}
    payload = encode_points(columns)
    assert HEADER_BYTES + len(payload) <= SLOT_BYTES["points"]
    assert HEADER_BYTES + len(payload) > 0.95 * SLOT_BYTES["points"]
    assert (HEADER_BYTES + payload.find(bytes([4, 3, 2, 1] * 16))) % 64 == 0
    for name, column in decode_points(payload).items():
        np.testing.assert_array_equal(column, columns[name])


def test_tables_are_read_by_their_columns():
    frame = pd.DataFrame({"x": [0, 1, 2], "y": [3, 4, 5], "z": [6, 7, 8.5], "value": [1, 2, None], "mass": [10, 11, 12]})
    for table in (frame, pa.Table.from_pandas(frame)):
        read = read_table(table, properties=["mass"])
        assert read.left_out == 1
        np.testing.assert_array_equal(read.index, [0, 1])
        np.testing.assert_array_equal(read.places[2], [6, 7])
        np.testing.assert_array_equal(read.values, [1, 2])
        np.testing.assert_array_equal(read.properties["mass"], [10, 11])
        np.testing.assert_array_equal(read_table(table, "mass").values, [10, 11, 12])


@pytest.mark.parametrize(
    ("xyz", "options", "error", "words"),
    [
        (np.zeros((5, 2)), {}, ShapeError, r"\(5, 2\)"),
        (np.zeros((0, 3)), {}, ShapeError, "0 points"),
        (np.full((4, 3), np.nan), {}, ShapeError, "None of the 4"),
        (np.zeros((5, 3)), {"values": [1, 2]}, ShapeError, "there are 5 points"),
        (np.zeros((5, 3)), {"properties": {"mass": [1]}}, ShapeError, "mass"),
        (np.zeros((5, 3), complex), {}, UnsupportedDtypeError, "complex128"),
        (np.zeros((2, 3)), {"values": ["a", "b"]}, UnsupportedDtypeError, "values"),
        (pd.DataFrame({"x": [1], "y": [2]}), {}, ParameterError, "no column 'z'"),
        (np.zeros((5, 3)), {"values": "mass"}, ParameterError, "no column 'mass'"),
        (np.zeros((5, 3)), {"properties": "mass"}, ParameterError, "properties is 'mass'"),
        (np.zeros((5, 3)), {"properties": {str(i): np.zeros(5) for i in range(17)}}, ParameterError, "17 properties"),
        (np.zeros((5, 3)), {"radius": -1}, ParameterError, "radius is -1"),
        (np.zeros((5, 3)), {"radius": (1, 2, 3)}, ParameterError, "radius"),
        (np.zeros((5, 3)), {"window": (2, 1)}, ParameterError, "window"),
        (np.zeros((5, 3)), {"range": (2, 1)}, ParameterError, "range"),
        (np.full((5, 3), 1e300), {"radius": 1}, ParameterError, "cannot tell"),
    ],
)
def test_what_is_wrong_is_named(xyz, options, error, words):
    with pytest.raises(error, match=words):
        open_points(xyz, name="wrong", **options)


def test_a_misspelt_option_is_an_error(instance):
    with pytest.raises(TypeError, match="did you mean 'radius'"):
        rv.render_points(np.zeros((2, 3)), instance=instance, radios=1)


class PointReader(BrickReader):
    """Needs bricks of points and keeps what comes."""

    def step(self, timeout: float = SECONDS) -> None:
        frame = self._stream.recv(timeout=timeout)
        header, payload = unpack_frame(frame)
        if header.type == FrameType.BRICK:
            self.bricks[header.volume, header.key] = header, decode_points(payload)
            self._stream.send(encode_control(FrameType.CREDIT, {"bytes": len(frame)}))
        elif header.type == FrameType.RANGES:
            table = pa.ipc.open_stream(payload).read_all()
            for row in table.to_pylist():
                self.ranges[header.volume, BrickKey(row["level"], row["z"], row["y"], row["x"])] = row
        elif header.type == FrameType.PING:
            self._stream.send(encode_control(FrameType.PONG, decode_control(payload)))


def test_a_cloud_comes_whole_through_the_sidecar(instance, sidecar):
    rng = np.random.default_rng(0)
    stars = rng.normal(size=(100_000, 3))
    stars[5, 1] = np.nan
    brightness = rng.uniform(size=100_000)
    ids = {"id": np.arange(100_000) * 10}
    assert rv.render_points(stars, brightness, instance=instance, range=(0.2, 0.9), properties=ids) is True
    volume = instance.volumes["stars"]
    assert volume.complete
    assert volume.resident == volume.total == brick_count(volume.description.shape)
    assert volume.description.note == "1 point is not finite and is left out."
    assert volume.description.points.count == 99_999
    assert volume.description.range == (0.2, 0.9)
    reader = PointReader(sidecar)
    keys = list(brick_keys(volume.description.shape))
    reader.need(volume.handle, keys)
    while len(reader.bricks) < len(keys) or len(reader.ranges) < len(keys):
        reader.step()
    reader.close()
    index = np.concatenate([rows["index"] for _, rows in reader.bricks.values()])
    np.testing.assert_array_equal(np.sort(index), np.delete(np.arange(100_000), 5))
    for (handle, key), (header, rows) in reader.bricks.items():
        assert header.dtype == 5
        np.testing.assert_allclose(rows["value"], brightness[rows["index"]].astype(np.float32))
        np.testing.assert_array_equal(rows["p0"], rows["index"] * 10.0)
        row = reader.ranges[handle, key]
        assert row["min"] == rows["value"].min()
        assert row["max"] == rows["value"].max()
        assert row["x0"] <= rows["x"].min()
        assert rows["x"].max() <= row["x1"]


def test_settings_that_are_reset_show_all_points_again(instance):
    dots = np.random.default_rng(0).normal(size=(100, 3))
    rv.render_points(dots, instance=instance)
    layer = instance.layers["dots"]
    new = layer.settings()
    layer.set(points=[(0, 0), (1, 0.5)], colormap="magma", opacity=0.2).reset()
    assert layer.settings() == new
    assert layer.points == ((0.0, 1.0), (1.0, 1.0))


def test_the_same_cloud_again_keeps_its_bricks_and_another_replaces_it(instance):
    dots = np.random.default_rng(0).normal(size=(30_000, 3))
    rv.render_points(dots, instance=instance)
    handle = instance.volumes["dots"].handle
    assert rv.render_points(dots.copy(), instance=instance, name="dots", colormap="magma")
    assert instance.volumes["dots"].handle == handle
    rv.render_points(dots + 1, instance=instance, name="dots")
    assert instance.volumes["dots"].handle != handle
    instance.remove_volume("dots")
    assert not instance._connected().gone


def test_a_brick_that_is_not_there_is_refused(instance, sidecar):
    cloud = np.zeros((10, 3))
    rv.render_points(cloud, instance=instance)
    handle = instance.volumes["cloud"].handle
    ticket = Endpoint(sidecar.host, sidecar.port, sidecar.token).ticket("stream", "view", "none")
    stream = open_stream(sidecar.host, sidecar.port, ticket)
    stream.send(encode_control(FrameType.HELLO, {"kind": "viewer", "client": "t"}))
    stream.send(encode_control(FrameType.NEED, {"volume": handle, "keys": [[0, 5, 0, 0, 0]]}))
    while True:
        header, payload = unpack_frame(stream.recv(timeout=SECONDS))
        if header.type == FrameType.ERROR:
            break
    assert decode_control(payload)["code"] == 4404
    stream.close()
