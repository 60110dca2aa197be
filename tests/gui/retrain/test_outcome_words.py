"""What a retraining came to, in sentences and figures; no window."""

from __future__ import annotations

from dataclasses import replace

from napari_cdse.core.evaluation.scores import DrawnDifference
from napari_cdse.gui.retrain import outcome_words
from napari_cdse.gui.retrain.class_scores import ClassScores, accuracy
from napari_cdse.gui.retrain.comparison_view import ComparisonView
from napari_cdse.gui.widgets.confusion_matrix import ConfusionView
from tests.gui.retrain.outcomes import NAN, flip, outcome, scores


def test_the_headline_says_which_is_better_and_what_lots_say():
    told = outcome(scores(0.7), scores(0.8), drawn=DrawnDifference(9, 0.1, None))
    assert outcome_words.headline(told) == (
        "No difference that these micrographs could show: balanced accuracy 0.70 "
        "\u2192 0.80, a difference of +0.10 (-0.05 to +0.25, 95 % by the jackknife "
        "over micrographs) on 17 held-out particles of 4 micrographs that you chose. "
        "Of the 9 particles that were drawn at random, which stand for all, the share "
        "called right changes by +0.10; they are too few for an interval."
    )


def test_without_an_old_forest_the_new_one_is_scored_alone():
    told = outcome_words.headline(outcome(None, scores(0.8)))
    assert told.startswith("There was no forest with these features to compare with. ")
    assert "Balanced accuracy 0.80 (0.50 to 0.90, " in told
    assert "on 17 held-out particles of 4 micrographs" in told


def test_too_few_are_a_sentence_and_no_number():
    few = scores(NAN, note="No score yet: it takes more.")
    assert outcome_words.headline(outcome(few, few)) == "No score yet: it takes more."
    assert outcome_words.measured(few) == ""


def test_how_many_change_is_said_also_where_none_does():
    flips = [flip("p1", "yes", "no"), flip("p2", "no", "yes", "no")]
    some = outcome(scores(0.7), scores(0.8), flips, 40)
    assert outcome_words.changes(some, 0) == "2 of 40 particles would change class."
    assert outcome_words.changes(some, 1) == (
        "2 of 40 particles would change class; 1 of them waits for the audit, unshown."
    )
    none = outcome(scores(0.7), scores(0.8), (), 40)
    assert outcome_words.changes(none, 0) == (
        "No particle would change class: both forests call all 40 alike."
    )
    first = outcome(None, scores(0.8))
    assert "No particle was classified before" in outcome_words.changes(first, 0)
    assert outcome_words.fraction(first) == ""
    assert "0.50 \u2192 0.50, without an interval" in outcome_words.fraction(some)
    assert "it takes 5 with resolved particles" in outcome_words.fraction_tip(some)


def test_scores_by_class_stand_old_beside_new(qtbot):
    table = ClassScores()
    qtbot.addWidget(table)
    new = scores(0.8)
    old = replace(new, recall={**new.recall, "no": 0.5})
    table.show_scores(old, new)
    assert table.rows == [
        ["", "labels", "recall, old \u2192 new", "precision, old \u2192 new"],
        ["Y  yes", "7", "1.00 \u2192 1.00", "0.78 \u2192 0.78"],
        ["N  no", "7", "0.50 \u2192 0.71", "1.00 \u2192 1.00"],
        ["U  null", "3", "1.00 \u2192 1.00", "1.00 \u2192 1.00"],
    ]
    table.show_scores(None, new)
    assert table.rows[2] == ["N  no", "7", "0.71", "1.00"]
    assert accuracy(new) == "0.80 (0.50 to 0.90)"
    assert accuracy(replace(new, interval_95=None)) == "0.80"


def test_the_confusion_matrix_is_a_picture_with_numbers_and_recall(qtbot):
    matrix = ConfusionView("new forest")
    qtbot.addWidget(matrix)
    new = scores(0.8)
    matrix.show_counts(new.confusion, new.recall)
    # The class that does not occur has no row; the counts are those of the scores.
    assert matrix.names == ("yes", "no", "null")
    assert matrix.counts == [[7, 0, 0], [2, 5, 0], [0, 0, 3]]
    assert matrix.recalls == ("1.00", "0.71", "1.00")
    assert "2 of your no called yes" in matrix.toolTip()
    matrix.resize(matrix.sizeHint())
    drawn = matrix.grab().toImage()
    paper = drawn.pixelColor(drawn.width() - 1, 0)
    assert any(
        drawn.pixelColor(x, y) != paper
        for x in range(0, drawn.width(), 3)
        for y in range(drawn.height() // 3, drawn.height(), 3)
    )


def test_the_dock_counts_what_an_audit_hides(qtbot):
    view = ComparisonView()
    qtbot.addWidget(view)
    flips = [flip("p1", "yes", "no"), flip("p2", "no", "yes")]
    told = outcome(scores(0.7), scores(0.8), flips, 9)
    view.show_outcome(told, lambda particle_id: particle_id == "p1")
    assert view.changes.text() == outcome_words.changes(told, 1)
    assert view.headline.text() == outcome_words.headline(told)
    assert view.fraction.text() == outcome_words.fraction(told)
