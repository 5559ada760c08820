"""Training: labels to rows, rows to a model, judged by strokes that it has not seen; models in files that run nothing."""

from __future__ import annotations

import json
import time
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB

from conftest import until
from learning_support import scribbles, two_halves
from voxbeam.errors import ParameterError, SourceError, VoxbeamError
from voxbeam.learning import Features, Learner
from voxbeam.learning.block_reader import open_image
from voxbeam.learning.classifier import balanced_weights, checked_classifier
from voxbeam.learning.labelled_voxels import LabelledVoxels, gather
from voxbeam.learning.model_file import load_model, save_model
from voxbeam.learning.strokes import find_cells, find_strokes, hold_out, stroke_boxes

QUICK = Features(sigmas=(1.0,))


OPTIONS = {
    "name": "p", "features": QUICK, "model": GaussianNB(), "seed": 4, "shade": None, "max_voxels": 10_000, "view": None,
    "cluster": None, "keywords": {"background": False},
}


class NearestMean:
    """A classifier of one's own: nothing but fit and predict_proba."""

    def fit(self, rows, label):
        self.classes_ = np.unique(label)
        self.means = np.stack([rows[label == one].mean(axis=0) for one in self.classes_])
        return self

    def predict_proba(self, rows):
        near = -np.abs(rows[:, None, :1] - self.means[None, :, :1]).sum(axis=2) / 10
        odds = np.exp(near - near.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)


def learner(labels=None, model=None, **more) -> Learner:
    """A learner that shows nothing."""
    model = RandomForestClassifier(12, min_samples_leaf=3, random_state=0) if model is None else model
    keywords = {**OPTIONS, **more}
    del keywords["model"]
    return Learner(open_image(two_halves()), scribbles() if labels is None else labels, None, model=model, **keywords)


def test_labelled_voxels():
    labels = np.zeros((5, 70, 8), "u2")
    labels[1, 65, 2:5] = 300
    labels[4, 0, 0] = 7
    found = gather(labels)
    assert found.counts == {7: 1, 300: 3}
    assert found.voxels.tolist() == [[1, 65, 2], [1, 65, 3], [1, 65, 4], [4, 0, 0]]
    labels[1, 65, 3] = 0
    labels[1, 66, 3] = 9
    box = ((1, 2), (65, 67), (0, 8))
    again = found.replaced([box], gather(labels, [box]))
    assert again.voxels.tolist() == gather(labels).voxels.tolist()
    assert again.counts == {7: 1, 9: 1, 300: 2}
    few = LabelledVoxels((1, 1, 200), np.arange(200), np.repeat([1, 2, 3], [150, 45, 5])).limited(60, seed=1)
    assert few.counts == {1: 28, 2: 27, 3: 5}
    for wrong, word in ((-4, "have -4"), (70_000, "have 70000"), (1.0, "float64")):
        with pytest.raises(ParameterError, match=word):
            gather(np.full((2, 2, 2), wrong))


def test_strokes_are_held_out_as_a_whole():
    labels = np.zeros((4, 6, 130), "u1")
    labels[1, 1, :50] = 1
    labels[2, 2, 50:60] = 1  # touches by a corner
    labels[1, 4, 60:100] = 1
    labels[1, 1, 129] = 1
    labels[1, 2, 0] = 2  # the neighbour of another class, and of nothing across the edge
    voxels = gather(labels)
    stroke = find_strokes(voxels)
    sizes = sorted(np.bincount(stroke).tolist())
    assert sizes == [1, 1, 40, 60]
    for seed in range(5):
        held = hold_out(voxels.label, stroke, seed)
        assert not held[voxels.label == 2].any(), "the only stroke of a class stays"
        for one in np.unique(stroke):
            assert held[stroke == one].all() or not held[stroke == one].any()
    boxes = list(stroke_boxes(voxels, 2))
    assert sum(len(members) for _, members in boxes) == len(voxels)
    assert {((1, 3), (1, 3), (0, 60)), ((1, 2), (4, 5), (60, 64)), ((1, 2), (4, 5), (64, 100))} < {box for box, _ in boxes}


def test_regions_that_were_filled_are_read_as_boxes_and_thinned():
    labels = np.ones((70, 70, 70), "u1")
    labels[:, :, 35:] = 2
    voxels = gather(labels).limited(4000, seed=1)
    assert voxels.counts == {1: 2000, 2: 2000}
    boxes = list(stroke_boxes(voxels, 13))
    assert len(boxes) <= 8
    assert sorted(np.concatenate([members for _, members in boxes]).tolist()) == list(range(4000))
    assert len(np.unique(find_cells(voxels))) <= 2 * 8
    one = Learner(open_image(two_halves((70, 70, 70))), labels, None, **{**OPTIONS, "max_voxels": 4000})
    training = one.train(progress=False)
    assert sum(training.counts.values()) == 4000
    assert 0 < sum(training.held_out.values()) <= 2400
    one.close()


def test_a_training_says_what_it_takes_to_do_it_again():
    one = learner()
    training = one.train(progress=False)
    labels = scribbles()
    assert training.counts == {1: int((labels == 1).sum()), 2: int((labels == 2).sum())}
    assert training.strokes == {1: 4, 2: 4}
    assert training.seed == 4
    assert training.parameters["min_samples_leaf"] == 3
    assert training.score > 0.95
    assert sum(training.held_out.values()) == sum(training.counts.values()) // 4
    assert "held-out strokes" in str(training)
    assert json.loads(json.dumps(training.to_dict()))["features"]["sigmas"] == [1.0]
    other = learner()
    other.train(progress=False)
    rows = np.random.default_rng(1).normal(100, 50, (500, 7)).astype("f4")
    np.testing.assert_array_equal(one.model.predict_proba(rows), other.model.predict_proba(rows))
    label = np.repeat([1, 2], [30, 10])
    assert np.bincount(label, balanced_weights(label)).tolist() == pytest.approx([0, 20, 20])
    one.close()
    other.close()


def test_a_warm_start_keeps_half_of_the_trees():
    one = learner()
    one.train(progress=False, score=False)
    before = list(one.model.estimators_)
    one.train(warm_start=True, progress=False, score=False)
    assert len(one.model.estimators_) == 12
    assert one.model.estimators_[:6] == before[-6:]
    assert not set(map(id, one.model.estimators_[6:])) & set(map(id, before))
    one._labels[0, 0, 0] = 3
    one.train(warm_start=True, progress=False, score=False)
    assert len(one.model.estimators_) == 12
    assert one.model.classes_.tolist() == [1, 2, 3], "another class begins anew"
    one.close()


@pytest.mark.parametrize("model", [NearestMean(), GaussianNB()])
def test_any_object_that_fits_and_predicts_will_do(model):
    one = learner(model=model)
    training = one.train(progress=False)
    assert training.model == type(model).__name__
    assert training.score > 0.9
    guess = one.prediction[:]
    assert (guess[:, :, :20] == 1).mean() > 0.8
    assert (guess[:, :, -20:] == 2).mean() > 0.8
    first = one.model
    one.train(progress=False, score=False)
    assert one.model is not first, "what still predicts is not trained under its feet"
    assert repr(one.prediction) == "<Prediction 'p' of classes (1, 2), 0 of 4 bricks>"
    one.close()


def test_a_training_can_be_cancelled():
    class Stopping(NearestMean):
        def fit(self, rows, label):
            one.cancel()
            return super().fit(rows, label)

    one = learner(model=Stopping())
    with pytest.raises(VoxbeamError, match="cancelled"):
        one.train(progress=False)
    assert one.training is None
    assert one.prediction is None
    one.close()


class Drawn:
    """Labels that tell of changes, as those of an instance do."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.listeners, self.boxes, self.read = [], [], []

    def __getitem__(self, where):
        self.read.append(where)
        return self.array[where]

    def draw(self, start, stop, label):
        self.array[tuple(map(slice, start, stop))] = label
        self.boxes.append(SimpleNamespace(start=start, stop=stop))
        for listener in self.listeners:
            listener(self.boxes[-1])

    def changes(self, since):
        return SimpleNamespace(seq=len(self.boxes), boxes=tuple(self.boxes[since:]))

    def on_change(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)


def test_it_trains_again_by_itself_and_reads_only_what_was_drawn():
    labels = Drawn(np.zeros(two_halves().shape, "u1"))
    labels.draw((5, 4, 3), (6, 6, 27), 1)
    labels.draw((9, 4, 40), (10, 6, 60), 2)
    one = learner(labels)
    one.train(progress=False)
    assert one.training.counts == {1: 48, 2: 40}
    one.follow(seconds=0.02)
    labels.read.clear()
    first = one.training
    labels.draw((20, 4, 3), (21, 5, 27), 1)
    labels.draw((9, 4, 40), (10, 6, 41), 0)
    until(lambda: one.training is not first and one.training.counts == {1: 72, 2: 38})
    places = {tuple((part.start, part.stop) for part in where) for where in labels.read}
    assert places == {((20, 21), (4, 5), (3, 27)), ((9, 10), (4, 6), (40, 41))}
    assert one._rows.computed == 48 + 40 + 24, "features of the new voxels alone"
    one.close()
    assert not labels.listeners


def test_what_cannot_be_learnt_is_refused():
    with pytest.raises(ParameterError, match="only class 1"):
        learner(np.where(scribbles() == 1, 1, 0)).train(progress=False)
    with pytest.raises(ParameterError, match="no labelled voxels"):
        learner(np.zeros_like(scribbles())).train(progress=False)
    with pytest.raises(ParameterError, match="NearestMean is a class"):
        checked_classifier(NearestMean)
    with pytest.raises(ParameterError, match="dict has no fit and no predict_proba"):
        checked_classifier({})

    class Broken(NearestMean):
        def fit(self, rows, label):
            raise ZeroDivisionError("of mine")

    with pytest.raises(VoxbeamError, match="Broken failed: ZeroDivisionError: of mine"):
        learner(model=Broken()).train(progress=False)
    with pytest.raises(ParameterError, match="does not tell of changes"):
        learner().follow()


def test_a_model_comes_back_from_its_file(tmp_path):
    one = learner()
    one.train(progress=False)
    path = one.save(tmp_path / "m.skops")
    other = learner(model=str(path), features=None)
    assert other.features == QUICK
    assert other.training.to_dict() == one.training.to_dict()
    np.testing.assert_array_equal(other.prediction[:], one.prediction[:])
    one.close()
    other.close()
    with pytest.raises(VoxbeamError, match="not trained"):
        learner().save(tmp_path / "n.skops")


def test_a_file_that_is_no_model_or_not_trusted_is_refused(tmp_path):
    save_model(tmp_path / "own.skops", NearestMean().fit(np.eye(2, dtype="f4"), np.array([1, 2])), QUICK, {})
    with pytest.raises(ParameterError, match=r"NearestMean.*trusted="):
        load_model(tmp_path / "own.skops")
    one = learner()
    one.train(progress=False, score=False)
    path = one.save(tmp_path / "m.skops")
    one.close()
    (tmp_path / "cut.skops").write_bytes(path.read_bytes()[:-400])
    with pytest.raises(SourceError, match=r"cut\.skops.*cannot be read as a model"):
        load_model(tmp_path / "cut.skops")
    with pytest.raises(SourceError, match="not there"):
        load_model(tmp_path / "none.skops")
    (tmp_path / "pickled").write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(SourceError, match="cannot be read"):
        load_model(tmp_path / "pickled")
    # A tree whose nodes lead out of it would be walked without a look; a copy, for the threads of `one` may still walk theirs.
    bent, features, about = load_model(path)
    bent.estimators_[0].tree_.children_left[0] = 10**6
    save_model(tmp_path / "bent.skops", bent, features, about)
    with pytest.raises(SourceError, match="lead nowhere"):
        load_model(tmp_path / "bent.skops")
    assert zipfile.is_zipfile(path)
    assert time.time() - path.stat().st_mtime < 600
