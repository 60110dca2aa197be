"""Marks in the docks stand out, as they are drawn, in napari's dark and light theme."""

from __future__ import annotations

import pytest

from napari_cdse.gui.app import window
from napari_cdse.gui.canvas.class_colours import LEAST_CONTRAST, contrast_ratio
from napari_cdse.gui.particle.probability_bars import ProbabilityBars
from napari_cdse.gui.widgets.confusion_matrix import ConfusionMatrix
from napari_cdse.gui.widgets.layout import paper_of
from tests.gui.conftest import settle


def pixel(widget, x, y) -> str:
    return widget.grab().toImage().pixelColor(round(x), round(y)).name()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_stand_out_from_what_they_are_drawn_on(workspace, viewer, qtbot, theme):
    viewer.theme = theme
    settle(workspace, qtbot)
    bars = window.add_dock(viewer, "Particle").findChild(ProbabilityBars)
    bars.show_probabilities((0.5, 0.5, 0.5, 0.5))
    for bar in bars.bars.values():
        middle = bar.height() / 2
        filled, whole = (pixel(bar, x, middle) for x in (2, bar.width() - 3))
        assert contrast_ratio(filled, whole) >= LEAST_CONTRAST
    # Where the colour is chosen for what a widget says it is drawn on, it is so.
    gallery = window.add_dock(viewer, "Gallery").view
    for name, button in gallery.filters.classes.items():
        image = button.icon().pixmap(button.iconSize()).toImage()
        ground, colour = (image.pixelColor(at, at).name() for at in (0, 5))
        assert contrast_ratio(colour, ground) >= LEAST_CONTRAST, name
    cells = gallery.view.viewport()
    assert pixel(cells, cells.width() - 2, cells.height() - 2) == paper_of(cells)
    matrix = ConfusionMatrix(window.add_dock(viewer, "Retrain"))
    matrix.resize(40, 40)
    assert pixel(matrix, 2, 2) == paper_of(matrix)
