"""Ruler and scale bar: real keys and drags on a real viewer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialogButtonBox

from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.gui.tools.line_tool import Line, locked
from napari_cdse.gui.tools.measure import DISTANCE, SCALE_BAR, distance_text
from tests.gui.conftest import (
    SIGNAL_MS,
    drag,
    particle_ids,
    press,
    wait_for_pixels,
)

ESTIMATED = PixelSize(0.04, PixelSizeSource.ESTIMATED, 0.015)

CTRL = Qt.KeyboardModifier.ControlModifier


def names(workspace) -> list[str]:
    return [layer.name for layer in workspace.viewer.layers]


def says(workspace) -> str:
    """What stands beside the line."""
    return workspace.active_tool.current.layer.text.values[0]


def test_measure_a_distance(workspace, qtbot):
    before = workspace.viewer.layers.selection.active
    press(workspace, qtbot, Qt.Key.Key_Q)
    drag(workspace, qtbot, (60, 60), (60, 160))
    line = workspace.active_tool.current.line
    assert line.length_px == pytest.approx(100, abs=2)
    expected = distance_text(line.length_px, ESTIMATED)
    assert says(workspace) == workspace.viewer.status == expected
    assert "about" in expected
    # It is two pixels of the screen wide, with its words above the first end's bar.
    layer, screen_px = workspace.active_tool.current.layer, line.screen_px
    assert layer.edge_width == pytest.approx([2 * screen_px])
    assert layer.text.translation == pytest.approx([-18 * screen_px, 0])
    # The line is the bright green of its words, which no micrograph has.
    (drawn,) = layer.edge_color
    assert drawn[:3] * 255 == pytest.approx([0xB6, 0xFF, 0x3C])
    press(workspace, qtbot, Qt.Key.Key_Escape)
    assert workspace.active_tool.current is None
    assert DISTANCE not in names(workspace)
    assert workspace.viewer.layers.selection.active is before
    assert not workspace.project.history.can_undo


def test_the_ruler_while_it_is_up(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_Q)
    centre = workspace.viewer.scene.camera.center
    drag(workspace, qtbot, (60, 60), (60, 160))
    drag(workspace, qtbot, (60, 60), (100, 60))
    # One line at a time, and the picture stays where it is.
    assert workspace.active_tool.current.layer.nshapes == 1
    assert workspace.active_tool.current.line.length_px == pytest.approx(40, abs=2)
    assert workspace.viewer.scene.camera.center == centre
    # Our other keys work.
    ids = particle_ids(workspace)
    workspace.project.selection.select(ids[0])
    press(workspace, qtbot, Qt.Key.Key_Y)
    assert workspace.project.particles.find(ids[0]).annotation.label == "yes"
    assert workspace.active_tool.current is not None
    press(workspace, qtbot, Qt.Key.Key_Q)
    assert workspace.active_tool.current is None
    # Another layer taken up puts it away too.
    press(workspace, qtbot, Qt.Key.Key_Q)
    workspace.viewer.layers.selection.active = workspace.canvas.particles.layer
    assert workspace.active_tool.current is None
    assert DISTANCE not in names(workspace)


def test_distance_in_words():
    given = PixelSize(0.04, PixelSizeSource.FILE)
    assert distance_text(123.44, None) == "123.4 px"
    assert distance_text(100.0, given) == "100.0 px, 4 nm"
    about = replace(ESTIMATED, nm=0.0213)
    assert distance_text(100.0, about) == "100.0 px, about 2.13 nm"
    assumed = PixelSize(0.037, PixelSizeSource.ASSUMED)
    assert distance_text(100.0, assumed) == "100.0 px (the pixel size is assumed)"


@pytest.mark.parametrize(
    ("end", "turned"),
    [((3, 50), (0, 50)), ((50, -4), (50, 0)), ((-30, 34), (-32, 32)), ((1, 0), (1, 0))],
)
def test_shift_turns_a_line_to_the_nearest_eighth(end, turned):
    start = np.array([10.0, 20.0])
    assert locked(start, start + end) == pytest.approx(start + turned)


def answer(workspace, qtbot, length: float, unit: str, scope: int):
    """Answer the question that came after the line."""
    dialog = workspace.measurement.dialog
    qtbot.waitUntil(dialog.isVisible, timeout=SIGNAL_MS)
    dialog.field.setValue(length)
    dialog.units.setCurrentText(unit)
    dialog.scope.setCurrentIndex(scope)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)


def test_a_scale_bar_sets_the_pixel_size(workspace, qtbot):
    project = workspace.project
    press(workspace, qtbot, Qt.Key.Key_C)
    drag(workspace, qtbot, (200, 50), (200, 250))
    length = workspace.active_tool.current.line.length_px
    answer(workspace, qtbot, 0.01, "\u00b5m", 1)
    wait_for_pixels(workspace, qtbot)
    size = 10 / length
    assert project.micrographs.pixel_size(0).nm == pytest.approx(size)
    sizes = [one.pixel_size_nm for one in project.micrographs.entries]
    assert sizes == [pytest.approx(size)] * 3
    assert workspace.canvas.layers.image.scale[-1] == pytest.approx(size)
    assert SCALE_BAR not in names(workspace)
    assert project.settings.scale_bar == (0.01, "\u00b5m")
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    wait_for_pixels(workspace, qtbot)
    assert project.micrographs.pixel_size(0) == ESTIMATED


def test_a_scale_bar_for_this_one_leaves_the_others(workspace, qtbot):
    project = workspace.project
    before = [one.pixel_size_nm for one in project.micrographs.entries]
    press(workspace, qtbot, Qt.Key.Key_C)
    drag(workspace, qtbot, (200, 50), (200, 250))
    length = workspace.active_tool.current.line.length_px
    answer(workspace, qtbot, 10.0, "nm", 0)
    wait_for_pixels(workspace, qtbot)
    sizes = [one.pixel_size_nm for one in project.micrographs.entries]
    assert sizes == [pytest.approx(10 / length), *before[1:]]
    press(workspace, qtbot, Qt.Key.Key_PageDown)
    wait_for_pixels(workspace, qtbot)
    assert project.micrographs.person_pixel_size(1) is None


def test_a_slip_asks_nothing_and_an_impossible_bar_is_refused(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_C)
    drag(workspace, qtbot, (200, 50), (200, 50.5))
    assert workspace.measurement.dialog is None
    drag(workspace, qtbot, (200, 50), (200, 250))
    dialog = workspace.measurement.dialog
    dialog.field.setValue(5000)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    assert "not possible" in dialog.result_label.text()
    dialog.field.setValue(20)
    assert ok.isEnabled()
    dialog.reject()
    assert workspace.measurement.dialog is None
    assert workspace.project.micrographs.pixel_size(0) == ESTIMATED


def test_a_line_knows_a_slip():
    assert not Line((0, 0), (0, 3), 1.0).is_intended
    assert Line((0, 0), (0, 5), 1.0).is_intended
    assert not Line((0, 0), (0, 5), 2.0).is_intended
