"""The four shares as bars: as broad as there is room for, and as long as they say."""

from __future__ import annotations

import pytest

from napari_cdse.core.records import CLASSES
from napari_cdse.gui.particle.probability_bars import ProbabilityBars


@pytest.mark.parametrize("width", [400, 700])
def test_the_bars_share_the_room_that_words_and_numbers_leave(qtbot, width):
    view = ProbabilityBars()
    qtbot.addWidget(view)
    view.show_probabilities((0.7, 0.2, 0.1, 0.0))
    narrow = view.minimumSizeHint().width()
    view.resize(width, view.sizeHint().height())
    with qtbot.waitExposed(view):
        view.show()
    bars = [view.bars[label] for label in CLASSES]
    numbers = [view.numbers[label] for label in CLASSES]
    least = bars[0].minimumSizeHint().width()
    widths = [each.width() for each in bars]
    assert max(widths) - min(widths) <= 1
    assert min(widths) - max(least, 0) >= (width - narrow) // 2 - 1
    for bar, number in zip(bars, numbers, strict=True):
        assert number.x() > bar.geometry().right()
        assert number.width() < bar.width()
    assert numbers[1].geometry().right() == pytest.approx(width - 1, abs=1)


def test_the_bars_stay_as_long_whatever_the_numbers_say(qtbot):
    """Each particle has other numbers: bars that jump can't be compared."""
    view = ProbabilityBars()
    qtbot.addWidget(view)
    view.resize(500, view.sizeHint().height())
    with qtbot.waitExposed(view):
        view.show()
    widths = []
    for shares in (None, (1.0, 0.0, 0.0, 0.0), (0.44, 0.11, 0.11, 0.34)):
        view.show_probabilities(shares)
        view.layout().activate()
        widths.append([view.bars[label].width() for label in CLASSES])
    assert widths[0] == widths[1] == widths[2]
