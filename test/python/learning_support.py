"""What the tests of learning share: an image of two textures, scribbles on it, and predictors that can be held."""

from __future__ import annotations

import threading

import numpy as np

SHAPE = (70, 20, 66)


def two_halves(shape=SHAPE, seed=3) -> np.ndarray:
    """Noise, brighter where x is in the upper half."""
    image = np.random.default_rng(seed).integers(0, 100, shape).astype("u2")
    image[:, :, shape[2] // 2 :] += 90
    return image


def scribbles(shape=SHAPE) -> np.ndarray:
    """Four strokes of each class on two slices."""
    labels = np.zeros(shape, "u1")
    half = shape[2] // 2
    for z in (5, shape[0] - 9):
        for y in (4, shape[1] - 6):
            labels[z, y : y + 2, 3 : half - 6] = 1
            labels[z, y : y + 2, half + 6 : shape[2] - 3] = 2
    return labels


class HeldPredictor:
    """Says what `value` says of each box, once it is let; remembers what it was asked."""

    def __init__(self, value=1, shade=0, classes=(1, 2), held=False) -> None:
        self.classes = classes
        self.value = value
        self.shade = shade
        self.asked: list = []
        self.gave_up = 0
        self.entered = threading.Semaphore(0)
        self.gate = threading.Semaphore(0 if held else 10**6)

    def predict(self, box, check):
        self.asked.append(box)
        self.entered.release()
        assert self.gate.acquire(timeout=60)
        try:
            check()
        except Exception:
            self.gave_up += 1
            raise
        size = tuple(high - low for low, high in box)
        shade = self.shade(box) if callable(self.shade) else np.full(size, self.shade, "u1")
        return np.full(size, self.value, "u1"), shade
