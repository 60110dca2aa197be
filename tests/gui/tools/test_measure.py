"""Ruler and scale bar: real keys and drags on a real viewer."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialogButtonBox

from napari_cdse.gui.tools.line_tool import Line, locked
from napari_cdse.gui.tools.measure import DISTANCE, SCALE_BAR, distance_text
from tests.gui.conftest import (
    SIGNAL_MS,
    drag,
    particle_ids,
    press,
    wait_for_pixels,
)

CTRL = Qt.KeyboardModifier.ControlModifier


def names(session) -> list[str]:
    return [layer.name for layer in session.viewer.layers]


def says(session) -> str:
    """What stands beside the line."""
    return session.measuring.tool.layer.text.values[0]


def test_measure_a_distance(session, qtbot):
    before = session.viewer.layers.selection.active
    press(session, qtbot, Qt.Key.Key_Q)
    drag(session, qtbot, (60, 60), (60, 160))
    line = session.measuring.tool.line
    assert line.length_px == pytest.approx(100, abs=2)
    expected = distance_text(line.length_px, 0.04, "estimated")
    assert says(session) == session.viewer.status == expected
    assert "about" in expected
    press(session, qtbot, Qt.Key.Key_Escape)
    assert session.measuring.tool is None
    assert DISTANCE not in names(session)
    assert session.viewer.layers.selection.active is before
    assert not session.project.history.can_undo


def test_the_ruler_while_it_is_up(session, qtbot):
    press(session, qtbot, Qt.Key.Key_Q)
    centre = session.viewer.scene.camera.center
    drag(session, qtbot, (60, 60), (60, 160))
    drag(session, qtbot, (60, 60), (100, 60))
    # One line at a time, and the picture stays where it is.
    assert session.measuring.tool.layer.nshapes == 1
    assert session.measuring.tool.line.length_px == pytest.approx(40, abs=2)
    assert session.viewer.scene.camera.center == centre
    # Our other keys work.
    ids = particle_ids(session)
    session.project.selection.select(ids[0])
    press(session, qtbot, Qt.Key.Key_Y)
    assert session.project.particles.find(ids[0]).annotation.label == "yes"
    assert session.measuring.tool is not None
    press(session, qtbot, Qt.Key.Key_Q)
    assert session.measuring.tool is None
    # Another layer taken up puts it away too.
    press(session, qtbot, Qt.Key.Key_Q)
    session.viewer.layers.selection.active = session.view.layer
    assert session.measuring.tool is None
    assert DISTANCE not in names(session)


def test_distance_in_words():
    assert distance_text(123.44, None, None) == "123.4 px"
    assert distance_text(100.0, 0.04, "file") == "100.0 px, 4 nm"
    assert distance_text(100.0, 0.0213, "estimated") == "100.0 px, about 2.13 nm"


@pytest.mark.parametrize(
    ("end", "turned"),
    [((3, 50), (0, 50)), ((50, -4), (50, 0)), ((-30, 34), (-32, 32)), ((1, 0), (1, 0))],
)
def test_shift_turns_a_line_to_the_nearest_eighth(end, turned):
    start = np.array([10.0, 20.0])
    assert locked(start, start + end) == pytest.approx(start + turned)


def answer(session, qtbot, length: float, unit: str, scope: int):
    """Answer the question that came after the line."""
    dialog = session.measuring.dialog
    qtbot.waitUntil(dialog.isVisible, timeout=SIGNAL_MS)
    dialog.field.setValue(length)
    dialog.units.setCurrentText(unit)
    dialog.scope.setCurrentIndex(scope)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)


def test_a_scale_bar_sets_the_pixel_size(session, qtbot):
    project = session.project
    press(session, qtbot, Qt.Key.Key_C)
    drag(session, qtbot, (200, 50), (200, 250))
    length = session.measuring.tool.line.length_px
    answer(session, qtbot, 0.01, "\u00b5m", 1)
    wait_for_pixels(session, qtbot)
    size = 10 / length
    assert project.micrographs.pixel_size(0) == (pytest.approx(size), "person")
    sizes = [one.pixel_size_nm for one in project.micrographs.entries]
    assert sizes == [pytest.approx(size)] * 3
    assert session.scene.image.scale[-1] == pytest.approx(size)
    assert SCALE_BAR not in names(session)
    assert project.settings.scale_bar == (0.01, "\u00b5m")
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    wait_for_pixels(session, qtbot)
    assert project.micrographs.pixel_size(0) == (0.04, "estimated")


def test_a_slip_asks_nothing_and_an_impossible_bar_is_refused(session, qtbot):
    press(session, qtbot, Qt.Key.Key_C)
    drag(session, qtbot, (200, 50), (200, 50.5))
    assert session.measuring.dialog is None
    drag(session, qtbot, (200, 50), (200, 250))
    dialog = session.measuring.dialog
    dialog.field.setValue(5000)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    assert "not possible" in dialog.says.text()
    dialog.field.setValue(20)
    assert ok.isEnabled()
    dialog.reject()
    assert session.measuring.dialog is None
    assert session.project.micrographs.pixel_size(0) == (0.04, "estimated")


def test_a_line_knows_a_slip():
    assert not Line((0, 0), (0, 3), 1.0).meant
    assert Line((0, 0), (0, 5), 1.0).meant
    assert not Line((0, 0), (0, 5), 2.0).meant
