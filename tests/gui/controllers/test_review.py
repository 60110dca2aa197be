"""Labels by real keys on a real viewer, and what the project makes of them."""

from __future__ import annotations

import itertools

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_cdse.gui.canvas.class_colours import LETTERS
from napari_cdse.gui.shortcuts.dialog import KeySheet
from napari_cdse.gui.shortcuts.registry import SHORTCUTS
from napari_cdse.gui.widgets.viewer_window import main_window
from tests.gui.conftest import (
    SIGNAL_MS,
    click,
    particle_ids,
    press,
)
from tests.gui.showing import in_step, labels, shown

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_shows_what_was_found(session):
    in_step(session)
    ids = particle_ids(session)
    assert shown(session)[ids[0]] == ("yes", "Y?", False)
    assert shown(session)[ids[4]] == ("empty", "O?", False)


LABEL_KEYS = {
    "yes": Qt.Key.Key_Y,
    "no": Qt.Key.Key_N,
    "null": Qt.Key.Key_U,
    "empty": Qt.Key.Key_O,
}


def test_a_key_labels_and_goes_on_whichever_layer_is_active(session, qtbot):
    ids = particle_ids(session)
    layers = session.scene.layers
    assert len(layers) == 3
    for layer, (label, key) in itertools.product(layers, LABEL_KEYS.items()):
        session.viewer.layers.selection.active = layer
        session.project.selection.select(ids[0])
        press(session, qtbot, key)
        assert labels(session) == [label, None, None, None, None]
        # The most doubtful one is still the next, wherever she clicked before.
        assert session.project.selection.particle_id == ids[3]
        assert shown(session)[ids[0]] == (label, LETTERS[label], True)
        in_step(session)
        press(session, qtbot, Qt.Key.Key_Z, CTRL)
        assert labels(session) == [None] * 5


def test_accept_says_what_the_forest_says(session, qtbot):
    ids = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_Period)
    assert session.project.selection.particle_id == ids[3]
    press(session, qtbot, Qt.Key.Key_K)
    annotation = session.project.particles.find(ids[3]).annotation
    assert (annotation.label, annotation.origin) == ("yes", "confirmed")
    assert annotation.selected_by == "queue"
    in_step(session)


def test_without_a_selection_no_key_labels_anything(session, qtbot):
    press(session, qtbot, Qt.Key.Key_Y)
    assert labels(session) == [None] * 5
    assert not session.project.history.can_undo


def test_undo_and_redo_a_row_of_labels(session, qtbot):
    press(session, qtbot, Qt.Key.Key_Period)
    for key in (Qt.Key.Key_Y, Qt.Key.Key_N, Qt.Key.Key_U):
        press(session, qtbot, key)
    after = labels(session)
    assert sorted(filter(None, after)) == ["no", "null", "yes"]
    for _ in range(3):
        press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert labels(session) == [None] * 5
    in_step(session)
    for _ in range(3):
        press(session, qtbot, Qt.Key.Key_Z, CTRL | SHIFT)
    assert labels(session) == after
    in_step(session)


def test_click_selects_while_the_mouse_moves_the_picture(session, qtbot):
    assert session.view.layer.mode == "pan_zoom"
    click(session, qtbot, 170, 220)
    assert session.project.selection.particle_id == particle_ids(session)[4]


def test_the_particle_fills_a_third_of_the_view(session, qtbot):
    press(session, qtbot, Qt.Key.Key_Period)
    circle = session.project.particles.find(
        session.project.selection.particle_id
    ).circle
    camera = session.viewer.scene.camera
    scale = session.scene.image.scale[0]
    share = 2 * circle.radius_px * scale * camera.zoom
    share /= min(session.viewer.canvas.size)
    assert share == pytest.approx(1 / 3, rel=0.01)
    assert camera.center[-2:] == pytest.approx(
        (circle.row_px * scale, circle.col_px * scale)
    )


def test_question_mark_shows_the_keys(session, qtbot):
    window = main_window(session.viewer)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=SIGNAL_MS)
    press(session, qtbot, Qt.Key.Key_Question)
    qtbot.waitUntil(lambda: bool(sheets(session)), timeout=SIGNAL_MS)
    (sheet,) = sheets(session)
    qtbot.waitUntil(sheet.isVisible, timeout=SIGNAL_MS)
    texts = {label.text() for label in sheet.findChildren(QLabel)}
    assert {one.description for one in SHORTCUTS} < texts
    sheet.close()


def sheets(session) -> list[KeySheet]:
    return main_window(session.viewer).findChildren(KeySheet)
