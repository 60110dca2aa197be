"""Ruler, scale bar, regions and hiding: real keys and drags on a real viewer."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialogButtonBox

from napari_cdse.core.regions import REASONS
from napari_cdse.gui.drag_line import Line, locked
from napari_cdse.gui.leaving_out import DRAWING
from napari_cdse.gui.measuring import DISTANCE, SCALE_BAR, distance_text
from napari_cdse.gui.micrographs_model import cell, tip
from napari_cdse.gui.regions_layer import NAME
from napari_cdse.gui.window import add_docks
from tests.gui.conftest import (
    CIRCLES,
    SIGNAL_MS,
    canvas,
    click,
    drag,
    particle_ids,
    press,
    settle,
    wait_for_pixels,
)

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
AROUND_FIRST = [(25.0, 20.0), (25.0, 110.0), (110.0, 110.0), (110.0, 20.0)]


def names(session) -> list[str]:
    return [layer.name for layer in session.viewer.layers]


def says(session) -> str:
    """What stands beside the line."""
    return session.measuring.tool.layer.text.values[0]


# Measuring


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
    assert not session.project.can_undo


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
    session.project.select(ids[0])
    press(session, qtbot, Qt.Key.Key_Y)
    assert session.project.find(ids[0]).annotation.label == "yes"
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


# Scale bar


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
    assert project.pixel_size(0) == (pytest.approx(size), "person")
    sizes = [one.pixel_size_nm for one in project.entries]
    assert sizes == [pytest.approx(size)] * 3
    assert session.scene.image.scale[-1] == pytest.approx(size)
    assert SCALE_BAR not in names(session)
    assert project.scale_bar == (0.01, "\u00b5m")
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    wait_for_pixels(session, qtbot)
    assert project.pixel_size(0) == (0.04, "estimated")


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
    assert session.project.pixel_size(0) == (0.04, "estimated")


def test_a_line_knows_a_slip():
    assert not Line((0, 0), (0, 3), 1.0).meant
    assert Line((0, 0), (0, 5), 1.0).meant
    assert not Line((0, 0), (0, 5), 2.0).meant


# Regions


def because(session, qtbot, reason: str) -> None:
    """Answer the question why."""
    qtbot.waitUntil(lambda: session.leaving_out.dialog is not None, timeout=SIGNAL_MS)
    dialog = session.leaving_out.dialog
    dialog.field.setCurrentText(reason)
    dialog.accept()
    settle(session, qtbot)


def test_a_dragged_rectangle_leaves_its_circles_out(session, qtbot):
    press(session, qtbot, Qt.Key.Key_X, SHIFT)
    assert session.viewer.layers.selection.active.name == DRAWING
    drag(session, qtbot, (25, 20), (110, 110))
    because(session, qtbot, "a scratch")
    (region,) = session.project.regions(0)
    assert region.reason == "a scratch"
    assert {one.circle for one in session.project.particles} == set(CIRCLES[1:])
    assert session.view.layer.nshapes == 4
    assert DRAWING not in names(session)
    assert names(session).index(NAME) < names(session).index("particles")
    assert session.viewer.layers.selection.active is session.view.layer
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert len(session.project.particles) == 5
    assert session.view.layer.nshapes == 5
    assert NAME not in names(session)
    press(session, qtbot, Qt.Key.Key_Z, CTRL | SHIFT)
    assert session.view.layer.nshapes == 4
    assert NAME in names(session)


def test_a_polygon_needs_a_reason_and_escape_leaves(session, qtbot):
    press(session, qtbot, Qt.Key.Key_X, SHIFT)
    press(session, qtbot, Qt.Key.Key_Escape)
    assert DRAWING not in names(session)
    press(session, qtbot, Qt.Key.Key_X, SHIFT)
    drag(session, qtbot, (25, 20), (110, 110))
    qtbot.waitUntil(lambda: session.leaving_out.dialog is not None, timeout=SIGNAL_MS)
    dialog = session.leaving_out.dialog
    dialog.field.setCurrentText("  ")
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
    dialog.reject()
    assert session.leaving_out.layer.nshapes == 0
    assert not session.project.can_undo
    press(session, qtbot, Qt.Key.Key_P)
    for row, col in [(20, 130), (20, 190), (110, 190), (110, 130)]:
        click(session, qtbot, row, col)
    press(session, qtbot, Qt.Key.Key_Escape)
    because(session, qtbot, "ice or salt")
    left = {CIRCLES[0], *CIRCLES[2:]}
    assert {one.circle for one in session.project.particles} == left


def test_regions_stay_under_napari_keys_and_follow_the_micrograph(session, qtbot):
    session.project.leave_region_out(0, AROUND_FIRST, "ice")
    layer = session.scene.regions
    session.viewer.layers.selection.active = layer
    layer.selected_data = {0}
    press(session, qtbot, Qt.Key.Key_3)
    qtbot.waitUntil(
        lambda: session.scene.regions is not layer and session.scene.regions.nshapes,
        timeout=SIGNAL_MS,
    )
    assert len(session.project.regions(0)) == 1
    session.open_micrograph(1)
    wait_for_pixels(session, qtbot)
    assert NAME not in names(session)
    session.open_micrograph(0)
    wait_for_pixels(session, qtbot)
    np.testing.assert_allclose(session.scene.regions.data[0], AROUND_FIRST)


# Micrographs


def entries_of(menu) -> dict:
    return {action.text(): action for action in menu.actions() if action.text()}


def test_micrographs_and_regions_are_left_out_and_taken_in_by_the_menu(session, viewer):
    dock = add_docks(viewer)["Micrographs"]
    menu = session.leaving_out.menu(1, dock)
    choices = entries_of(entries_of(menu)["Leave dots_1.png out"].menu())
    choices[REASONS[1]].trigger()
    entry = session.entries[1]
    assert entry.excluded == REASONS[1]
    assert REASONS[1] in tip(entry)
    assert cell(entry, 2) == "left out"
    grey = dock.model.data(dock.model.index(1, 0), Qt.ItemDataRole.ForegroundRole)
    assert grey is not None
    usual = dock.model.data(dock.model.index(0, 0), Qt.ItemDataRole.ForegroundRole)
    assert usual is None
    menu = session.leaving_out.menu(1, dock)
    entries_of(menu)[f"Take dots_1.png in again ({REASONS[1]})"].trigger()
    assert session.entries[1].excluded is None
    session.review.undo()
    assert session.entries[1].excluded == REASONS[1]
    session.project.leave_region_out(0, AROUND_FIRST, "ice")
    assert cell(session.entries[0], 1) == "4 (+1)"
    assert "1 circle in regions left out: ice" in tip(session.entries[0])
    menu = session.leaving_out.menu(0, dock)
    entries_of(menu)["Take a region in again (ice)"].trigger()
    assert session.project.regions(0) == ()
    assert len(session.project.particles_of(0)) == 5


# Hiding


def overlays(session) -> list[bool]:
    return [
        one.visible for one in session.scene.layers if one is not session.scene.image
    ]


def test_hold_to_hide_takes_everything_of_ours_away(session, qtbot):
    session.project.leave_region_out(0, AROUND_FIRST, "ice")
    session.scene.maps[0].visible = False
    assert overlays(session) == [False, True, True]
    qtbot.keyPress(canvas(session), Qt.Key.Key_H)
    assert overlays(session) == [False, False, False]
    session.analyst.show_maps()
    assert overlays(session) == [False, False, False]
    qtbot.keyRelease(canvas(session), Qt.Key.Key_H)
    assert overlays(session) == [False, True, True]
    session.scene.maps[0].visible = True
    qtbot.keyPress(canvas(session), Qt.Key.Key_H)
    # Maps that come meanwhile wait for the key.
    session.analyst.show_maps()
    assert overlays(session) == [False, False, False]
    qtbot.keyRelease(canvas(session), Qt.Key.Key_H)
    assert overlays(session) == [True, True, True]


def test_what_was_hidden_comes_back_when_the_focus_goes(session, viewer, qtbot):
    window = viewer.window._qt_window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SIGNAL_MS)
    canvas(session).setFocus()
    qtbot.keyPress(canvas(session), Qt.Key.Key_H)
    assert not any(overlays(session))
    add_docks(viewer)["Micrographs"].pixel_size.field.setFocus()
    qtbot.waitUntil(lambda: all(overlays(session)), timeout=SIGNAL_MS)
    # A layer that the person hides meanwhile stays hidden when the key comes up.
    session.scene.maps[0].visible = False
    qtbot.keyRelease(canvas(session), Qt.Key.Key_H)
    assert overlays(session) == [False, True]
