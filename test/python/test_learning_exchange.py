"""Another program takes part by a file: changes here are written, what it writes is taken over, nothing drawn is lost."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import voxbeam as rv
from conftest import until
from voxbeam.errors import ParameterError
from voxbeam.learning import file_exchange

SHAPE = (6, 70, 80)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(file_exchange, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(file_exchange, "CALM_SECONDS", 0.02)


class Held:
    """Labels that tell of changes, as those of an instance do."""

    voxel_size, origin, unit, name = (2.0, 1.0, 1.0), (0.0, 0.0, 0.0), "mm", "held"

    def __init__(self):
        self.array = np.zeros(SHAPE, "u1")
        self.shape, self.dtype = SHAPE, self.array.dtype
        self.boxes, self.listeners = [], []

    def __getitem__(self, where):
        return self.array[where].copy()

    def __setitem__(self, where, value):
        self.array[where] = value
        ends = [part.indices(n)[:2] for part, n in zip(where, SHAPE, strict=True)]
        self.boxes.append(SimpleNamespace(start=[a for a, _ in ends], stop=[b for _, b in ends]))
        for listener in list(self.listeners):
            listener(self.boxes[-1])

    def changes(self, since):
        return SimpleNamespace(seq=len(self.boxes), boxes=tuple(self.boxes[since:]))

    def on_change(self, listener):
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.seg.nrrd"])
def test_labels_go_to_and_fro(tmp_path, name):
    held, path = Held(), tmp_path / name
    held[1:3, 4:9, 5:30] = 3
    with rv.send(held, to=path) as exchange:
        until(lambda: exchange.written >= 1)
        theirs = np.asarray(rv.import_labels(path)[:, :, :])
        np.testing.assert_array_equal(theirs, held.array)
        held[0:1, 0:1, 0:4] = 7
        until(lambda: exchange.written >= 2)
        theirs = np.asarray(rv.import_labels(path)[:, :, :]).copy()
        assert (theirs[0, 0, :4] == 7).all()
        theirs[5, 66:, 70:] = 9  # another program corrects, and erases
        theirs[1, 4:9, 5:30] = 0
        rv.export_labels(theirs, path, overwrite=True, progress=False, voxel_size=held.voxel_size, unit="mm")
        until(lambda: exchange.read == 1)
        np.testing.assert_array_equal(held.array, theirs)
        assert exchange.taken == 4 * 10 + 5 * 25
        assert (exchange.conflicts, exchange.failure) == (0, None)
    assert not held.listeners


def test_what_was_drawn_here_meanwhile_stays(tmp_path):
    held, path = Held(), tmp_path / "a.nii.gz"
    side = file_exchange.LabelSide(held)
    side.write(path)
    held[0:1, 0:1, 0:2] = 5  # in a brick that the other program changes too
    theirs = np.zeros(SHAPE, "u1")
    theirs[2, 3, 4] = 1
    theirs[2, 3, 70] = 1
    rv.export_labels(theirs, path, overwrite=True, progress=False)
    assert side.read(path) == (1, 1)
    assert (held.array[0, 0, 0], held.array[2, 3, 4], held.array[2, 3, 70]) == (5, 0, 1)


def test_a_file_that_cannot_be_read_is_said_and_gone_over(tmp_path):
    held, path = Held(), tmp_path / "a.nii.gz"
    with rv.send(held, to=path) as exchange:
        until(lambda: exchange.written == 1)
        path.write_bytes(b"not labels")
        until(lambda: exchange.failure is not None)
        assert "a.nii.gz" in exchange.failure.message
        assert not held.array.any()
        held[0:1, 0:1, 0:2] = 5
        until(lambda: exchange.failure is None and exchange.written == 2)
        assert (np.asarray(rv.import_labels(path)[0:1, 0:1, 0:2]) == 5).all()


def test_annotations_go_to_and_fro(instance, tmp_path):
    path = tmp_path / "notes.json"
    instance.annotations.add(rv.Point(world=(1, 2, 3), name="here"))
    with rv.send(instance.annotations, to=path) as exchange:
        until(lambda: exchange.written >= 1 and '"here"' in path.read_text())
        path.write_text(path.read_text().replace('"here"', '"there"'))
        until(lambda: exchange.read >= 1)
        until(lambda: [one.name for one in instance.annotations] == ["there"])
        assert exchange.taken == 1


def test_what_cannot_be_sent_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="ndarray does not tell of its changes"):
        rv.send(np.zeros((3, 3, 3), "u1"), to=tmp_path / "a.nii")
    with pytest.raises(ParameterError, match="no folder"):
        rv.send(Held(), to=tmp_path / "none" / "a.nii")
