"""Old and new figures side by side, or the sentence in their place."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_cdse.core.evaluation.model_comparison import Verdict, fraction_change
from napari_cdse.core.evaluation.validation import Comparison, Scores
from napari_cdse.core.records import CLASSES, Prediction
from napari_cdse.gui.retrain.comparison_view import ComparisonView

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


@pytest.fixture
def view(qtbot):
    view = ComparisonView()
    qtbot.addWidget(view)
    return view


def outcome(old, new, flips=(), compared=0):
    comparison = None if old is None else Comparison(old, new)
    return SimpleNamespace(
        comparison=comparison,
        scores=new,
        flips=flips,
        compared=compared,
        fraction=fraction_change(flips),
    )


def flip(particle_id, old, new, judged=None):
    def said(label):
        chances = tuple(0.7 if name == label else 0.1 for name in CLASSES)
        return Prediction(particle_id, "m", chances)

    return Verdict(particle_id, "a", said(new), said(old), judged)


def name(particle_id):
    return f"micrograph of {particle_id}"


def cells(table):
    model = table.model()
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_old_beside_new(view):
    old = replace(scores(0.7), recall={**scores(0.7).recall, "no": 0.5})
    flips = [flip("p1", "yes", "no"), flip("p2", "no", "yes", "no")]
    view.show_outcome(outcome(old, scores(0.8), flips, 40), name)
    texts = view.texts()
    assert "0.70 (0.50 to 0.90)" in texts
    assert "0.80 (0.50 to 0.90)" in texts
    assert "0.50 \u2192 0.71" in texts
    assert "2 of 40 particles would change class." == view.flips.text()
    assert "4 micrographs, 4 folds" in view.note.text()
    assert "0.50 \u2192 0.50" in view.fraction.text()
    assert "without an interval" in view.fraction.text()
    assert "it takes 5 with resolved particles" in view.fraction.toolTip()
    assert cells(view.flip_list) == [
        ["micrograph of p1", "Y 0.70", "N 0.70", "\u2013"],
        ["micrograph of p2", "N 0.70", "Y 0.70", "no"],
    ]


def test_the_confusion_matrix_is_a_picture_with_numbers(view, qtbot):
    view.show_outcome(outcome(scores(0.7), scores(0.8)), name)
    view.resize(400, 500)
    view.show()
    matrix = view.new_confusion
    # The class that does not occur has no row; the counts are those of the scores.
    assert matrix.names == ("yes", "no", "null")
    assert matrix.counts == [[7, 0, 0], [2, 5, 0], [0, 0, 3]]
    assert "2 of your no called yes" in matrix.toolTip()
    drawn = matrix.grab().toImage()
    paper = drawn.pixelColor(drawn.width() - 1, 0)
    assert any(
        drawn.pixelColor(x, y) != paper
        for x in range(0, drawn.width(), 3)
        for y in range(drawn.height() // 3, drawn.height(), 3)
    )


def test_a_click_on_a_flip_names_its_particle(view, qtbot):
    flips = [flip("p1", "yes", "no"), flip("p2", "no", "yes")]
    view.show_outcome(outcome(scores(0.7), scores(0.8), flips, 2), name)
    view.resize(400, 700)
    view.show()
    table = view.flip_list
    place = table.visualRect(table.model().index(1, 0)).center()
    with qtbot.waitSignal(view.chosen) as heard:
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert heard.args == ["p2"]


def test_what_an_audit_hides_is_counted_and_not_shown(view):
    flips = [flip("p1", "yes", "no"), flip("p2", "no", "yes")]
    told = outcome(scores(0.7), scores(0.8), flips, 9)
    view.show_outcome(told, name, lambda particle_id: particle_id == "p1")
    assert [row[0] for row in cells(view.flip_list)] == ["micrograph of p2"]
    assert "2 of 9 particles would change class; 1 of them" in view.flips.text()


def test_without_an_old_forest_the_new_one_is_scored_alone(view):
    view.show_outcome(outcome(None, scores(0.8)), name)
    assert "no forest with these features" in view.note.text()
    assert "0.80 (0.50 to 0.90)" in view.texts()
    assert view.old_confusion.isHidden()


def test_too_few_are_a_sentence_and_no_number(view):
    few = scores(NAN, note="No score yet: it takes more.")
    view.show_outcome(outcome(few, few), name)
    assert view.note.text() == "No score yet: it takes more."
    assert view.texts() == []
    assert view.flips.text() == ""
    assert view.new_confusion.isHidden()


def test_a_second_outcome_takes_the_place_of_the_first(view):
    both = outcome(scores(0.7), scores(0.8))
    view.show_outcome(both, name)
    once = view.texts()
    view.show_outcome(both, name)
    assert view.texts() == once
