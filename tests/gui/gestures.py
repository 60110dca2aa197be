"""Every gesture that napari knows on a Shapes layer, with real mouse and keys."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt

from napari_cdse.gui.canvas.napari_private.shapes import change_shapes
from tests.gui.canvas_input import NO_KEY, K
from tests.gui.conftest import (
    move,
    settle,
)

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
SQUARE = ((100, 20), (100, 60), (140, 60), (140, 20))


def rectangle(user):
    user.key(K.Key_R)
    user.drag((100, 20), (140, 60))


def ellipse(user):
    user.key(K.Key_E)
    user.drag((100, 20), (140, 60))


def line(user):
    user.key(K.Key_L)
    user.drag((100, 20), (140, 60))


def polygon_closed_by_escape(user):
    user.key(K.Key_P)
    for place in SQUARE:
        user.click(*place)
    user.key(K.Key_Escape)


def polygon_closed_by_a_double_click(user):
    user.key(K.Key_P)
    for place in SQUARE:
        user.click(*place)
    user.double_click(120, 15)


def lasso(user):
    user.key(K.Key_P, SHIFT)
    turns = np.linspace(0, 2 * np.pi, 13)[:-1]
    user.around([(120 + 20 * np.sin(t), 45 + 20 * np.cos(t)) for t in turns])


def path_around_a_particle(user):
    user.key(K.Key_T)
    user.around([*SQUARE, (104, 20)])


def open_polyline(user):
    user.key(K.Key_L, SHIFT)
    for place in SQUARE[:3]:
        user.click(*place)
    user.key(K.Key_Escape)


def polygon_given_up(user):
    user.key(K.Key_P)
    for place in SQUARE[:2]:
        user.click(*place)
    user.key(K.Key_Z)


def accidental_click(user):
    user.key(K.Key_E)
    user.click(120, 40)


def tiny_rectangle(user):
    user.key(K.Key_R)
    user.drag((120, 40), (122, 42))


def drawn_beside_the_picture(user):
    user.key(K.Key_E)
    user.drag((100, 330), (150, 390))


def moved_beside_the_picture(user):
    user.key(K.Key_M)
    user.drag((170, 220), (170, 420))


def moved(user):
    user.key(K.Key_M)
    user.drag((170, 220), (150, 200))


def shrunk_to_nothing(user):
    user.choose(170, 80)
    corners = {user.layer.selected_data.pop(): np.full((4, 2), 99.0)}
    change_shapes(user.layer, corners, {}, {})
    user.workspace.canvas.apply_pending_edits()


def all_deleted(user):
    user.key(K.Key_M)
    user.key(K.Key_A)
    user.key(K.Key_Delete)


def all_deleted_while_the_mouse_moves_the_picture(user):
    user.key(K.Key_A)
    user.key(K.Key_3)


def vertices_pulled_inserted_and_removed(user):
    user.key(K.Key_D)
    user.drag((138, 48), (150, 60))
    user.key(K.Key_2)
    user.click(138, 80)
    user.key(K.Key_I)
    user.click(138, 80)
    user.key(K.Key_1)
    user.click(138, 48)
    user.key(K.Key_X)
    user.click(138, 48)


def brought_to_front_and_sent_back(user):
    user.choose(170, 80)
    user.key(K.Key_F)
    user.key(K.Key_B)


def turned(user):
    user.choose(170, 80)
    settle(user.workspace, user.qtbot)
    user.drag(
        tuple(user.layer.interaction_box(user.layer.selected_data)[9]), (170, 130)
    )


def whole_layer_dragged_away(user):
    user.key(K.Key_7)
    user.drag((170, 220), (200, 250))


def two_pasted(user):
    user.key(K.Key_M)
    user.layer.selected_data = {0, 1}
    user.key(K.Key_C, CTRL)
    user.key(K.Key_V, CTRL)


def recoloured(user):
    user.key(K.Key_M)
    user.layer.selected_data = {0, 1}
    user.layer.current_edge_color = "red"
    user.layer.selected_data = set()


def letter_written_over(user):
    user.set_cell("letter", "zzz")


def person_written_over(user):
    user.set_cell("by_person", True)


def id_written_over(user):
    user.set_cell("particle_id", "foo")


def id_of_another_written(user):
    user.set_cell("particle_id", user.layer.features["particle_id"].iloc[1])


def class_written_over(user):
    user.set_cell("class", "no")


def features_assigned(user):
    table = user.layer.features.copy()
    table.loc[2, "class"] = "yes"
    user.layer.features = table


def data_taken_away(user):
    user.layer.data = []


def data_assigned(user):
    user.layer.data = [np.array(one) + 5 for one in user.layer.data]


def keys_in_the_middle_of_a_drag(user):
    user.key(K.Key_E)
    user.press_mouse(100, 20)
    move(user.workspace, user.qtbot, 120, 40)
    for key, modifier in ((K.Key_Y, NO_KEY), (K.Key_Delete, NO_KEY), (K.Key_3, NO_KEY)):
        user.key(key, modifier)
    user.key(K.Key_Z, CTRL)
    move(user.workspace, user.qtbot, 140, 60)
    user.release_mouse(140, 60)


GESTURES = {
    rectangle: "Draw 1 circle",
    ellipse: "Draw 1 circle",
    line: None,
    polygon_closed_by_escape: "Draw 1 circle",
    polygon_closed_by_a_double_click: "Draw 1 circle",
    lasso: "Draw 1 circle",
    path_around_a_particle: "Draw 1 circle",
    open_polyline: None,
    polygon_given_up: None,
    accidental_click: None,
    tiny_rectangle: None,
    drawn_beside_the_picture: None,
    moved_beside_the_picture: None,
    moved: "Reshape 1 circle",
    shrunk_to_nothing: None,
    all_deleted: "Remove 5 circles",
    all_deleted_while_the_mouse_moves_the_picture: "Remove 5 circles",
    vertices_pulled_inserted_and_removed: None,
    brought_to_front_and_sent_back: None,
    turned: None,
    whole_layer_dragged_away: None,
    two_pasted: "Draw 2 circles",
    recoloured: None,
    letter_written_over: None,
    person_written_over: None,
    id_written_over: None,
    id_of_another_written: None,
    class_written_over: "Label 1 circle no",
    features_assigned: "Label 1 circle yes",
    data_taken_away: "Remove 5 circles",
    data_assigned: "Reshape 5 circles",
    keys_in_the_middle_of_a_drag: "Draw 1 circle",
}
"""What each gesture is called in the history; None for those that are no edit."""
REFUSED = {
    line: "has no area",
    open_polyline: "has no area",
    drawn_beside_the_picture: "beside the micrograph",
    moved_beside_the_picture: "beside the micrograph",
    shrunk_to_nothing: "as before",
    recoloured: "say their class",
}
