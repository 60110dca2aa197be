"""Tables and bars of what a study found."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from qtpy.QtCore import Qt

from napari_cdse.core.importance import Importance, Worth
from napari_cdse.core.params import ForestParams
from napari_cdse.core.scores import Difference
from napari_cdse.core.tuning import Trial, Tuning
from napari_cdse.gui.studies_view import StudiesView

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


def test_bars_are_as_long_as_what_is_lost(view):
    def worth(name, loss, *more):
        return Worth(name, (name, *more), Difference(loss, (loss, loss + 0.1)), 0.2)

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
