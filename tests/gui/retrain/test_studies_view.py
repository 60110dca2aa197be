"""Tables and bars of what a study found, and the study itself in the dock."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from qtpy.QtCore import Qt

from napari_cdse.core.evaluation import validation
from napari_cdse.core.evaluation.feature_importance import FeatureImportance, Importance
from napari_cdse.core.evaluation.scores import Difference
from napari_cdse.core.evaluation.tuning import Trial, Tuning
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import Circle
from napari_cdse.gui.retrain.studies_view import StudiesView
from tests.gui.conftest import (
    SIGNAL_MS,
    standing,
)
from tests.gui.showing import FEW_TREES, docks, retrained

NOW = ForestParams(trees=300)


def trial(params, accuracy, gain):
    scores = SimpleNamespace(balanced_accuracy=accuracy)
    return Trial(params, scores, Difference(gain, (gain - 0.1, gain + 0.1)))


@pytest.fixture
def view(qtbot):
    view = StudiesView()
    qtbot.addWidget(view)
    view.resize(380, 700)
    view.show()
    return view


def test_settings_stand_below_the_present_ones(view, qtbot):
    better = replace(NOW, trees=50, split_features="8", criterion="entropy")
    view.show_tuning(Tuning(trial(NOW, 0.8, 0.0), (trial(better, 0.83, 0.03),)))
    cells = [
        [view.table.item(row, column).text() for column in range(3)] for row in (0, 1)
    ]
    assert cells == [
        ["300, sqrt, gini", "0.80", "present"],
        ["50, 8, entropy", "0.83", "-0.07 to +0.13"],
    ]
    assert "None of 1 settings" in view.words.text()
    place = view.table.visualRect(view.table.model().index(1, 2)).center()
    viewport, left = view.table.viewport(), Qt.MouseButton.LeftButton
    qtbot.mouseClick(viewport, left, pos=place)
    with qtbot.waitSignal(view.chosen) as heard:
        qtbot.mouseDClick(viewport, left, pos=place)
    assert heard.args == [better]
    view.clear()
    assert view.table.isHidden()
    assert view.words.isHidden()


def test_bars_are_as_long_as_what_is_lost(view):
    def worth(name, loss, *more):
        return FeatureImportance(
            name, (name, *more), Difference(loss, (loss, loss + 0.1)), 0.2
        )

    found = Importance(
        (worth("faults", 0.3, "b"),), (worth("tail", 0.15), worth("x", 0.0)), 0.8, 9
    )
    view.show_importance(found)
    bars = view.importance
    assert "faults: 0.300 (0.300 to 0.400, 95 %)" in bars.toolTip()
    drawn = bars.grab().toImage()

    def blue(number):
        """Longest run of filled points in a row of the picture."""
        best = 0
        line = bars._line()
        gap = 0.5 if number else 0.0
        y = round((number + 1.2 + gap) * 1.35 * line + 4)
        for x in range(drawn.width()):
            colour = drawn.pixelColor(x, y)
            best += colour.blue() > 200 and colour.red() < 120
        return best

    assert blue(0) == pytest.approx(2 * blue(1), abs=3)
    assert blue(1) > 20
    assert blue(2) == 0


def test_what_is_too_little_to_study_is_said(labelled, qtbot, monkeypatch):
    workspace = labelled
    dock = docks(workspace.viewer)["Retrain"]
    dock.studies.settings.click()
    assert not dock.studies.features.isEnabled()
    qtbot.waitUntil(lambda: workspace.training.job is None, timeout=3 * SIGNAL_MS)
    assert any(
        "at least 5 labels each of two classes" in one for one in standing(workspace)
    )
    assert dock.studies.features.isEnabled()
    retrained(workspace, qtbot)
    # The same sentence is not said twice.
    assert workspace.training.forecast.sentence in dock.comparison.headline.text()
    assert "No score yet" in dock.comparison.headline.text()
    assert dock.forecast.isHidden()
    dock.decision.keep_old.click()
    assert dock.forecast.text() == workspace.training.forecast.sentence
    # It counts labels, so it is out of date with the next one.
    workspace.project.edits.draw(Circle(200.0, 280.0, 20.0), "yes")
    qtbot.waitUntil(dock.forecast.isHidden, timeout=SIGNAL_MS)


def test_settings_and_features_are_studied_in_the_dock(labelled, qtbot, monkeypatch):
    monkeypatch.setattr(validation, "MIN_PER_CLASS", 2)
    workspace = labelled
    dock = docks(workspace.viewer)["Retrain"]
    dock.form.set_value(FEW_TREES)
    for button in (dock.studies.settings, dock.studies.features):
        button.click()
        qtbot.waitUntil(lambda: workspace.training.job is None, timeout=3 * SIGNAL_MS)
    assert dock.studies.words.text() == workspace.training.tuning.sentence
    assert dock.studies.table.rowCount() > 10
    assert dock.studies.importance.rows[0].name in (
        one.name for one in workspace.training.importance.families
    )
    chosen = workspace.training.tuning.trials[0].params
    dock.studies.chosen.emit(chosen)
    assert dock.form.value().trees == chosen.trees
    assert dock.form.value().criterion == chosen.criterion
