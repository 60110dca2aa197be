"""Micrographs and regions left out: by real keys, by real drags, by the menu."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialogButtonBox

from napari_cdse.core.regions import REASONS
from napari_cdse.gui.app.window import add_docks
from napari_cdse.gui.canvas.exclusion_layer import NAME
from napari_cdse.gui.micrographs.table_model import cell, tip
from napari_cdse.gui.tools.exclude import DRAWING
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


def names(session) -> list[str]:
    return [layer.name for layer in session.viewer.layers]


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
    (region,) = session.project.exclusions.regions(0)
    assert region.reason == "a scratch"
    assert {one.circle for one in session.project.particles.current} == set(CIRCLES[1:])
    assert session.view.layer.nshapes == 4
    assert DRAWING not in names(session)
    assert names(session).index(NAME) < names(session).index("particles")
    assert session.viewer.layers.selection.active is session.view.layer
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert len(session.project.particles.current) == 5
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
    assert not session.project.history.can_undo
    press(session, qtbot, Qt.Key.Key_P)
    for row, col in [(20, 130), (20, 190), (110, 190), (110, 130)]:
        click(session, qtbot, row, col)
    press(session, qtbot, Qt.Key.Key_Escape)
    because(session, qtbot, "ice or salt")
    left = {CIRCLES[0], *CIRCLES[2:]}
    assert {one.circle for one in session.project.particles.current} == left


def test_regions_stay_under_napari_keys_and_follow_the_micrograph(session, qtbot):
    session.project.exclusions.add_region(0, AROUND_FIRST, "ice")
    layer = session.scene.regions
    session.viewer.layers.selection.active = layer
    layer.selected_data = {0}
    press(session, qtbot, Qt.Key.Key_3)
    qtbot.waitUntil(
        lambda: session.scene.regions is not layer and session.scene.regions.nshapes,
        timeout=SIGNAL_MS,
    )
    assert len(session.project.exclusions.regions(0)) == 1
    session.open_micrograph(1)
    wait_for_pixels(session, qtbot)
    assert NAME not in names(session)
    session.open_micrograph(0)
    wait_for_pixels(session, qtbot)
    np.testing.assert_allclose(session.scene.regions.data[0], AROUND_FIRST)


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
    session.project.exclusions.add_region(0, AROUND_FIRST, "ice")
    assert cell(session.entries[0], 1) == "4 (+1)"
    assert "1 circle in regions left out: ice" in tip(session.entries[0])
    menu = session.leaving_out.menu(0, dock)
    entries_of(menu)["Take a region in again (ice)"].trigger()
    assert session.project.exclusions.regions(0) == ()
    assert len(session.project.particles.of(0)) == 5
