"""Every gesture that napari knows on a Shapes layer, with real mouse and keys."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt

from napari_cdse.gui.canvas._napari_private import change_shapes
from tests.gui.conftest import (
    move,
    settle,
)
from tests.gui.hand import NO_KEY, K

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
SQUARE = ((100, 20), (100, 60), (140, 60), (140, 20))


def rectangle(hand):
    hand.key(K.Key_R)
    hand.drag((100, 20), (140, 60))


def ellipse(hand):
    hand.key(K.Key_E)
    hand.drag((100, 20), (140, 60))


def line(hand):
    hand.key(K.Key_L)
    hand.drag((100, 20), (140, 60))


def polygon_closed_by_escape(hand):
    hand.key(K.Key_P)
    for place in SQUARE:
        hand.click(*place)
    hand.key(K.Key_Escape)


def polygon_closed_by_a_double_click(hand):
    hand.key(K.Key_P)
    for place in SQUARE:
        hand.click(*place)
    hand.double_click(120, 15)


def lasso(hand):
    hand.key(K.Key_P, SHIFT)
    turns = np.linspace(0, 2 * np.pi, 13)[:-1]
    hand.around([(120 + 20 * np.sin(t), 45 + 20 * np.cos(t)) for t in turns])


def path_around_a_particle(hand):
    hand.key(K.Key_T)
    hand.around([*SQUARE, (104, 20)])


def open_polyline(hand):
    hand.key(K.Key_L, SHIFT)
    for place in SQUARE[:3]:
        hand.click(*place)
    hand.key(K.Key_Escape)


def polygon_given_up(hand):
    hand.key(K.Key_P)
    for place in SQUARE[:2]:
        hand.click(*place)
    hand.key(K.Key_Z)


def accidental_click(hand):
    hand.key(K.Key_E)
    hand.click(120, 40)


def tiny_rectangle(hand):
    hand.key(K.Key_R)
    hand.drag((120, 40), (122, 42))


def drawn_beside_the_picture(hand):
    hand.key(K.Key_E)
    hand.drag((100, 330), (150, 390))


def moved_beside_the_picture(hand):
    hand.key(K.Key_M)
    hand.drag((170, 220), (170, 420))


def moved(hand):
    hand.key(K.Key_M)
    hand.drag((170, 220), (150, 200))


def shrunk_to_nothing(hand):
    hand.choose(170, 80)
    corners = {hand.layer.selected_data.pop(): np.full((4, 2), 99.0)}
    change_shapes(hand.layer, corners, {}, {})
    hand.workspace.canvas.take_in()


def all_deleted(hand):
    hand.key(K.Key_M)
    hand.key(K.Key_A)
    hand.key(K.Key_Delete)


def all_deleted_while_the_mouse_moves_the_picture(hand):
    hand.key(K.Key_A)
    hand.key(K.Key_3)


def vertices_pulled_inserted_and_removed(hand):
    hand.key(K.Key_D)
    hand.drag((138, 48), (150, 60))
    hand.key(K.Key_2)
    hand.click(138, 80)
    hand.key(K.Key_I)
    hand.click(138, 80)
    hand.key(K.Key_1)
    hand.click(138, 48)
    hand.key(K.Key_X)
    hand.click(138, 48)


def brought_to_front_and_sent_back(hand):
    hand.choose(170, 80)
    hand.key(K.Key_F)
    hand.key(K.Key_B)


def turned(hand):
    hand.choose(170, 80)
    settle(hand.workspace, hand.qtbot)
    hand.drag(
        tuple(hand.layer.interaction_box(hand.layer.selected_data)[9]), (170, 130)
    )


def whole_layer_dragged_away(hand):
    hand.key(K.Key_7)
    hand.drag((170, 220), (200, 250))


def two_pasted(hand):
    hand.key(K.Key_M)
    hand.layer.selected_data = {0, 1}
    hand.key(K.Key_C, CTRL)
    hand.key(K.Key_V, CTRL)


def recoloured(hand):
    hand.key(K.Key_M)
    hand.layer.selected_data = {0, 1}
    hand.layer.current_edge_color = "red"
    hand.layer.selected_data = set()


def letter_written_over(hand):
    hand.set_cell("letter", "zzz")


def person_written_over(hand):
    hand.set_cell("by_person", True)


def id_written_over(hand):
    hand.set_cell("particle_id", "foo")


def id_of_another_written(hand):
    hand.set_cell("particle_id", hand.layer.features["particle_id"].iloc[1])


def class_written_over(hand):
    hand.set_cell("class", "no")


def features_assigned(hand):
    table = hand.layer.features.copy()
    table.loc[2, "class"] = "yes"
    hand.layer.features = table


def data_taken_away(hand):
    hand.layer.data = []


def data_assigned(hand):
    hand.layer.data = [np.array(one) + 5 for one in hand.layer.data]


def keys_in_the_middle_of_a_drag(hand):
    hand.key(K.Key_E)
    hand.press_mouse(100, 20)
    move(hand.workspace, hand.qtbot, 120, 40)
    for key, modifier in ((K.Key_Y, NO_KEY), (K.Key_Delete, NO_KEY), (K.Key_3, NO_KEY)):
        hand.key(key, modifier)
    hand.key(K.Key_Z, CTRL)
    move(hand.workspace, hand.qtbot, 140, 60)
    hand.release_mouse(140, 60)


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
}
