"""Whether a shape is being drawn, for a layer whose events are made by hand."""

from types import SimpleNamespace

import pytest

from napari_cdse.gui.canvas.particles.drawing_state import DrawingState

SAY = ["adding", "added", "changing", "changed", "removing", "removed"]


def event(action):
    return SimpleNamespace(action=action)


def test_a_shape_is_being_drawn_from_the_first_corner_to_the_last():
    layer = SimpleNamespace(mode="add_ellipse")
    drawing = DrawingState(layer)
    assert not drawing.active
    drawing.follow(event("adding"))
    assert drawing.active
    drawing.follow(event("added"))
    assert not drawing.active


def test_a_drawing_that_never_ended_ends_with_its_mode():
    layer = SimpleNamespace(mode="add_ellipse")
    drawing = DrawingState(layer)
    drawing.follow(event("adding"))
    layer.mode = "select"
    assert not drawing.active


@pytest.mark.parametrize("action", SAY)
def test_the_layer_is_others_after_what_was_done(action):
    drawing = DrawingState(SimpleNamespace(mode="select"))
    assert drawing.follow(event(action)) is action.endswith("ed")


def test_while_a_shape_is_being_drawn_nothing_is_taken_for_done():
    drawing = DrawingState(SimpleNamespace(mode="add_ellipse"))
    drawing.follow(event("adding"))
    assert not drawing.follow(event("changed"))
    assert drawing.follow(event("added"))
