"""Outcomes of a retraining, made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from napari_cdse.core.evaluation.model_comparison import Verdict, fraction_change
from napari_cdse.core.evaluation.scores import Difference
from napari_cdse.core.evaluation.validation import Comparison, Scores
from napari_cdse.core.records import CLASSES, Prediction

NAN = float("nan")


def scores(accuracy: float, note: str | None = None) -> Scores:
    confusion = np.diag([7, 5, 3, 0])
    confusion[1, 0] = 2
    counts = dict(zip(CLASSES, confusion.sum(axis=1).tolist(), strict=True))
    recall = {"yes": 1.0, "no": 0.71, "null": 1.0, "empty": NAN}
    precision = {"yes": 0.78, "no": 1.0, "null": 1.0, "empty": NAN}
    return Scores(
        accuracy, (0.5, 0.9), precision, recall, confusion, counts, 4, 4, note=note
    )


def outcome(old, new, flips=(), compared=0, drawn=None):
    """What the views ask of an outcome."""
    gain = Difference(0.1, (-0.05, 0.25))
    return SimpleNamespace(
        comparison=None if old is None else Comparison(old, new, gain, drawn),
        scores=new,
        flips=tuple(flips),
        compared=compared,
        fraction=fraction_change(flips),
    )


def flip(particle_id, old, new, judged=None):
    def said(label):
        chances = tuple(0.7 if name == label else 0.1 for name in CLASSES)
        return Prediction(particle_id, "m", chances)

    return Verdict(particle_id, "a", said(new), said(old), judged)
