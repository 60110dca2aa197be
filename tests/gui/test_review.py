"""Real keys and mouse gestures on a real viewer, and what the project makes of it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from napari_cdse.gui.key_sheet import KeySheet
from napari_cdse.gui.keys import SHORTCUTS
from napari_cdse.gui.palette import LETTERS
from tests.gui.conftest import (
    CIRCLES,
    SIGNAL_MS,
    canvas,
    click,
    drag,
    particle_ids,
    press,
    settle,
)

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def labels(session) -> list[str | None]:
    """Labels of the known particles as a person gave them."""
    found = [session.project.find(one) for one in particle_ids(session)]
    return [one.annotation.label if one.annotation else None for one in found]


def shown(session) -> dict[str, tuple[str, str, bool]]:
    """What the layer's features say, by particle."""
    table = session.view.layer.features
    return {
        row["particle_id"]: (row["class"], row["letter"], row["by_person"])
        for _, row in table.iterrows()
    }


def in_step(session) -> None:
    """The layer shows exactly what the project holds."""
    layer, project = session.view.layer, session.project
    assert len(layer.features) == layer.nshapes == len(project.particles)
    wanted = {
        one.id: (one.label or "unlabelled", one.by_person) for one in project.particles
    }
    assert {k: (v[0], v[2]) for k, v in shown(session).items()} == wanted
    for vertices, particle_id in zip(
        layer.data, layer.features["particle_id"], strict=True
    ):
        circle = project.particle(particle_id).circle
        np.testing.assert_allclose(
            vertices.mean(axis=0), (circle.row_px, circle.col_px), atol=1e-3
        )
        np.testing.assert_allclose(
            np.ptp(vertices, axis=0), 2 * circle.radius_px, atol=1e-3
        )


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
        session.project.select(ids[0])
        press(session, qtbot, key)
        assert labels(session) == [label, None, None, None, None]
        # The most doubtful one is still the next, wherever she clicked before.
        assert session.project.selected == ids[3]
        assert shown(session)[ids[0]] == (label, LETTERS[label], True)
        in_step(session)
        press(session, qtbot, Qt.Key.Key_Z, CTRL)
        assert labels(session) == [None] * 5


def test_accept_says_what_the_forest_says(session, qtbot):
    ids = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_Period)
    assert session.project.selected == ids[3]
    press(session, qtbot, Qt.Key.Key_K)
    annotation = session.project.find(ids[3]).annotation
    assert (annotation.label, annotation.origin) == ("yes", "confirmed")
    assert annotation.selected_by == "queue"
    in_step(session)


def test_without_a_selection_no_key_labels_anything(session, qtbot):
    press(session, qtbot, Qt.Key.Key_Y)
    assert labels(session) == [None] * 5
    assert not session.project.can_undo


def test_draw(session, qtbot):
    press(session, qtbot, Qt.Key.Key_G)
    assert session.view.layer.mode == "add_ellipse"
    drag(session, qtbot, (100, 20), (140, 60))
    assert len(session.project.particles) == 6
    settle(session, qtbot)
    (drawn,) = [one for one in session.project.particles if one.circle not in CIRCLES]
    assert drawn.circle.row_px == pytest.approx(120, abs=3)
    assert drawn.circle.col_px == pytest.approx(40, abs=3)
    assert drawn.circle.radius_px == pytest.approx(20, abs=3)
    assert drawn.annotation.origin == "drawn"
    assert drawn.annotation.label is None
    assert drawn.prediction is not None
    in_step(session)
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert len(session.project.particles) == 5
    in_step(session)


def test_a_click_without_a_drag_makes_no_particle(session, qtbot):
    press(session, qtbot, Qt.Key.Key_G)
    click(session, qtbot, 120, 40)
    settle(session, qtbot)
    assert len(session.project.particles) == 5
    assert not session.project.can_undo
    in_step(session)


def test_drag_moves_one_circle_in_one_step(session, qtbot):
    ids = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_M)
    assert session.view.layer.mode == "select"
    drag(session, qtbot, (60, 60), (80, 90))
    settle(session, qtbot)
    moved = session.project.find(ids[0]).circle
    assert (moved.row_px, moved.col_px) == (
        pytest.approx(80, abs=2),
        pytest.approx(90, abs=2),
    )
    assert moved.radius_px == pytest.approx(30, abs=0.01)
    in_step(session)
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert session.project.find(ids[0]).circle == CIRCLES[0]
    assert not session.project.can_undo
    in_step(session)


def test_resize_makes_a_circle_of_the_same_area(session, qtbot):
    ids = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_M)
    click(session, qtbot, 170, 80)
    # From the middle of the right edge: only the width grows.
    drag(session, qtbot, (170, 112), (170, 132))
    settle(session, qtbot)
    circle = session.project.find(ids[3]).circle
    expected = np.sqrt(32 * 42)
    assert circle.radius_px == pytest.approx(expected, rel=0.05)
    assert circle.col_px == pytest.approx(90, abs=2)
    in_step(session)


def test_several_selected_move_in_one_step(session, qtbot):
    ids = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_M)
    session.view.layer.selected_data = {0, 1}
    chosen = session.view.selection()
    first = session.project.find(chosen[0]).circle
    drag(
        session,
        qtbot,
        (first.row_px, first.col_px),
        (first.row_px + 20, first.col_px),
    )
    settle(session, qtbot)
    moved = [one for one in ids if session.project.find(one).circle not in CIRCLES]
    assert set(moved) == set(chosen)
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert not session.project.can_undo
    in_step(session)


def test_delete_undo_redo(session, qtbot):
    ids = particle_ids(session)
    keys = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
    for layer, key in itertools.product(session.scene.layers, keys):
        session.viewer.layers.selection.active = layer
        session.project.select(ids[1])
        press(session, qtbot, key)
        settle(session, qtbot)
        assert session.project.find(ids[1]) is None
        in_step(session)
        press(session, qtbot, Qt.Key.Key_Z, CTRL)
        assert session.project.find(ids[1]).circle == CIRCLES[1]
        in_step(session)
        press(session, qtbot, Qt.Key.Key_Z, CTRL | SHIFT)
        assert session.project.find(ids[1]) is None
        press(session, qtbot, Qt.Key.Key_Z, CTRL)
        assert session.viewer.layers.selection.active is layer


def test_napari_own_delete_key_goes_through_undo(session, qtbot):
    press(session, qtbot, Qt.Key.Key_M)
    session.view.layer.selected_data = {0, 2}
    press(session, qtbot, Qt.Key.Key_3)
    settle(session, qtbot)
    assert len(session.project.particles) == 3
    in_step(session)
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert len(session.project.particles) == 5
    in_step(session)


def test_copy_and_paste_makes_new_particles(session, qtbot):
    ids = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_M)
    session.project.label([ids[0]], "yes")
    session.view.select([ids[0]])
    press(session, qtbot, Qt.Key.Key_C, CTRL)
    press(session, qtbot, Qt.Key.Key_V, CTRL)
    settle(session, qtbot)
    assert len(session.project.particles) == 6
    assert session.project.find(ids[0]).annotation.label == "yes"
    (pasted,) = [one for one in session.project.particles if one.id not in ids]
    assert not pasted.by_person
    assert pasted.circle.row_px == pytest.approx(60 + 15, abs=0.01)
    assert pasted.circle.radius_px == pytest.approx(30, abs=0.01)
    in_step(session)
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert len(session.project.particles) == 5
    in_step(session)


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


def test_a_class_set_in_the_features_table_is_an_edit(session, qtbot):
    ids = particle_ids(session)
    features = session.view.layer.features
    row = list(features["particle_id"]).index(ids[2])
    features.iat[row, features.columns.get_loc("class")] = "no"
    session.stage.check()
    assert labels(session) == [None, None, "no", None, None]
    settle(session, qtbot)
    in_step(session)


def test_a_rectangle_becomes_a_circle_and_a_line_goes(session, qtbot):
    layer = session.view.layer
    layer.add(
        np.array([[100, 20], [100, 60], [140, 60], [140, 20]]), shape_type="rectangle"
    )
    layer.add(np.array([[10, 10], [100, 100]]), shape_type="line")
    settle(session, qtbot)
    assert len(session.project.particles) == 6
    assert set(layer.shape_type) == {"ellipse"}
    in_step(session)


def test_click_selects_while_the_mouse_moves_the_picture(session, qtbot):
    assert session.view.layer.mode == "pan_zoom"
    click(session, qtbot, 170, 220)
    assert session.project.selected == particle_ids(session)[4]


def test_hold_to_hide(session, qtbot):
    image, circles = session.scene.image, session.view.layer
    qtbot.keyPress(canvas(session), Qt.Key.Key_H)
    assert image.visible
    assert not circles.visible
    qtbot.keyRelease(canvas(session), Qt.Key.Key_H)
    assert circles.visible


def test_the_particle_fills_a_third_of_the_view(session, qtbot):
    press(session, qtbot, Qt.Key.Key_Period)
    circle = session.project.find(session.project.selected).circle
    camera = session.viewer.scene.camera
    scale = session.scene.image.scale[0]
    share = 2 * circle.radius_px * scale * camera.zoom
    share /= min(session.viewer.canvas.size)
    assert share == pytest.approx(1 / 3, rel=0.01)
    assert camera.center[-2:] == pytest.approx(
        (circle.row_px * scale, circle.col_px * scale)
    )


def test_question_mark_shows_the_keys(session, qtbot):
    window = session.viewer.window._qt_window
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
    return session.viewer.window._qt_window.findChildren(KeySheet)
