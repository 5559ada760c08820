"""Learning from labels: scribble, train, predict, correct."""

from __future__ import annotations

from voxbeam.learning.features import Features
from voxbeam.learning.learner import Learner
from voxbeam.learning.prediction import Prediction
from voxbeam.learning.training import Training

__all__ = ["Features", "Learner", "Prediction", "Training"]
