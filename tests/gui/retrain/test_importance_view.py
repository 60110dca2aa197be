"""Importance as bars: where names, bars, intervals and numbers lie."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent
from qtpy.QtGui import QColor, QFontMetricsF, QPalette

from napari_cdse.core.evaluation.feature_importance import (
    FeatureImportance,
    Importance,
)
from napari_cdse.core.evaluation.scores import Difference
from napari_cdse.gui.retrain.importance_view import ImportanceView
from tests.gui.painted import pixels
from tests.gui.paints import Count, wait_until_drawn

WIDTH = 500
BLUE = (79, 143, 221)


def worth(name, loss, interval=None):
    return FeatureImportance(name, (name,), Difference(loss, interval), 0.25)


@pytest.fixture
def view(qtbot):
    view = ImportanceView()
    qtbot.addWidget(view)
    palette = QPalette(QColor("#202020"))
    palette.setColor(QPalette.ColorRole.Window, QColor("#000000"))
    palette.setColor(QPalette.ColorRole.WindowText, QColor("#ffffff"))
    view.setPalette(palette)
    return view


def drawn(view):
    view.resize(WIDTH, view.sizeHint().height())
    return pixels(view.grab().toImage())[..., :3].astype(int)


def line_of(view) -> float:
    """Height of a line of type; rows are 1.35 of them apart."""
    return QFontMetricsF(view.font()).height()


def bar(picture, view, number, families):
    """First and last blue column of a row, in the upper part of its bar."""
    line = line_of(view)
    top = (number + 1.2 + (0.5 if number >= families else 0.0)) * 1.35 * line
    row = picture[round(top + 3)]
    blue = np.flatnonzero(np.abs(row - BLUE).max(axis=-1) < 12)
    return (int(blue[0]), int(blue[-1])) if len(blue) else None


FOUND = Importance(
    (worth("faults", 0.2, (0.1, 0.4)), worth("peaks", 0.1)),
    (worth("tail", 0.05, (-0.1, 0.1)), worth("odd", -0.02)),
    0.8,
    9,
)


def test_bars_begin_beside_the_names_and_are_as_long_as_the_loss(view):
    view.show_importance(FOUND)
    picture, line = drawn(view), line_of(view)
    left, right = 9.0 * line, WIDTH - 3.2 * line
    # The longest interval, to 0.4, reaches the end.
    scale = (right - left) / 0.4
    for number, loss in enumerate((0.2, 0.1, 0.05)):
        first, last = bar(picture, view, number, 2)
        assert first == pytest.approx(left, abs=1.5)
        assert last == pytest.approx(left + loss * scale, abs=2)
    assert bar(picture, view, 3, 2) is None


def white_in(picture, top, bottom, left, right):
    part = picture[round(top) : round(bottom), round(left) : round(right)]
    cols = np.flatnonzero((part.min(axis=-1) > 150).any(axis=0))
    return (
        (int(cols[0]) + round(left), int(cols[-1]) + round(left)) if len(cols) else None
    )


def test_a_line_through_each_bar_is_its_interval(view):
    view.show_importance(FOUND)
    picture, line = drawn(view), line_of(view)
    left, right = 9.0 * line, WIDTH - 3.2 * line
    scale = (right - left) / 0.4
    for number, gap, (low, high) in ((0, 0.0, (0.1, 0.4)), (2, 0.5, (0.0, 0.1))):
        middle = (number + 1.2 + gap) * 1.35 * line + line / 2
        first, last = white_in(picture, middle - 1, middle + 2, left - 3, right + 3)
        assert first == pytest.approx(left + low * scale, abs=2)
        assert last == pytest.approx(left + high * scale, abs=2)


def test_names_end_before_the_bars_and_numbers_begin_behind_them(view):
    view.show_importance(FOUND)
    picture, line = drawn(view), line_of(view)
    left, right = 9.0 * line, WIDTH - 3.2 * line
    for number, gap in ((0, 0.0), (1, 0.0), (2, 0.5), (3, 0.5)):
        top = (number + 1.2 + gap) * 1.35 * line
        name = white_in(picture, top + 2, top + line - 2, 0, left - 2)
        assert name[1] == pytest.approx(left - 6, abs=3)
        told = white_in(picture, top + 2, top + line - 2, right + 3, WIDTH)
        assert told[0] == pytest.approx(right + 4, abs=3)
    # The title above, from the left.
    assert white_in(picture, 0, line, 0, WIDTH)[0] < 6
    assert white_in(picture, 3.3 * 1.35 * line, 3.6 * 1.35 * line, 0, left - 8) is None


def test_families_come_first_then_a_dozen_features(view):
    features = tuple(worth(f"f{number}", 0.01) for number in range(20))
    view.show_importance(
        Importance((worth("all", 0.3, (0.2, 0.35)),), features, 0.8, 9)
    )
    assert [row.name for row in view.rows] == ["all", *(f"f{at}" for at in range(12))]
    lines = view.toolTip().split("\n")
    assert lines[0] == "all: 0.300 (0.200 to 0.350, 95 %); impurity 0.250"
    assert lines[1] == "f0: 0.010; impurity 0.250"
    height = QFontMetricsF(view.font()).height()
    assert view.sizeHint().width() == round(14 * height)
    assert view.sizeHint().height() == round(15 * 1.35 * height)
    assert view.minimumSizeHint() == view.sizeHint()
    policy = view.sizePolicy()
    assert policy.horizontalPolicy() == policy.Policy.Expanding
    assert policy.verticalPolicy() == policy.Policy.Fixed


def test_where_nothing_is_lost_bars_are_those_of_a_hundredth(view):
    """No noise is drawn as large as what counts."""
    view.show_importance(Importance((worth("all", 0.005),), (), 0.8, 9))
    picture, line = drawn(view), line_of(view)
    left, right = 9.0 * line, WIDTH - 3.2 * line
    assert bar(picture, view, 0, 1)[1] == pytest.approx((left + right) / 2, abs=2)


def test_another_importance_is_drawn_at_once_where_the_first_one_stood(view, qtbot):
    """With as many rows the size stays, so that nothing else has it drawn anew."""
    view.show_importance(FOUND)
    view.resize(WIDTH, view.sizeHint().height())
    with qtbot.waitExposed(view):
        view.show()
    paints = Count(view, QEvent.Type.Paint)
    other = Importance(FOUND.families[::-1], FOUND.features, 0.7, 9)
    wait_until_drawn(qtbot, paints, lambda: view.show_importance(other))
