"""Labels by real keys on a real viewer, and what the project makes of them."""

from __future__ import annotations

import itertools

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_cdse.gui.canvas.class_colours import LETTERS
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.shortcuts.dialog import KeyList
from napari_cdse.gui.shortcuts.registry import SHORTCUTS
from tests.gui.canvas_input import NO_KEY, CanvasInput
from tests.gui.conftest import (
    SIGNAL_MS,
    click,
    move,
    particle_ids,
    press,
    settle,
)
from tests.gui.showing import in_step, labels, shown

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_shows_what_was_found(workspace):
    in_step(workspace)
    ids = particle_ids(workspace)
    assert shown(workspace)[ids[0]] == ("yes", "Y?", False)
    assert shown(workspace)[ids[4]] == ("empty", "O?", False)


LABEL_KEYS = {
    "yes": Qt.Key.Key_Y,
    "no": Qt.Key.Key_N,
    "null": Qt.Key.Key_U,
    "empty": Qt.Key.Key_O,
}


def test_a_key_labels_and_goes_on_whichever_layer_is_active(workspace, qtbot):
    ids = particle_ids(workspace)
    layers = workspace.canvas.layers.present
    assert len(layers) == 3
    for layer, (label, key) in itertools.product(layers, LABEL_KEYS.items()):
        workspace.viewer.layers.selection.active = layer
        workspace.project.selection.select(ids[0])
        press(workspace, qtbot, key)
        assert labels(workspace) == [label, None, None, None, None]
        # The most doubtful one is still the next, wherever she clicked before.
        assert workspace.project.selection.particle_id == ids[3]
        assert shown(workspace)[ids[0]] == (label, LETTERS[label], True)
        in_step(workspace)
        press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
        assert labels(workspace) == [None] * 5


def test_accept_says_what_the_forest_says(workspace, qtbot):
    ids = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_Period)
    assert workspace.project.selection.particle_id == ids[3]
    press(workspace, qtbot, Qt.Key.Key_K)
    annotation = workspace.project.particles.find(ids[3]).annotation
    assert (annotation.label, annotation.origin) == ("yes", "confirmed")
    assert annotation.selected_by == "queue"
    in_step(workspace)


def test_no_key_acts_while_a_circle_is_dragged(workspace, qtbot):
    """A particle is chosen and a step can be undone: each key would do something."""
    user = CanvasInput(workspace, qtbot)
    ids = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_Period)
    press(workspace, qtbot, Qt.Key.Key_Y)
    project = workspace.project
    before, chosen = labels(workspace), project.selection.particle_id
    assert chosen is not None
    press(workspace, qtbot, Qt.Key.Key_E)
    user.press_mouse(100, 20)
    move(workspace, qtbot, 120, 40)
    for key, modifier in (
        (Qt.Key.Key_N, NO_KEY),
        (Qt.Key.Key_K, NO_KEY),
        (Qt.Key.Key_J, NO_KEY),
        (Qt.Key.Key_Delete, NO_KEY),
        (Qt.Key.Key_Period, NO_KEY),
        (Qt.Key.Key_Comma, NO_KEY),
        (Qt.Key.Key_PageDown, NO_KEY),
        (Qt.Key.Key_Z, CTRL),
        (Qt.Key.Key_Z, CTRL | SHIFT),
    ):
        press(workspace, qtbot, key, modifier)
        assert project.selection.particle_id == chosen
        assert project.selection.index == 0
        assert labels(workspace) == before
    move(workspace, qtbot, 140, 60)
    user.release_mouse(140, 60)
    settle(workspace, qtbot)
    (drawn,) = (one for one in project.particles.current if one.id not in ids)
    assert (drawn.circle.row_px, drawn.circle.col_px) == pytest.approx((120, 40), abs=2)
    assert project.history.undo_summary == "Draw 1 circle"
    project.history.undo()
    assert labels(workspace) == before
    in_step(workspace)


@pytest.mark.parametrize(
    ("order", "how"), [("uncertain", "queue"), ("micrograph", "order")]
)
def test_a_label_tells_what_brought_its_particle_up(workspace, qtbot, order, how):
    workspace.navigation.set_order(order, "unlabelled")
    press(workspace, qtbot, Qt.Key.Key_Period)
    first = workspace.project.selection.particle_id
    press(workspace, qtbot, Qt.Key.Key_Y)
    second = workspace.project.selection.particle_id
    press(workspace, qtbot, Qt.Key.Key_N)
    third = particle_ids(workspace)[2]
    circle = workspace.project.particles.get(third).circle
    click(workspace, qtbot, circle.row_px, circle.col_px)
    given = [workspace.project.particles.get(one).annotation for one in (first, second)]
    assert [one.selected_by for one in given] == [how, how]
    workspace.navigation.go_to(third)
    press(workspace, qtbot, Qt.Key.Key_U)
    by_hand = workspace.project.particles.get(third).annotation
    assert by_hand.selected_by == "hand"


def test_without_a_selection_no_key_labels_anything(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_Y)
    assert labels(workspace) == [None] * 5
    assert not workspace.project.history.can_undo


def test_undo_and_redo_a_row_of_labels(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_Period)
    for key in (Qt.Key.Key_Y, Qt.Key.Key_N, Qt.Key.Key_U):
        press(workspace, qtbot, key)
    after = labels(workspace)
    assert sorted(filter(None, after)) == ["no", "null", "yes"]
    for _ in range(3):
        press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert labels(workspace) == [None] * 5
    in_step(workspace)
    for _ in range(3):
        press(workspace, qtbot, Qt.Key.Key_Z, CTRL | SHIFT)
    assert labels(workspace) == after
    in_step(workspace)


def test_click_selects_while_the_mouse_moves_the_picture(workspace, qtbot):
    assert workspace.canvas.particles.layer.mode == "pan_zoom"
    click(workspace, qtbot, 170, 220)
    assert workspace.project.selection.particle_id == particle_ids(workspace)[4]


def test_the_particle_fills_a_third_of_the_view(workspace, qtbot):
    press(workspace, qtbot, Qt.Key.Key_Period)
    circle = workspace.project.particles.find(
        workspace.project.selection.particle_id
    ).circle
    camera = workspace.viewer.scene.camera
    scale = workspace.canvas.layers.image.scale[0]
    share = 2 * circle.radius_px * scale * camera.zoom
    share /= min(workspace.viewer.canvas.size)
    assert share == pytest.approx(1 / 3, rel=0.01)
    assert camera.center[-2:] == pytest.approx(
        (circle.row_px * scale, circle.col_px * scale)
    )


def test_question_mark_shows_the_keys(workspace, qtbot):
    window = main_window(workspace.viewer)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SIGNAL_MS)
    press(workspace, qtbot, Qt.Key.Key_Question)
    qtbot.waitUntil(lambda: bool(sheets(workspace)), timeout=SIGNAL_MS)
    (sheet,) = sheets(workspace)
    qtbot.waitUntil(sheet.isVisible, timeout=SIGNAL_MS)
    texts = {label.text() for label in sheet.findChildren(QLabel)}
    assert {one.description for one in SHORTCUTS} < texts
    sheet.close()


def sheets(workspace) -> list[KeyList]:
    return main_window(workspace.viewer).findChildren(KeyList)


def test_a_key_without_a_particle_says_what_to_do_first(workspace, qtbot):
    """And nothing else: no label, no other particle."""
    workspace.project.selection.select(None)
    for key in (Qt.Key.Key_Y, Qt.Key.Key_Delete):
        workspace.viewer.status = ""
        press(workspace, qtbot, key)
        assert workspace.viewer.status.startswith(
            "Choose a particle first: click its circle, or press "
        )
    assert labels(workspace) == [None] * 5
    assert workspace.project.selection.particle_id is None
