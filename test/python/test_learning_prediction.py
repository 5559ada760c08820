"""Predictions: equal to the whole array, what is looked at first, the old one until the new one is there, bounded."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from brick_reader import BrickReader
from conftest import until
from learning_support import SHAPE, HeldPredictor, scribbles, two_halves
from voxbeam.errors import ParameterError, ShapeError, VoxbeamError
from voxbeam.geometry import brick_keys
from voxbeam.learning import Features, Prediction
from voxbeam.learning.api import learn
from voxbeam.learning.block_reader import open_image
from voxbeam.learning.measure import measure
from voxbeam.learning.pixel_predictor import PixelModel, PixelPredictor, shaded
from voxbeam.learning.plane_tiles import plane_tiles
from voxbeam.learning.predicted_levels import PredictedLevels
from voxbeam.learning.prediction import bricks_of, told_box
from voxbeam.learning.shown_prediction import show_prediction
from voxbeam.producer.updater import brick_boxes, gathered
from voxbeam.sources import from_function
from voxbeam.widget import VolumeView
from voxel_reference import brick, pyramid

SHARED_SIDECAR = True
QUICK = Features(sigmas=(1.0,))
SECONDS = 60


def model() -> PixelModel:
    """A forest that is not sure of everything."""
    image, labels = two_halves(), scribbles()
    rows = QUICK.read(open_image(image), tuple((0, n) for n in SHAPE))[:, labels > 0].T
    forest = RandomForestClassifier(7, max_depth=3, random_state=1).fit(rows[:, :2], labels[labels > 0])
    return PixelModel(Features(sigmas=(1.0,), kinds=("intensity",)), forest, (1, 2))


def shown(instance, predictor, shape=SHAPE, **more) -> Prediction:
    prediction = Prediction(shape, (1, 2, 3), name="guess", shade_name="guess uncertainty", **{"threads": 1, **more})
    prediction.renew(predictor)
    show_prediction(prediction, instance)
    return prediction


def check_bricks(reader, instance, name: str, expected: np.ndarray, kind: str) -> None:
    """Every brick of every level, as a viewer has it in the end."""
    handle = instance.volumes[name].handle
    reader.need(handle, list(brick_keys(expected.shape)))
    levels = pyramid(expected, kind)
    keys = list(brick_keys(expected.shape))

    def equal() -> bool:
        found = [reader.bricks.get((handle, key)) for key in keys]
        wanted = [brick(levels[key.level], key) for key in keys]
        return all(one is not None and np.array_equal(one[1], voxels) for one, voxels in zip(found, wanted, strict=True))

    reader.until(equal)


def test_bricks_equal_the_whole_array(instance, sidecar):
    one = model()
    image = open_image(two_halves())
    whole = one.of_block(image.read(tuple((-one.features.reach, n + one.features.reach) for n in SHAPE)))
    assert 0.5 < (whole[0] == np.where(np.arange(66) < 33, 1, 2)).mean() < 1, "some are wrong, so that equal means something"
    prediction = shown(instance, PixelPredictor(image, one))
    reader = BrickReader(sidecar)
    check_bricks(reader, instance, "guess", whole[0], "labels")
    check_bricks(reader, instance, "guess uncertainty", whole[1], "image")
    prediction.wait(SECONDS)
    np.testing.assert_array_equal(prediction[:], whole[0])
    np.testing.assert_array_equal(prediction[3, :, ::2], whole[0][3, :, ::2])
    reader.close()
    prediction.close()


def test_the_same_rows_are_asked_once_and_say_the_same():
    one = model()
    flat = np.zeros((1, 40, 40, 40), "f4")
    flat[0, 30:, 30:, 30:] = 150
    asked = []
    forest = one.model

    class Counting:
        def predict_proba(self, rows):
            asked.append(len(rows))
            return forest.predict_proba(rows)

    labels, shade = PixelModel(one.features, Counting(), (1, 2)).of_block(flat)
    rows = one.features.of_block(flat)
    plain = forest.predict_proba(rows.reshape(len(rows), -1).T).T.reshape(2, *labels.shape)
    np.testing.assert_array_equal(labels, shaded(plain.astype("f4"), (1, 2), None)[0])
    np.testing.assert_array_equal(shade, shaded(plain.astype("f4"), (1, 2), None)[1])
    assert sum(asked) < 0.2 * labels.size
    np.testing.assert_array_equal(shaded(plain.astype("f4"), (1, 2), 2)[1], np.floor(plain[1].astype("f4") * 255 + 0.5))


def test_slices_first_then_what_is_looked_at_then_the_rest(instance):
    shape = (200, 200, 200)
    held = HeldPredictor(held=True)
    prediction = shown(instance, held, shape)
    prediction.look_at((5, 6, 7))
    planes = plane_tiles(shape, (100, 100, 100)) + plane_tiles(shape, (5, 6, 7))
    held.gate.release(len(planes))
    prediction.wait(SECONDS, slices=True)
    assert held.asked[: len(planes)] == planes
    assert prediction.progress == (0, 64)
    # One brick is begun by now. Of the next ones, those that a viewer asks for go first, those asked for last before the others.
    for _ in range(len(planes) + 1):
        assert held.entered.acquire(timeout=SECONDS)
    prediction.labels.read(0, ((0, 65), (0, 65), (0, 65)))
    prediction.labels.read(1, ((63, 100), (63, 100), (63, 100)))
    prediction._wants._last -= 1  # a while later
    prediction.labels.read(0, ((127, 193), (127, 193), (0, 65)))
    held.gate.release(4)
    for _ in range(3):
        assert held.entered.acquire(timeout=SECONDS)
    begun = held.asked[len(planes) + 1 :]
    assert begun[:3] == [((127, 193), (127, 193), (0, 65)), ((0, 65), (0, 65), (0, 65)), ((127, 193), (127, 193), (127, 193))]
    held.gate.release(10**6)
    prediction.wait(SECONDS)
    assert prediction.progress == (64, 64)
    asked = held.asked[len(planes) :]
    assert len(asked) == len(set(asked)) == 64, "each brick once"
    far = [sum((max(low - 100, 100 - high, 0)) ** 2 for low, high in box) for box in asked]
    assert np.mean(far[4:20]) < np.mean(far[-16:]), "the rest from the middle outwards"
    prediction.close()


def test_the_old_one_stays_until_the_new_one_is_there(instance, sidecar):
    first = HeldPredictor(1)
    prediction = shown(instance, first)
    prediction.wait(SECONDS)
    reader = BrickReader(sidecar)
    check_bricks(reader, instance, "guess", np.ones(SHAPE, "u1"), "labels")
    second = HeldPredictor(2, held=True)
    prediction.renew(second)
    assert second.entered.acquire(timeout=SECONDS)
    assert (prediction.labels.read(0, tuple((0, n) for n in SHAPE)) == 1).all()
    check_bricks(reader, instance, "guess", np.ones(SHAPE, "u1"), "labels")
    assert prediction.progress[0] == 0
    third = HeldPredictor(3)
    prediction.renew(third)
    second.gate.release(10)
    check_bricks(reader, instance, "guess", np.full(SHAPE, 3, "u1"), "labels")
    prediction.wait(SECONDS)
    assert second.gave_up == 1, "what was under way was given up, and nothing of it is seen"
    assert len(second.asked) == 1
    generation = max(header.generation for header, _ in reader.bricks.values())
    assert generation >= 2
    reader.close()
    prediction.close()


def test_cancel_leaves_what_is_known(instance):
    held = HeldPredictor(held=True)
    prediction = shown(instance, held)
    assert held.entered.acquire(timeout=SECONDS)
    prediction.cancel()
    held.gate.release(10)
    until(lambda: held.gave_up == 1)
    with pytest.raises(VoxbeamError, match="Nothing is predicted now"):
        prediction.wait(SECONDS)
    assert prediction.most_uncertain() is None
    prediction.renew(HeldPredictor(2))
    prediction.wait(SECONDS)
    assert (prediction[:] == 2).all()
    prediction.close()


def test_a_failure_is_said_and_another_model_begins_anew(instance):
    class Failing(HeldPredictor):
        def predict(self, box, check):
            raise ZeroDivisionError("of mine")

    prediction = shown(instance, Failing())
    with pytest.raises(VoxbeamError, match="ZeroDivisionError: of mine"):
        prediction.wait(SECONDS)
    prediction.renew(HeldPredictor(2))
    prediction.wait(SECONDS)
    with pytest.raises(ParameterError, match="class 9"):
        prediction.renew(HeldPredictor(classes=(1, 9)))
    prediction.close()


def test_the_most_uncertain_place_and_the_next(instance):
    image = two_halves((140, 70, 70))
    labels = np.zeros(image.shape, "u1")
    labels[5, 5, 5:20] = 1
    labels[5, 5, 50:65] = 2

    class Unsure:
        """Doubts near two places, the second more."""

        def fit(self, rows, label):
            self.classes_ = np.unique(label)
            return self

        def predict_proba(self, rows):
            doubt = np.select([rows[:, 0] == 5000, rows[:, 0] == 6000], [0.3, 0.45], 0.0)
            return np.stack([1 - doubt, doubt], 1)

    image[96:112, 16:32, 16:32] = 5000
    image[16:24, 48:56, 32:40] = 6000
    learner = learn(image, labels, instance=instance, model=Unsure(), features=Features(sigmas=()), name="u", voxel_size=2.0)
    view = VolumeView(instance)
    view.camera = {"target": (0, 0, 0), "distance": 300, "yaw": 0.5, "pitch": 0.1}
    learner.follow_view(view)
    assert learner.most_uncertain() is None
    learner.train(progress=False)
    learner.prediction.wait(SECONDS)
    row = measure(learner.prediction).to_pylist()[0]
    assert (row["label"], row["volume"]) == (1, 8.0 * image.size), "in the unit of the image"
    first, second = learner.most_uncertain(), learner.most_uncertain()
    assert all(low <= i < low + 8 for i, low in zip(first["voxel"], (16, 48, 32), strict=True))
    assert first["world"] == tuple(2.0 * i for i in reversed(first["voxel"]))
    assert first["uncertainty"] == pytest.approx(0.9, abs=0.01)
    assert 96 <= second["voxel"][0] < 112
    assert view.cross == list(second["world"])
    assert view.camera == {"target": list(second["world"]), "distance": 300.0, "yaw": 0.5, "pitch": 0.1}
    learner.close()
    view.cross = [0.0, 0.0, 0.0]
    assert second["uncertainty"] == pytest.approx(0.6, abs=0.01)
    assert instance.layers["u"].opacity == pytest.approx(0.4)
    assert instance.layers["u uncertainty"].visible is False
    assert instance.volumes["u"].description.voxel_size == (2.0, 2.0, 2.0)
    learner.close()


def test_accepting_makes_labels(instance):
    labels = scribbles()
    learner = learn(two_halves(), labels, instance=instance, model=RandomForestClassifier(9, random_state=0), features=QUICK)
    with pytest.raises(VoxbeamError, match="Nothing is predicted"):
        learner.accept()
    learner.train(progress=False, score=False)
    guess, before = learner.prediction[:], labels.copy()
    box = ((0, 30), (0, 20), (10, 66))
    inside = np.zeros(SHAPE, bool)
    inside[:30, :, 10:] = True
    fresh = inside & (before == 0) & (guess == 2)
    assert learner.accept(box, classes=[2]) == fresh.sum()
    np.testing.assert_array_equal(labels, np.where(fresh, 2, before))
    others = (labels != guess).sum()
    assert learner.accept(write="all") == others
    np.testing.assert_array_equal(labels, guess)
    with pytest.raises(ParameterError, match="within"):
        learner.accept(((0, 99), (0, 1), (0, 1)))
    with pytest.raises(ShapeError):
        learner.accept(labels=np.zeros((3, 3, 3)))
    learner.close()


def test_what_is_larger_than_its_memory_is_kept_in_a_file(instance, tmp_path):
    prediction = shown(instance, HeldPredictor(2, shade=7), memory=0, folder=str(tmp_path))
    prediction.wait(SECONDS)
    assert isinstance(prediction._levels.array("labels", 0).base, np.memmap)
    assert (prediction[:] == 2).all()
    assert not list(tmp_path.iterdir()), "the file has no name that could be left behind"
    prediction.close()
    with pytest.raises(ParameterError, match="has no room for it"):
        PredictedLevels((2**16, 2**16, 2**12), "u1", memory=0, folder=str(tmp_path), lock=prediction._lock)


def test_memory_does_not_grow_with_the_volume(tmp_path):
    class Threshold:
        def predict_proba(self, rows):
            return np.stack([rows[:, 0] < 128, rows[:, 0] >= 128], 1).astype("f4")

    def ramp(level, z, y, x):
        return np.broadcast_to(np.arange(x.start, x.stop, dtype="u1"), (z.stop - z.start, y.stop - y.start, x.stop - x.start))

    features = Features(sigmas=(1.0,), kinds=("intensity",))
    peaks = []
    for shape in ((64, 128, 128), (64, 128, 128), (192, 192, 320)):
        image = open_image(from_function(ramp, shape, "u1"))
        prediction = Prediction(shape, (1, 2), memory=0, folder=str(tmp_path), threads=1)
        tracemalloc.start()
        prediction.renew(PixelPredictor(image, PixelModel(features, Threshold(), (1, 2))))
        prediction.wait(120)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        prediction.close()
        expected = np.where(np.arange(shape[2]) % 256 < 128, 1, 2)
        wrong = (prediction[shape[0] // 2, shape[1] // 2] != expected)[8:-8].mean()
        assert wrong < 0.1
    assert peaks[2] < 1.2 * peaks[1], "45 bricks take no more than 4"
    assert peaks[2] < 64 * 2**20


def test_only_the_brick_that_is_done_is_told_of():
    for shape in (SHAPE, (200, 64, 129)):
        for one in bricks_of(tuple((0, n) for n in shape)):
            level0 = brick_boxes(shape, told_box(shape, one))[0]
            count = np.prod([high - low for low, high in zip(level0[1:4], level0[4:], strict=True)])
            narrow = any(n - 64 * i < 3 for n, i in zip(shape, one, strict=True))
            assert count == 1 or narrow
            assert all(low <= i < high for low, i, high in zip(level0[1:4], one, level0[4:], strict=True))


def test_changes_far_apart_are_told_apart():
    a, b, c = ((0, 1), (0, 8), (0, 8)), ((1, 3), (0, 8), (0, 8)), ((90, 91), (0, 8), (0, 8))
    assert gathered(gathered([a], b), c) == [((0, 3), (0, 8), (0, 8)), c]
    places = []
    for i in range(200):
        places = gathered(places, ((i * 9, i * 9 + 1), (i, i + 1), (0, 1)))
    assert 0 < len(places) <= 64


def test_workers_of_a_cluster_predict_the_same():
    from distributed import Client

    one, image = model(), open_image(two_halves())
    whole = tuple((0, n) for n in SHAPE)
    with Client(n_workers=1, threads_per_worker=1, dashboard_address=None) as client:  # a process of its own
        labels, shade = PixelPredictor(image, one, client).predict(whole)
    alone = PixelPredictor(image, one).predict(whole)
    np.testing.assert_array_equal(labels, alone[0])
    np.testing.assert_array_equal(shade, alone[1])


def test_wrong_arguments_are_refused(instance):
    with pytest.raises(ShapeError, match=r"The labels have shape \(3, 3, 3\)"):
        learn(two_halves(), np.zeros((3, 3, 3), "u1"), instance=instance)
    with pytest.raises(TypeError, match="features"):
        learn(two_halves(), scribbles(), instance=instance, feature=QUICK)
    with pytest.raises(ParameterError, match="labels is a str"):
        learn(two_halves(), "tissue", instance=instance)
    one = learn(two_halves(), scribbles(), instance=instance, shade=9, features=QUICK)
    with pytest.raises(ParameterError, match="shade is 9"):
        one.train(progress=False)
