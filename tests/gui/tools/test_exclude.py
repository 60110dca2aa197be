"""Micrographs and regions left out: by real keys, by real drags, by the menu."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QMenu

from napari_cdse.core.regions import REASONS
from napari_cdse.gui.app.window import add_docks
from napari_cdse.gui.canvas.particles.shapes_style import LEFT_OUT as NAME
from napari_cdse.gui.micrographs.table_model import cell, tip
from napari_cdse.gui.tools.line_tool import Line
from napari_cdse.gui.tools.reason_dialog import ReasonDialog
from napari_cdse.gui.tools.region_tool import DRAWING
from napari_cdse.gui.tools.scale_bar_dialog import ScaleBarDialog
from tests.gui.conftest import (
    CIRCLES,
    SIGNAL_MS,
    click,
    drag,
    press,
    settle,
    wait_for_pixels,
)

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
AROUND_FIRST = [(25.0, 20.0), (25.0, 110.0), (110.0, 110.0), (110.0, 20.0)]


def names(workspace) -> list[str]:
    return [layer.name for layer in workspace.viewer.layers]


def because(workspace, qtbot, reason: str) -> None:
    """Answer the question why."""
    qtbot.waitUntil(lambda: workspace.exclusions.dialog is not None, timeout=SIGNAL_MS)
    dialog = workspace.exclusions.dialog
    dialog.field.setCurrentText(reason)
    dialog.accept()
    settle(workspace, qtbot)


def test_a_dragged_rectangle_leaves_its_circles_out(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_X, SHIFT)
    assert workspace.viewer.layers.selection.active.name == DRAWING
    drag(workspace, qtbot, (25, 20), (110, 110))
    because(workspace, qtbot, "a scratch")
    (region,) = workspace.project.exclusions.regions(0)
    assert region.reason == "a scratch"
    assert {one.circle for one in workspace.project.particles.current} == set(
        CIRCLES[1:]
    )
    assert workspace.canvas.particles.layer.nshapes == 4
    assert DRAWING not in names(workspace)
    assert names(workspace).index(NAME) < names(workspace).index("particles")
    assert workspace.viewer.layers.selection.active is workspace.canvas.particles.layer
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert len(workspace.project.particles.current) == 5
    assert workspace.canvas.particles.layer.nshapes == 5
    assert NAME not in names(workspace)
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL | SHIFT)
    assert workspace.canvas.particles.layer.nshapes == 4
    assert NAME in names(workspace)


def test_a_polygon_needs_a_reason_and_escape_leaves(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_X, SHIFT)
    press(workspace, qtbot, Qt.Key.Key_Escape)
    assert DRAWING not in names(workspace)
    press(workspace, qtbot, Qt.Key.Key_X, SHIFT)
    drag(workspace, qtbot, (25, 20), (110, 110))
    qtbot.waitUntil(lambda: workspace.exclusions.dialog is not None, timeout=SIGNAL_MS)
    dialog = workspace.exclusions.dialog
    dialog.field.setCurrentText("  ")
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
    dialog.reject()
    assert workspace.active_tool.current.layer.nshapes == 0
    assert not workspace.project.history.can_undo
    press(workspace, qtbot, Qt.Key.Key_P)
    for row, col in [(20, 130), (20, 190), (110, 190), (110, 130)]:
        click(workspace, qtbot, row, col)
    press(workspace, qtbot, Qt.Key.Key_Escape)
    because(workspace, qtbot, "ice or salt")
    left = {CIRCLES[0], *CIRCLES[2:]}
    assert {one.circle for one in workspace.project.particles.current} == left


def test_an_ellipse_leaves_out_what_lies_within_and_no_corners(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_X, SHIFT)
    press(workspace, qtbot, Qt.Key.Key_E)
    drag(workspace, qtbot, (20, 20), (100, 100))
    because(workspace, qtbot, "ice or salt")
    (region,) = workspace.project.exclusions.regions(0)
    corners = np.array(region.corners_px)
    assert len(corners) > 8
    apart = np.hypot(*(corners - (60, 60)).T)
    assert apart == pytest.approx(np.full(len(corners), 40), abs=2)


def test_a_click_leaves_nothing_out_and_another_layer_ends_the_tool(workspace, qtbot):
    before = workspace.viewer.layers.selection.active
    press(workspace, qtbot, Qt.Key.Key_X, SHIFT)
    tool = workspace.active_tool.current
    drag(workspace, qtbot, (60, 60), (61, 61))
    qtbot.waitUntil(lambda: not tool.layer.nshapes, timeout=SIGNAL_MS)
    assert workspace.exclusions.dialog is None
    assert DRAWING in names(workspace)
    press(workspace, qtbot, Qt.Key.Key_Escape)
    assert workspace.viewer.layers.selection.active is before
    press(workspace, qtbot, Qt.Key.Key_X, SHIFT)
    workspace.viewer.layers.selection.active = workspace.canvas.layers.image
    assert DRAWING not in names(workspace)
    assert workspace.active_tool.current is None
    assert workspace.viewer.layers.selection.active is workspace.canvas.layers.image


def test_regions_stay_under_napari_keys_and_follow_the_micrograph(workspace, qtbot):
    workspace.project.exclusions.add_region(0, AROUND_FIRST, "ice")
    layer = workspace.canvas.layers.regions
    workspace.viewer.layers.selection.active = layer
    layer.selected_data = {0}
    press(workspace, qtbot, Qt.Key.Key_3)
    qtbot.waitUntil(
        lambda: (
            workspace.canvas.layers.regions is not layer
            and workspace.canvas.layers.regions.nshapes
        ),
        timeout=SIGNAL_MS,
    )
    assert len(workspace.project.exclusions.regions(0)) == 1
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    assert NAME not in names(workspace)
    workspace.navigation.open_micrograph(0)
    wait_for_pixels(workspace, qtbot)
    np.testing.assert_allclose(workspace.canvas.layers.regions.data[0], AROUND_FIRST)


def entries_of(menu) -> dict:
    return {action.text(): action for action in menu.actions() if action.text()}


def test_micrographs_and_regions_are_left_out_and_taken_in_by_the_menu(
    workspace, viewer
):
    dock = add_docks(viewer)["Micrographs"].view
    menu = workspace.exclusions.menu(1, dock)
    choices = entries_of(entries_of(menu)["Leave dots_1.png out"].menu())
    choices[REASONS[1]].trigger()
    entry = workspace.session.entries[1]
    assert entry.excluded == REASONS[1]
    assert REASONS[1] in tip(entry)
    assert cell(entry, 2) == "left out"
    grey = dock.model.data(dock.model.index(1, 0), Qt.ItemDataRole.ForegroundRole)
    assert grey is not None
    usual = dock.model.data(dock.model.index(0, 0), Qt.ItemDataRole.ForegroundRole)
    assert usual is None
    menu = workspace.exclusions.menu(1, dock)
    entries_of(menu)[f"Take dots_1.png in again ({REASONS[1]})"].trigger()
    assert workspace.session.entries[1].excluded is None
    workspace.history.undo()
    assert workspace.session.entries[1].excluded == REASONS[1]
    workspace.project.exclusions.add_region(0, AROUND_FIRST, "ice")
    assert cell(workspace.session.entries[0], 1) == "4, 1 out"
    assert "1 circle in regions left out: ice" in tip(workspace.session.entries[0])
    menu = workspace.exclusions.menu(0, dock)
    entries_of(menu)["Take a region in again (ice)"].trigger()
    assert workspace.project.exclusions.regions(0) == ()
    assert len(workspace.project.particles.of(0)) == 5


def test_the_menu_opens_at_the_row_that_was_clicked_and_below_its_button(
    workspace, viewer, qtbot
):
    dock = add_docks(viewer)["Micrographs"].view

    def opened() -> QMenu:
        qtbot.waitUntil(
            lambda: QApplication.activePopupWidget() is not None, timeout=SIGNAL_MS
        )
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        return menu

    port = dock.table.viewport()
    place = dock.table.visualRect(dock.sorted.index(1, 0)).center()
    dock.table.customContextMenuRequested.emit(place)
    menu = opened()
    assert menu.pos() == port.mapToGlobal(place)
    assert "Leave dots_1.png out" in entries_of(menu)
    actions = menu.actions()
    assert actions[-1].text() == "Samples\u2026"
    assert actions[-2].isSeparator()
    with qtbot.waitSignal(menu.destroyed, timeout=SIGNAL_MS):
        menu.close()
    # Below the last row there is nothing to leave out.
    dock.table.customContextMenuRequested.emit(QPoint(5, 10_000))
    assert QApplication.activePopupWidget() is None
    qtbot.mouseClick(dock.leave_out, Qt.MouseButton.LeftButton)
    menu = opened()
    below = dock.leave_out.mapToGlobal(dock.leave_out.rect().bottomLeft())
    assert menu.pos() == below
    assert "Leave dots_0.png out" in entries_of(menu)
    entries_of(menu)["Samples\u2026"].trigger()
    assert workspace.samples.dialog.isVisible()
    workspace.samples.dialog.close()
    menu.close()


@pytest.mark.parametrize("typed", ["", "a scratch"])
def test_one_return_answers_why(qtbot, typed):
    # It deletes itself when it closes, which qtbot would do once more.
    dialog = ReasonDialog("m.png", REASONS[1])
    answered = []
    dialog.accepted.connect(lambda: answered.append(dialog.reason))
    dialog.open()
    qtbot.keyClicks(dialog.field, typed)
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert answered == [typed or REASONS[1]]


def test_one_return_answers_how_long_a_scale_bar_is(qtbot):
    dialog = ScaleBarDialog(Line((0.0, 0.0), (0.0, 100.0), 1.0), (20.0, "nm"))
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.accepted, timeout=SIGNAL_MS):
        dialog.open()
        qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert dialog.length == 20.0
