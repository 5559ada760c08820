"""Three annotators paint over each other at once: what comes of it, beside NumPy that does it all in the order that was told."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import voxbeam as rv
from conftest import until
from voxbeam.instance import Instance
from voxbeam.sidecar import start_sidecar

SHAPE = (40, 70, 80)
EACH = 40
Z, Y, X = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]


@pytest.fixture
def three():
    process = start_sidecar(store_bytes=64 * 2**20)
    kernels = [Instance(process.host, process.port, process.token, process=process if one == 0 else None) for one in range(3)]
    yield kernels
    for kernel in reversed(kernels):
        kernel.close()


def edit(labels, rng):
    """One random edit: its number and which voxels it means; None where the last one is taken back, or done again."""
    label, over = int(rng.integers(0, 6)), str(rng.choice(["all", "empty"]))
    if rng.random() < 0.25:
        act = labels.undo if rng.random() < 0.7 else labels.redo
        try:
            return [(act().seq, None)]
        except rv.VoxbeamError:
            return []  # there was nothing
    centre = [int(rng.integers(0, n)) for n in SHAPE]
    if rng.random() < 0.5:
        radius = int(rng.integers(2, 14))
        z, y, x = ((axis - c) / radius for axis, c in zip((Z, Y, X), centre, strict=True))
        inside = z * z + y * y + x * x <= 1  # as the page on the wire says it, in doubles
        return [(labels.paint(centre, radius, label, over=over).seq, (inside, label, over))]
    size = [int(rng.integers(1, n - at + 1)) for at, n in zip(centre, SHAPE, strict=True)]
    mask = rng.random(size) < 0.3
    inside = np.zeros(SHAPE, bool)
    inside[tuple(slice(at, at + n) for at, n in zip(centre, size, strict=True))] = mask
    [change] = labels.where(mask, label, at=centre, over=over)
    return [(change.seq, (inside, label, over))]


def replayed(order, asked):
    """All edits one after the other; an undo gives back what an edit of the same author replaced, where that still stands."""
    model = np.zeros(SHAPE, "u1")
    stacks = {}
    for change in order:
        done, undone = stacks.setdefault(change.author, ([], []))
        if change.undo:
            taken, given = (done, undone) if change.undo == "undo" else (undone, done)
            where, before, after = taken.pop()
            still = where & (model == after)
            given.append((still, model.copy(), before))
            model[still] = before[still]
            voxels = still.sum()
        else:
            inside, label, over = asked[change.seq]
            where = inside & (model != label) & ((model == 0) | (over == "all"))
            if where.any():
                done.append((where, model.copy(), np.where(where, label, model)))
                undone.clear()
            voxels = where.sum()
            model[where] = label
        assert change.voxels == voxels, change
    return model


@pytest.mark.parametrize("seed", range(3))
def test_three_who_paint_at_once_equal_numpy_in_the_order_that_was_told(three, seed):
    people = []
    for who, kernel in enumerate(three):
        labels = kernel.labels("together", shape=SHAPE, dtype="uint8")
        labels._author = f"person {who}"
        people.append(labels)
    told: list[list] = [[], [], []]
    for labels, heard in zip(people, told, strict=True):
        labels.on_change(heard.append)
    asked: dict[int, object] = {}

    def work(who):
        rng = np.random.default_rng(100 * seed + who)
        for _ in range(EACH):
            asked.update(edit(people[who], rng))

    threads = [threading.Thread(target=work, args=(who,)) for who in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: all(len(heard) >= len(asked) for heard in told))
    assert told[0] == told[1] == told[2]
    assert [change.seq for change in told[0]] == list(range(1, len(told[0]) + 1))
    assert sum(change.undo is not None for change in told[0]) > 10
    model = replayed(told[0], asked)
    for labels in people:
        np.testing.assert_array_equal(labels[:], model)
    assert np.unique(model).size == 6
