"""The window of a figure by itself."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_cdse.gui.population.figure_window import FigureWindow


def test_each_control_says_what_it_gives(qtbot):
    above = QWidget()
    qtbot.addWidget(above)
    window = FigureWindow([("By class", "How many of each")], above)
    assert "here and in the dock" in window.figures.toolTip()
    assert "clipboard" in window.copy.toolTip()
    for kind in ("PNG", "SVG", "PDF", "black on white"):
        assert kind in window.save.toolTip()
    # Return chooses in the list.
    assert not window.copy.autoDefault()
    assert not window.save.autoDefault()
    with qtbot.waitSignal(window.saving):
        window.save.click()
