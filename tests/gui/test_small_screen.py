"""Everything is readable on a screen of 1366 by 768."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox, QLabel, QPushButton

from napari_cdse.gui import window
from tests.gui.conftest import SIGNAL_MS

SCREEN = (1366, 768)


def clipped(widget) -> list[str]:
    """Texts of a dock that are cut off, or lie outside it."""
    found = []
    for one in widget.findChildren((QPushButton, QLabel)):
        if not one.isVisible() or not one.text():
            continue
        needs = one.fontMetrics().horizontalAdvance(one.text())
        wraps = isinstance(one, QLabel) and one.wordWrap()
        if not wraps and needs > one.width():
            found.append(one.text())
    for one in widget.findChildren(QComboBox):
        if one.isVisible() and one.width() < one.minimumSizeHint().width():
            found.append(one.currentText())
    return found


def fits(widget) -> bool:
    least = widget.minimumSizeHint()
    return widget.width() >= least.width() and widget.height() >= least.height()


def test_no_dock_is_cut_off_or_makes_the_window_grow(session, qtbot):
    viewer = session.viewer
    main = viewer.window._qt_window
    main.resize(*SCREEN)
    session.review.go_on()
    for name in window.NAMES:
        dock = window.add_dock(viewer, name)
        if hasattr(dock, "parameters"):
            dock.parameters.expand(animate=False)
        qtbot.waitUntil(lambda at=dock: fits(at), timeout=SIGNAL_MS)
        assert main.minimumSizeHint().width() <= SCREEN[0], name
        assert main.minimumSizeHint().height() <= SCREEN[1], name
        assert clipped(dock) == [], name
