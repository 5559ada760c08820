"""Labels that an instance holds, as an array of this process."""

from __future__ import annotations

import signal
import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ome_zarr.io import parse_url
from ome_zarr.reader import Reader

import voxbeam as rv
from conftest import until
from voxbeam.instance import Instance
from voxbeam.labels.regions import Region, parts_of, select
from voxbeam.labels.runs import decode_values, decode_varints, encode_values, encode_varints
from voxbeam.protocol import FrameError
from voxbeam.sidecar import start_sidecar


@given(st.lists(st.integers(0, 2**32 - 1), max_size=50))
@settings(max_examples=100, deadline=None)
def test_varints_come_back(numbers):
    assert decode_varints(encode_varints(np.array(numbers, "u4"))).tolist() == numbers


@pytest.mark.parametrize("broken", [b"\x80", b"\xff\xff\xff\xff\xff\x01", b"\xff\xff\xff\xff\x7f"])
def test_varints_that_are_none_are_refused(broken):
    with pytest.raises(FrameError):
        decode_varints(broken)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_values_come_back(label, size, seed):
    values = np.random.default_rng(seed).choice(np.array([0, 1, label], "u4"), (size, 3, 4))
    assert (decode_values(encode_values(values), values.size, np.dtype("u4")) == values.ravel()).all()
    with pytest.raises(FrameError, match="runs of"):
        decode_values(encode_values(values), values.size + 1, np.dtype("u4"))


def test_a_tail_that_is_damaged_or_inflates_too_far_is_refused(monkeypatch):
    tail = encode_values(np.arange(4096, dtype="u4"))
    with pytest.raises(FrameError, match="cut short"):
        decode_values(tail[:-5], 4096, np.dtype("u4"))
    with pytest.raises(FrameError):
        decode_values(b"\xff" * 20, 4096, np.dtype("u4"))
    monkeypatch.setattr("voxbeam.labels.runs.MAX_TAIL_BYTES", 4096)
    with pytest.raises(FrameError, match="4096 bytes"):
        decode_values(tail, 4096, np.dtype("u4"))


SHAPE = (5, 6, 7)
part = st.one_of(st.slices(5), st.integers(-5, 4), st.just(Ellipsis))


@given(st.lists(part, max_size=3).filter(lambda parts: parts.count(Ellipsis) < 2))
@settings(max_examples=200, deadline=None)
def test_an_index_means_what_it_means_to_numpy(parts):
    array = np.arange(5 * 6 * 7).reshape(SHAPE)
    region, inner, shape = select(tuple(parts), SHAPE)
    expected = array[tuple(parts)]
    assert shape == np.shape(expected)
    assert (array[region.slices][inner] == expected).all()


def test_a_large_region_is_cut_without_gaps():
    region, seen = Region((1, 2, 3), (21, 43, 95)), np.zeros((30, 50, 100), int)
    parts = list(parts_of(region, 1000))
    for one in parts:
        seen[one.slices] += 1
    assert (seen[region.slices] == 1).all()
    assert seen.sum() == 20 * 41 * 92
    assert max(np.prod(one.shape) for one in parts) <= 1000


@pytest.fixture(scope="module")
def painted():
    process = start_sidecar(store_bytes=64 * 2**20)
    instance = Instance(process.host, process.port, process.token, process=process)
    rv.render_volume(np.zeros((70, 80, 90), "u2"), instance, name="ct", voxel_size=(2, 1, 1), unit="mm", origin=(5, 0, 0))
    yield instance
    instance.close()


def test_labels_are_read_and_written_like_an_array(painted):
    labels = painted.labels("tissue", classes={1: "grey", 2: {"name": "white", "color": "#ffffff"}})
    place = (labels.shape, labels.dtype, labels.voxel_size, labels.origin, labels.unit)
    assert place == ((70, 80, 90), "u1", (2, 1, 1), (5, 0, 0), "mm")
    model = np.zeros(labels.shape, "u1")
    assert not np.asarray(labels).any()
    rng = np.random.default_rng(1)
    for index, value in [
        (np.s_[10:20, 30:40, :], 1), (np.s_[60:68, 60:70, 60:70], rng.integers(0, 9, (8, 10, 10))), (np.s_[5], 3),
        (np.s_[..., 7], np.arange(80)), (np.s_[::7, 3:60:2, ::-1], 5), (np.s_[0, 0, 0], 255), (np.s_[3:3], 4),
    ]:
        labels[index] = value
        model[index] = value
        assert (np.asarray(labels[index]) == model[index]).all()
    assert (np.asarray(labels) == model).all()
    assert labels[0, 0, 0] == 255
    assert {n: one.name for n, one in labels.classes.items()} == {1: "grey", 2: "white"}
    again = painted.labels("tissue")
    assert again.classes[2].color == "#ffffff"
    assert (again[60:68] == model[60:68]).all()


def test_painted_labels_are_written_as_ome_zarr(painted, tmp_path):
    labels = painted.labels("for others", classes={3: "fibre"}, like="ct", dtype="uint16")
    labels.paint((30, 40, 50), 6, 3)
    labels[69, 79, 89] = 300
    path = labels.to_zarr(tmp_path / "tissue.ome.zarr", progress=False)
    (found,) = list(Reader(parse_url(str(path)))())[:1]
    assert (np.asarray(found.data[0]) == np.asarray(labels)).all()
    assert found.data[0].dtype == np.uint16
    assert len(found.data) > 1
    (scales,) = [found.metadata["coordinateTransformations"][0]]
    assert scales[0]["scale"] == [2, 1, 1]
    assert (np.asarray(rv.import_labels(path)) == np.asarray(labels)).all()
    with pytest.raises(rv.VoxbeamError, match="tissue"):
        labels.to_zarr(path, progress=False)  # it is there already
    with pytest.raises(TypeError, match="colour"):
        labels.to_zarr(tmp_path / "b.ome.zarr", colour="red")


def test_painting_is_told_and_taken_back_by_its_maker_alone(painted):
    labels = painted.labels("strokes", like="ct", dtype="uint16")
    told, mine = [], labels.changes().seq
    stop = labels.on_change(told.append)
    change = labels.paint([(10, 10, 10), (10, 10, 30)], radius=3, label=300)
    z, y, x = np.ogrid[:70, :80, :90]
    distance = np.hypot(np.hypot(z - 10, y - 10), np.maximum(np.maximum(10 - x, x - 30), 0))
    assert change.voxels == (distance <= 3).sum()
    assert (change.label, change.start, change.stop) == (300, (7, 7, 7), (14, 14, 34))
    assert ((labels[:] == 300) == (distance <= 3)).all()
    labels.polygon(0, 10, [(0, 0), (0, 20), (20, 20), (20, 0)], label=7, over="empty")
    assert (labels[10, :20, :20] != 0).sum() > 380
    assert (labels[10, 10, 10], labels[11, 0, 0]) == (300, 0)
    filled = labels.fill((40, 40, 40), 9, box=((40, 30, 30), (50, 50, 50)))
    assert filled.voxels == 10 * 20 * 20
    flat = labels.fill((60, 40, 40), 8, axis=0, box=((60, 0, 0), (61, 80, 90)))
    assert flat.voxels == 80 * 90
    assert labels.undo().undo == "undo"
    assert not labels[60].any()
    assert labels.redo().voxels == 80 * 90
    mask = np.zeros((3, 3, 3), bool)
    mask[1] = True
    assert [one.voxels for one in labels.where(mask, 5, at=(0, 70, 80))] == [9]
    assert (labels[1, 70:73, 80:83] == 5).all()
    until(lambda: len(told) == 7)
    assert [one.seq for one in told] == list(range(mine + 1, mine + 8))
    assert {one.author for one in told} == {change.author}
    changes = labels.changes(since=told[-2].seq)
    assert changes.seq == told[-1].seq
    (box, values, lengths), = changes.runs()
    assert (lengths.sum(), set(values)) == (np.prod(box.shape), {5} | set(values))
    assert np.prod(box.shape) < labels.size / 4
    stop()


def test_a_range_of_values_is_exact_at_level_0_and_one_edit(painted):
    values = np.random.default_rng(7).normal(100, 30, (70, 80, 90)).astype("f4")
    values[10, 10, 10] = np.nan
    rv.render_volume(values, painted, name="measured", voxel_size=(2, 1, 1), unit="mm", origin=(5, 0, 0))
    labels = painted.labels("ranges", like="ct")
    inside = (values >= 90) & (values <= 120)
    model = np.zeros(labels.shape, "u1")
    model[3:60, 10:70, 5:85][inside[3:60, 10:70, 5:85]] = 3
    change = labels.threshold(((3, 10, 5), (60, 70, 85)), 90, 120, 3, image="measured")
    assert change.voxels == np.count_nonzero(model)
    assert (labels[:] == model).all()
    assert labels.counts() == {3: np.count_nonzero(model)}
    labels.undo()
    assert labels.counts() == {}
    z, y, x = np.ogrid[:70, :80, :90]
    ball = (z - 30) ** 2 + (y - 40) ** 2 + (x - 45) ** 2 <= 12**2
    labels.paint((30, 40, 45), 12, 1, within=(-np.inf, 95, "measured"))
    assert (labels[:] == (ball & (values <= 95))).all()
    square = [(9.5, 9.5), (9.5, 29.5), (29.5, 29.5), (29.5, 9.5)]
    labels.polygon(0, (10, 11), square, 2, within=(100, np.inf, "measured"))
    assert (labels[10:12, 10:30, 10:30] == 2 * (values[10:12, 10:30, 10:30] >= 100)).all()
    with pytest.raises(rv.ParameterError, match="2 images have"):
        labels.threshold(None, 1, 2)
    with pytest.raises(rv.ParameterError, match="nothing"):
        labels.threshold(None, 1, 2, image="nothing")
    with pytest.raises(rv.ParameterError, match="lower first"):
        labels.threshold(None, 3, 2, image="ct")
    with pytest.raises(rv.ParameterError, match="not those of the labels"):
        painted.labels("small", shape=(4, 5, 6)).threshold(None, 1, 2, image="ct")


def test_a_brush_is_as_large_as_it_is_pressed(painted):
    labels = painted.labels("pressed", like="ct")
    line = [(30, 20, 20), (30, 20, 60)]
    labels.paint(line, 8, 1, scales=[1, 0.5])
    labels.paint(line, 6, 2)
    assert not (labels[:] == 1).any()  # between two points it is their mean
    with pytest.raises(rv.ParameterError, match="scales"):
        labels.paint(line, 8, 1, scales=[1])


def test_supervoxels_are_connected_stay_in_their_tissue_and_come_again(painted):
    from scipy.ndimage import label as connected

    rng = np.random.default_rng(11)
    z, y, x = np.ogrid[:70, :80, :90]
    tissue = (np.hypot(np.hypot(2 * (z - 30), y - 40), x - 45) < 25).astype(int) + 2 * (x > 60)
    values = (50 * tissue + rng.integers(0, 12, tissue.shape)).astype("u1")
    rv.render_volume(values, painted, name="tissues", voxel_size=(2, 1, 1), unit="mm", origin=(5, 0, 0))
    labels = painted.labels("picked", like="ct")
    for number, seed in enumerate([(30, 40, 45), (30, 40, 72), (5, 5, 5), (28, 62, 45)], 1):
        change = labels.supervoxel(seed, 20, number, cell=8, image="tissues")
        piece = labels[:] == number
        assert connected(piece)[1] == 1
        assert piece[seed]
        assert np.unique(tissue[piece]).size == 1
        assert 64 < piece.sum() == change.voxels < 1024  # a cell has 4 x 8 x 8 voxels
        again = labels.supervoxel([seed, np.argwhere(piece)[-1]], 20, number, image="tissues")
        assert again.voxels == 0  # the same from any of its voxels
    before = labels[:]
    flat = labels.supervoxel((30, 40, 20), 20, 9, cell=10, axis=0, image="tissues", over="empty")
    assert (labels[:] == 9).any(axis=(1, 2)).nonzero()[0].tolist() == [30]
    assert flat.voxels == (labels[30] == 9).sum() > 20
    labels.undo()
    assert (labels[:] == before).all()
    for wrong, said in [({"contrast": 0}, "contrast"), ({"contrast": 9, "cell": 1}, "cell"), ({"contrast": 9, "axis": 3}, "ax")]:
        with pytest.raises(rv.ParameterError, match=said):
            labels.supervoxel((0, 0, 0), image="tissues", **wrong)
    with pytest.raises(rv.ParameterError, match="images have"):
        labels.supervoxel((0, 0, 0), 9)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_interpolation_between_planes_is_that_of_the_distance_transform(painted, axis):
    from scipy.ndimage import binary_opening, distance_transform_edt, gaussian_filter

    labels = painted.labels(f"shapes {axis}", like="ct")
    rng, model = np.random.default_rng(axis), np.zeros(labels.shape, bool)
    shape = tuple(np.delete(labels.shape, axis))
    planes, low = (20, 26, 33), (3, 7)
    for plane in planes:
        blobs = binary_opening(gaussian_filter(rng.normal(size=shape), 5) > 0.03)
        blobs[: low[0]] = blobs[:, : low[1]] = False
        model[(slice(None),) * axis + (plane,)] = blobs
    labels.where(model, 4)
    edges = np.delete(labels.voxel_size, axis)
    expected = np.moveaxis(model.copy(), axis, 0)
    for first, last in pairwise(planes):
        def signed(plane):
            framed = np.pad(np.moveaxis(model, axis, 0)[plane], 1)
            return (distance_transform_edt(framed, edges) - distance_transform_edt(~framed, edges))[1:-1, 1:-1]

        for plane in range(first + 1, last):
            expected[plane] = signed(first) * (last - plane) + signed(last) * (plane - first) >= 0
    expected = np.moveaxis(expected, 0, axis)
    change = labels.interpolate(4, axis)
    assert change.voxels == expected.sum() - model.sum() > 1000
    assert (labels[:] == 4 * expected).all()
    labels.undo()
    assert (labels[:] == 4 * model).all()
    with pytest.raises(rv.ParameterError, match="axis is 3"):
        labels.interpolate(4, 3)


def calls_off():
    """What a progress was told, and one that calls the edit off at its first word."""
    told = []

    def enough(done, total):
        told.append((done, total))
        raise LookupError("enough")

    return told, enough


def interrupt(*_):
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def test_a_large_fill_is_taken_back_by_what_its_progress_raises_and_by_an_interrupt(painted):
    side = 400
    labels = painted.labels("large", shape=(side, side, side), voxel_size=1)
    told, enough = calls_off()
    with pytest.raises(LookupError, match="enough"):
        labels.fill((1, 2, 3), 4, progress=enough)
    assert len(told) == 1
    assert 0 < told[0][0] < told[0][1] == 2 * side**3
    with pytest.raises(KeyboardInterrupt):
        labels.fill((1, 2, 3), 4, progress=interrupt)
    assert labels.counts() == {}
    assert not np.asarray(labels[::40]).any()
    with pytest.raises(rv.VoxbeamError, match="no edit"):
        labels.undo()
    assert labels.fill((1, 2, 3), 4, axis=0).voxels == side**2


def test_a_large_undo_and_redo_tell_how_far_they_are_and_are_called_off_by_their_progress_and_by_an_interrupt(painted):
    side = 512
    labels = painted.labels("undone", shape=(side, side, side), voxel_size=1)
    labels[:] = 4
    told, enough = calls_off()
    for again, before, after in [(labels.undo, {4: side**3}, {}), (labels.redo, {}, {4: side**3})]:
        seq = labels.changes().seq
        with pytest.raises(LookupError, match="enough"):
            again(progress=enough)
        with pytest.raises(KeyboardInterrupt):
            again(progress=interrupt)
        assert (labels.counts(), labels.changes().seq) == (before, seq)
        assert again().voxels == side**3
        assert labels.counts() == after
    assert len(told) == 2
    assert all(0 < done < total == side**3 for done, total in told)


def test_many_threads_write_one_volume(painted):
    labels = painted.labels("threads", like="ct")
    threads = [threading.Thread(target=lambda i=i: labels.__setitem__(np.s_[i * 10 : i * 10 + 10], i + 1)) for i in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (labels[:, 0, 0] == np.repeat(np.arange(1, 8), 10)).all()


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda labels: labels.__setitem__(0, 256), OverflowError, "0 to 255"),
        (lambda labels: labels.__setitem__(0, 1.5), TypeError, "float64"),
        (lambda labels: labels.__setitem__(np.s_[:3], np.zeros((4, 80, 90), int)), ValueError, "broadcast"),
        (lambda labels: labels[70], IndexError, "70"),
        (lambda labels: labels[0, 0, 0, 0], IndexError, "4 parts"),
        (lambda labels: labels[[1, 2]], IndexError, "list"),
        (lambda labels: labels.paint([(1, 2)], 3), rv.ParameterError, "z, y, x"),
        (lambda labels: labels.paint([(1, 2, float("nan"))], 3), rv.ParameterError, "finite"),
        (lambda labels: labels.paint((1, 2, 3), -1), rv.ParameterError, "radius is -1"),
        (lambda labels: labels.paint((1, 2, 3), 1, 256), rv.ParameterError, "0 .* to 255"),
        (lambda labels: labels.paint((1, 2, 3), 1, over="some"), rv.ParameterError, "'some'"),
        (lambda labels: labels.fill((1, 2, 300), 1), rv.VoxbeamError, r"\w"),
        (lambda labels: labels.where(np.ones((3, 3, 3), bool), at=(68, 0, 0)), rv.ParameterError, "does not lie"),
        (lambda labels: labels.redo(), rv.VoxbeamError, r"\w"),
    ],
)
def test_what_makes_no_sense_is_told_and_changes_nothing(painted, act, error, words):
    labels = painted.labels("quiet", like="ct")
    with pytest.raises(error, match=words):
        act(labels)
    assert labels.changes().seq == 0


def test_a_name_that_is_taken_and_options_that_are_none_are_told(painted):
    with pytest.raises(rv.ParameterError, match="ct"):
        painted.labels("ct")
    with pytest.raises(rv.ParameterError, match="nothing-there"):
        painted.labels("new", like="nothing-there")
    with pytest.raises(rv.ParameterError, match="float32"):
        painted.labels("new", dtype="float32")
    with pytest.raises(TypeError, match="did you mean 'classes'"):
        painted.labels("new", clases={})
    painted.labels("taken", shape=(4, 5, 6))
    with pytest.raises(rv.ParameterError, match="taken"):
        painted.labels("taken", shape=(4, 5, 7))
