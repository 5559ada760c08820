"""Learning from labels that people paint in an instance: only what was painted is read, and accepting keeps their strokes."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier

import voxbeam as rv
from conftest import until
from learning_support import SHAPE, two_halves
from voxbeam.learning import Features, file_exchange
from voxbeam.learning.api import learn


def counts(array) -> dict[int, int]:
    ids, numbers = np.unique(np.asarray(array), return_counts=True)
    return {int(one): int(n) for one, n in zip(ids, numbers, strict=True) if one}


def test_from_strokes_to_labels(instance):
    instance.producer.declare(two_halves(), name="ct")
    labels = instance.labels("scribbles")
    labels.paint([(5, 6, 4), (5, 6, 26)], label=1)
    labels.paint([(40, 9, 40), (40, 12, 60)], radius=2, label=2)
    forest = RandomForestClassifier(9, random_state=0)
    learner = learn("ct", labels, instance=instance, features=Features(sigmas=(1.0,)), model=forest)
    first = learner.train(progress=False)
    assert first.counts == counts(labels)
    learner.follow(seconds=0.02)
    labels.paint([(60, 3, 3), (60, 17, 25)], label=1)
    until(lambda: learner.training is not first and learner.training.counts == counts(labels))
    assert learner._rows.computed == sum(counts(labels).values())
    learner._closers[0]()  # what is accepted now is not to be learnt from
    before = np.asarray(labels)
    guess = learner.prediction[:30]
    assert learner.accept(((0, 30), (0, SHAPE[1]), (0, SHAPE[2]))) == (before[:30] == 0).sum()
    after = np.asarray(labels)
    np.testing.assert_array_equal(after[:30], np.where(before[:30] == 0, guess, before[:30]))
    np.testing.assert_array_equal(after[30:], before[30:])
    row = rv.measure(labels).to_pylist()[1]
    assert (row["label"], row["count"]) == (2, int((after == 2).sum()))
    learner.close()


def test_painted_labels_go_to_and_fro_by_a_file(instance, tmp_path, monkeypatch):
    monkeypatch.setattr(file_exchange, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(file_exchange, "CALM_SECONDS", 0.02)
    instance.producer.declare(two_halves(), name="ct")
    labels, path = instance.labels("scribbles"), tmp_path / "s.nii.gz"
    labels.paint([(5, 6, 4), (5, 6, 26)], label=1)
    with rv.send(labels, to=path) as exchange:
        until(lambda: exchange.written >= 1 and not exchange._changed.is_set())
        theirs = np.asarray(rv.import_labels(path)[:, :, :]).copy()
        np.testing.assert_array_equal(theirs, np.asarray(labels))
        theirs[40:42, 3:9, 50:60] = 2
        rv.export_labels(theirs, path, overwrite=True, progress=False)
        until(lambda: exchange.read == 1)
        np.testing.assert_array_equal(np.asarray(labels), theirs)
        assert exchange.failure is None
