"""Old and new figures side by side, or the sentence in their place."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from napari_cdse.core.records import CLASSES
from napari_cdse.core.validation import Comparison, Scores
from napari_cdse.gui.comparison_view import ComparisonView

NAN = float("nan")


def scores(accuracy: float, note: str | None = None) -> Scores:
    confusion = np.diag([7, 5, 3, 0])
    confusion[1, 0] = 2
    counts = dict(zip(CLASSES, confusion.sum(axis=1).tolist(), strict=True))
    recall = {"yes": 1.0, "no": 0.71, "null": 1.0, "empty": NAN}
    precision = {"yes": 0.78, "no": 1.0, "null": 1.0, "empty": NAN}
    return Scores(
        accuracy, (0.5, 0.9), precision, recall, confusion, counts, 4, 4, note
    )


@pytest.fixture
def view(qtbot):
    view = ComparisonView()
    qtbot.addWidget(view)
    return view


def test_old_beside_new(view):
    old = replace(scores(0.7), recall={**scores(0.7).recall, "no": 0.5})
    outcome = SimpleNamespace(comparison=Comparison(old, scores(0.8)))
    view.show_outcome(outcome, 3, 40)
    texts = view.texts()
    assert "0.70 (0.50 to 0.90)" in texts
    assert "0.80 (0.50 to 0.90)" in texts
    assert "0.50 \u2192 0.71" in texts
    assert "3 of 40 particles would change class." == view.flips.text()
    assert "4 micrographs, 4 folds" in view.note.text()


def test_too_few_are_a_sentence_and_no_number(view):
    few = scores(NAN, note="No score yet: it takes more.")
    view.show_outcome(SimpleNamespace(comparison=Comparison(few, few)), 0, 0)
    assert view.note.text() == "No score yet: it takes more."
    assert view.texts() == []
    assert view.flips.text() == ""


def test_a_second_outcome_takes_the_place_of_the_first(view):
    outcome = SimpleNamespace(comparison=Comparison(scores(0.7), scores(0.8)))
    view.show_outcome(outcome, 3, 40)
    once = view.texts()
    view.show_outcome(outcome, 3, 40)
    assert view.texts() == once
