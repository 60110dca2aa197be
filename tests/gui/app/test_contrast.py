"""Marks in the docks stand out, as they are drawn, in napari's dark and light theme."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtGui import QIcon

from napari_cdse.gui.app import window
from napari_cdse.gui.canvas.class_colours import HEX, LEAST_CONTRAST, contrast_ratio
from napari_cdse.gui.particle.probability_bars import ProbabilityBars
from napari_cdse.gui.widgets.confusion_matrix import ConfusionView
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
        for state, at in ((QIcon.State.On, 5), (QIcon.State.Off, 1)):
            size, mode = button.iconSize(), QIcon.Mode.Normal
            image = button.icon().pixmap(size, mode, state).toImage()
            ground, colour = (image.pixelColor(one, one).name() for one in (0, at))
            assert contrast_ratio(colour, ground) >= LEAST_CONTRAST, name
    cells = gallery.view.viewport()
    assert pixel(cells, cells.width() - 2, cells.height() - 2) == paper_of(cells)
    matrix = ConfusionView("", window.add_dock(viewer, "Retrain"))
    matrix.resize(40, 40)
    matrix.show()
    assert pixel(matrix, 2, 2) == paper_of(matrix)
    # The strongest shade that a count stands on: all of its row.
    matrix.show_counts(np.diag([1, 1, 0, 0]))
    matrix.resize(matrix.sizeHint())
    shade = pixel(matrix, matrix.width() - 5, matrix.height() - 5)
    ink = matrix.palette().windowText().color().name()
    assert shade != paper_of(matrix)
    assert contrast_ratio(ink, shade) >= LEAST_CONTRAST


def test_letters_over_the_edge_of_a_micrograph_lie_on_black(workspace, viewer, qtbot):
    viewer.theme = "light"
    settle(workspace, qtbot)
    shown = viewer.screenshot(flash=False)
    assert shown[2, 2, :3].tolist() == [0, 0, 0]
    for name, colour in HEX.items():
        assert contrast_ratio(colour, "#000000") >= LEAST_CONTRAST, name
    workspace.canvas.clear()
    assert viewer.canvas.background_color_override is None
