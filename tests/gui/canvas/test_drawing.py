"""Circles drawn, moved, resized, removed, copied: real keys and drags, real undo."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_cdse.gui.shortcuts.registry import NAPARI_KEYS
from tests.gui.conftest import (
    CIRCLES,
    canvas,
    click,
    drag,
    particle_ids,
    press,
    settle,
)
from tests.gui.showing import in_step

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_draw(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_G)
    assert workspace.canvas.particles.layer.mode == "add_ellipse"
    drag(workspace, qtbot, (100, 20), (140, 60))
    assert len(workspace.project.particles.current) == 6
    settle(workspace, qtbot)
    (drawn,) = [
        one for one in workspace.project.particles.current if one.circle not in CIRCLES
    ]
    assert drawn.circle.row_px == pytest.approx(120, abs=3)
    assert drawn.circle.col_px == pytest.approx(40, abs=3)
    assert drawn.circle.radius_px == pytest.approx(20, abs=3)
    assert drawn.annotation.origin == "drawn"
    assert drawn.annotation.label is None
    assert drawn.prediction is not None
    in_step(workspace)
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert len(workspace.project.particles.current) == 5
    in_step(workspace)


def test_nothing_is_mended_any_more_once_the_layer_was_let_go(workspace):
    particles = workspace.canvas.particles
    particles._timer.start(0)
    assert particles.repairing
    workspace.canvas.drop()
    assert not particles.repairing
    assert not particles._poll.isActive()


def test_however_large_it_is_seen_a_circle_below_three_pixels_is_a_slip(
    workspace, qtbot
):
    camera, scale = workspace.viewer.scene.camera, workspace.canvas.layers.image.scale
    camera.center = (0, 120 * scale[0], 40 * scale[1])
    camera.zoom = 10 / scale[0]
    press(workspace, qtbot, Qt.Key.Key_G)
    for edge_px, number in ((2, 5), (4, 6)):
        drag(workspace, qtbot, (110, 30), (110 + edge_px, 30 + edge_px))
        settle(workspace, qtbot)
        assert len(workspace.project.particles.current) == number
        in_step(workspace)


def test_drag_moves_one_circle_in_one_step(workspace, qtbot):
    ids = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_M)
    assert workspace.canvas.particles.layer.mode == "select"
    drag(workspace, qtbot, (60, 60), (80, 90))
    settle(workspace, qtbot)
    moved = workspace.project.particles.find(ids[0]).circle
    assert (moved.row_px, moved.col_px) == (
        pytest.approx(80, abs=2),
        pytest.approx(90, abs=2),
    )
    assert moved.radius_px == pytest.approx(30, abs=0.01)
    in_step(workspace)
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert workspace.project.particles.find(ids[0]).circle == CIRCLES[0]
    assert not workspace.project.history.can_undo
    in_step(workspace)


def test_a_circle_taken_up_with_napari_s_tool_becomes_the_current_particle(
    workspace, qtbot
):
    ids = particle_ids(workspace)
    circle = workspace.project.particles.find(ids[0]).circle
    workspace.project.selection.select(ids[1])
    press(workspace, qtbot, Qt.Key.Key_M)
    click(workspace, qtbot, circle.row_px, circle.col_px)
    settle(workspace, qtbot)
    assert workspace.project.selection.particle_id == ids[0]
    # Let go of by a click beside all circles, it stays the current one.
    click(workspace, qtbot, 8, 8)
    settle(workspace, qtbot)
    assert workspace.canvas.particles.selection() == ()
    assert workspace.project.selection.particle_id == ids[0]


def test_a_click_with_the_drawing_tool_selects_nothing(workspace, qtbot):
    ids = particle_ids(workspace)
    circle = workspace.project.particles.find(ids[0]).circle
    workspace.project.selection.select(ids[1])
    press(workspace, qtbot, Qt.Key.Key_G)
    click(workspace, qtbot, circle.row_px, circle.col_px)
    settle(workspace, qtbot)
    assert workspace.project.selection.particle_id == ids[1]
    in_step(workspace)


def test_the_current_particle_is_in_napari_s_hand_when_its_tools_are_taken_up(
    workspace, qtbot
):
    ids, layer = particle_ids(workspace), workspace.canvas.particles.layer
    workspace.project.selection.select(ids[1])
    press(workspace, qtbot, Qt.Key.Key_M)
    press(workspace, qtbot, Qt.Key.Key_M)
    # Moving the picture, napari lets go of what was selected.
    layer.selected_data = set()
    assert workspace.project.selection.particle_id == ids[1]
    press(workspace, qtbot, Qt.Key.Key_M)
    (selected,) = layer.selected_data
    assert layer.features["particle_id"][selected] == ids[1]


def test_the_keys_of_napari_that_the_list_names_do_what_it_says(workspace, qtbot):
    layer = workspace.canvas.particles.layer
    workspace.viewer.layers.selection.active = layer
    modes = {"draw": "add_ellipse", "select": "select", "move": "pan_zoom"}
    # The mode that is left and come back to first, so that each key changes one.
    listed = {keys: words.split()[1].strip(",") for keys, words in NAPARI_KEYS}
    assert list(listed) == ["E", "S", "Z", "Space", "Ctrl+C, Ctrl+V"]
    for keys in ("E", "S", "Z"):
        press(workspace, qtbot, getattr(Qt.Key, f"Key_{keys}"))
        assert layer.mode == modes[listed[keys]]
    press(workspace, qtbot, Qt.Key.Key_S)
    qtbot.keyPress(canvas(workspace), Qt.Key.Key_Space)
    assert layer.mode == "pan_zoom"
    qtbot.keyRelease(canvas(workspace), Qt.Key.Key_Space)
    assert layer.mode == "select"


def test_resize_makes_a_circle_of_the_same_area(workspace, qtbot):
    ids = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_M)
    click(workspace, qtbot, 170, 80)
    # From the middle of the right edge: only the width grows.
    drag(workspace, qtbot, (170, 112), (170, 132))
    settle(workspace, qtbot)
    circle = workspace.project.particles.find(ids[3]).circle
    expected = np.sqrt(32 * 42)
    assert circle.radius_px == pytest.approx(expected, rel=0.05)
    assert circle.col_px == pytest.approx(90, abs=2)
    in_step(workspace)


def test_several_selected_move_in_one_step(workspace, qtbot):
    ids = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_M)
    workspace.canvas.particles.layer.selected_data = {0, 1}
    chosen = workspace.canvas.particles.selection()
    first = workspace.project.particles.find(chosen[0]).circle
    drag(
        workspace,
        qtbot,
        (first.row_px, first.col_px),
        (first.row_px + 20, first.col_px),
    )
    settle(workspace, qtbot)
    moved = [
        one
        for one in ids
        if workspace.project.particles.find(one).circle not in CIRCLES
    ]
    assert set(moved) == set(chosen)
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert not workspace.project.history.can_undo
    in_step(workspace)


def test_delete_undo_redo(workspace, qtbot):
    ids = particle_ids(workspace)
    keys = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
    for layer, key in itertools.product(workspace.canvas.layers.present, keys):
        workspace.viewer.layers.selection.active = layer
        workspace.project.selection.select(ids[1])
        press(workspace, qtbot, key)
        settle(workspace, qtbot)
        assert workspace.project.particles.find(ids[1]) is None
        in_step(workspace)
        press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
        assert workspace.project.particles.find(ids[1]).circle == CIRCLES[1]
        in_step(workspace)
        press(workspace, qtbot, Qt.Key.Key_Z, CTRL | SHIFT)
        assert workspace.project.particles.find(ids[1]) is None
        press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
        assert workspace.viewer.layers.selection.active is layer


def test_napari_own_delete_key_goes_through_undo(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_M)
    workspace.canvas.particles.layer.selected_data = {0, 2}
    press(workspace, qtbot, Qt.Key.Key_3)
    settle(workspace, qtbot)
    assert len(workspace.project.particles.current) == 3
    in_step(workspace)
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert len(workspace.project.particles.current) == 5
    in_step(workspace)


def test_copy_and_paste_makes_new_particles(workspace, qtbot):
    ids = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_M)
    workspace.project.edits.label([ids[0]], "yes")
    workspace.canvas.particles.select([ids[0]])
    press(workspace, qtbot, Qt.Key.Key_C, CTRL)
    press(workspace, qtbot, Qt.Key.Key_V, CTRL)
    settle(workspace, qtbot)
    assert len(workspace.project.particles.current) == 6
    assert workspace.project.particles.find(ids[0]).annotation.label == "yes"
    (pasted,) = [
        one for one in workspace.project.particles.current if one.id not in ids
    ]
    assert not pasted.by_person
    assert pasted.circle.row_px == pytest.approx(60 + 15, abs=0.01)
    assert pasted.circle.radius_px == pytest.approx(30, abs=0.01)
    in_step(workspace)
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert len(workspace.project.particles.current) == 5
    in_step(workspace)
