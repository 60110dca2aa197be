"""The wheel over a dock scrolls it, whatever lies below the pointer."""

from __future__ import annotations

from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_cdse.gui.app import window
from napari_cdse.gui.session.viewer_window import find_canvas
from napari_cdse.gui.widgets.wheel_guard import WheelGuard
from tests.gui.conftest import settle


def turn(widget, notches: int) -> bool:
    """Turn the wheel over the middle of a widget; tell whether it took that."""
    place = widget.rect().center()
    event = QWheelEvent(
        QPointF(place),
        QPointF(widget.mapToGlobal(place)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def state(field):
    return field.currentIndex() if isinstance(field, QComboBox) else field.value()


def fields(dock) -> list:
    kinds = (QAbstractSpinBox, QComboBox, QSlider)
    found = [one for kind in kinds for one in dock.findChildren(kind)]
    return [one for one in found if one.isVisible() and one.isEnabled()]


def test_no_field_of_a_dock_is_turned_by_the_wheel(labelled, qtbot):
    tried = set()
    for name in window.ALL_NAMES:
        dock = window.add_dock(labelled.viewer, name)
        settle(labelled, qtbot)
        find_canvas(labelled.viewer).setFocus()
        for field in fields(dock):
            before = state(field)
            for notches in (1, -1, -1):
                turn(field, notches)
                assert state(field) == before, field
            assert not field.hasFocus(), field
            tried.add(name)
    assert tried >= {"Micrographs", "Particle", "Retrain", "Gallery", "Population"}


def test_the_wheel_over_a_field_is_left_to_what_it_lies_in(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    box, number = QComboBox(), QSpinBox()
    box.addItems(["one", "two"])
    number.setValue(9)
    column.addWidget(box)
    column.addWidget(number)
    with qtbot.waitExposed(page):
        page.show()
    # Qt hands a wheel on that nobody accepted, but for one that is made up here.
    assert turn(number, -1)
    assert state(number) == 8
    WheelGuard(page)
    number.setFocus()
    for field, value in ((box, 0), (number, 8)):
        assert not turn(field, -1)
        assert state(field) == value
