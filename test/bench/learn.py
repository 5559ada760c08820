"""Training and prediction beside the plain calls of scikit-learn, on an image of blobs in noise."""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np
from scipy import ndimage

from voxbeam.embedded import instance_for
from voxbeam.geometry import BrickKey, brick_grid
from voxbeam.learning import Features
from voxbeam.learning.api import learn
from voxbeam.learning.block_reader import open_image

RUNS = int(sys.argv[1])
SHAPE = (64, 192, 192)
rng = np.random.default_rng(7)
blobs = ndimage.gaussian_filter(rng.standard_normal(SHAPE, dtype="f4"), 8) > 0
image = (1000 + 400 * blobs + rng.normal(0, 250, SHAPE)).astype("u2")
strokes = np.zeros(SHAPE, "u1")
while np.count_nonzero(strokes) < 10_000:  # short strokes, as a hand draws them, on a few slices
    z, y, x = int(rng.choice([10, 32, 50])), int(rng.integers(0, 188)), int(rng.integers(0, 150))
    part = (z, slice(y, y + 3), slice(x, x + 40))
    strokes[part] = 1 + blobs[part]

instance = instance_for(None, "bench")
found: dict[str, list[float]] = {name: [] for name in ("train", "again", "slice", "plain", "predicted", "rate", "whole")}
labelled = int(np.count_nonzero(strokes))


def seconds(work: object) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def slice_is_there(learner: object, began: float) -> float:
    """Until the labels of the middle slice are those of the new model, as a brick that is asked for holds them."""
    prediction = learner.prediction
    prediction.wait(60, slices=True)
    produced = next(one for one in instance.producer.volumes if one.description.name == prediction.labels.name)
    grid = brick_grid(SHAPE, 0)
    keys = [BrickKey(0, SHAPE[0] // 2 // 64, y, x) for y in range(grid[1]) for x in range(grid[2])]
    boxes = [tuple((max(64 * i - 1, 0), min(64 * i + 65, n)) for i, n in zip(key[1:4], SHAPE, strict=True)) for key in keys]
    for box in boxes:
        prediction.labels.read(0, box)
    while not produced.updater.idle:  # it has been told to whoever looks
        time.sleep(0.001)
    return time.perf_counter() - began


for run in range(RUNS + 1):
    labels = strokes.copy()
    learner = learn(image, labels, instance=instance, name=f"guess {run}", seed=run)
    train = seconds(lambda: learner.train(score=False, progress=False))
    began = time.perf_counter()
    shown = slice_is_there(learner, began)
    if not run:  # the first one imports and warms
        learner.close()
        continue
    learner.prediction.wait(300)
    whole = time.perf_counter() - began
    labels[20, 100:105, 80:180] = 1 + blobs[20, 100:105, 80:180]
    again = seconds(lambda: learner.train(warm_start=True, score=False, progress=False))
    learner.cancel()
    # The same voxels, one block: features, then one call.
    reader, features = open_image(image), Features()
    box = ((0, 64), (64, 128), (64, 128))
    size = int(np.prod([high - low for low, high in box]))
    rows: list[np.ndarray] = []
    computed = seconds(lambda: rows.append(features.read(reader, box)))
    table = np.ascontiguousarray(rows[0].reshape(len(rows[0]), -1).T)
    learner.model.n_jobs = os.cpu_count()
    plain = seconds(lambda: learner.model.predict_proba(table))
    learner.close()
    measured = {
        "train": train, "again": again, "slice": shown, "plain": size / plain, "predicted": image.size / whole,
        "rate": size / computed, "whole": whole,
    }
    for name, value in measured.items():
        found[name].append(value)
print(json.dumps({"labelled": labelled, **found}))
instance.close()
