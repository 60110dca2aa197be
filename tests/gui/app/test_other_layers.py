"""Layers of other programs in the viewer, and what becomes of ours among them.

What is wrong is said in one sentence, and one click puts it right.
"""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_cdse.gui.canvas.particles.particles_layer import STYLE_RESTORED
from napari_cdse.gui.workspace import workspace_for
from tests.gui.canvas_input import CanvasInput
from tests.gui.conftest import (
    SIGNAL_MS,
    click,
    drag,
    particle_ids,
    press,
    settle,
    standing,
    wait_for_pixels,
)
from tests.gui.drawn import CIRCLES, PIXEL_NM
from tests.gui.showing import in_step, labels

K = Qt.Key
WHOLE = np.zeros((240, 320), np.float32)


def told(workspace, qtbot, words: str) -> None:
    """Wait until the one sentence that stands in the window says this."""
    bar = workspace.message_bar
    qtbot.waitUntil(
        lambda: len(bar.sentences) == 1 and words in bar.sentences[0], timeout=SIGNAL_MS
    )


def put_right(workspace, qtbot) -> None:
    """Click the button beside the sentence, and wait until nothing is wrong."""
    (button,) = workspace.message_bar.findChildren(QPushButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_for_pixels(workspace, qtbot)
    qtbot.waitUntil(lambda: not workspace.message_bar.sentences, timeout=SIGNAL_MS)
    assert workspace.canvas.layer_problem is None
    in_step(workspace)


def test_a_folder_opens_beside_a_stack_and_is_fitted_into_the_view(
    viewer, folder, qtbot
):
    viewer.add_image(np.zeros((5, 64, 64), np.float32), name="stack")
    viewer.add_labels(np.zeros((64, 64), int), name="labels")
    workspace = workspace_for(viewer)
    assert workspace.open_project(folder)
    wait_for_pixels(workspace, qtbot)
    image = workspace.canvas.layers.image
    rows, cols = image.data.shape
    camera = viewer.scene.camera
    assert camera.center[-2:] == pytest.approx(((rows - 1) / 2, (cols - 1) / 2))
    fits = np.array(viewer.canvas.size) / (rows, cols)
    assert 0.9 * fits.min() < camera.zoom < fits.min()
    workspace.session.set_pixel_size(PIXEL_NM, whole_folder=False)
    wait_for_pixels(workspace, qtbot)
    assert camera.center[-1] == pytest.approx((cols - 1) / 2 * PIXEL_NM)
    # They lie below ours, so there is nothing to say.
    assert workspace.canvas.layer_problem is None


def test_keys_and_mouse_change_nothing_below_another_picture(workspace, viewer, qtbot):
    viewer.add_image(WHOLE, name="mean of 20 frames")
    told(workspace, qtbot, "mean of 20 frames lies over the micrograph")
    before = workspace.project.selection.particle_id
    circle = CIRCLES[2]
    click(workspace, qtbot, circle.row_px, circle.col_px)
    assert workspace.project.selection.particle_id == before
    workspace.selection.go_to(particle_ids(workspace)[0], "hand")
    for key in (K.Key_Y, K.Key_K, K.Key_Delete, K.Key_G, K.Key_M, K.Key_Q):
        press(workspace, qtbot, key)
        assert workspace.canvas.particles.layer.mode == "pan_zoom"
    assert labels(workspace) == [None] * 5
    assert workspace.active_tool.current is None
    put_right(workspace, qtbot)
    assert viewer.layers.selection.active is workspace.canvas.particles.layer
    click(workspace, qtbot, circle.row_px, circle.col_px)
    assert workspace.project.selection.particle_id == particle_ids(workspace)[2]
    press(workspace, qtbot, K.Key_Y)
    assert labels(workspace)[2] == "yes"


def test_a_message_that_was_closed_comes_back_with_the_next_key(
    workspace, viewer, qtbot
):
    viewer.add_image(WHOLE, name="other")
    told(workspace, qtbot, "other lies over")
    workspace.session.messages.withdraw("layers")
    workspace.layer_watch.look()
    assert not workspace.message_bar.sentences
    press(workspace, qtbot, K.Key_N)
    told(workspace, qtbot, "other lies over")


def test_a_layer_that_hides_nothing_is_worked_over(workspace, viewer, qtbot):
    image = viewer.add_image(WHOLE, name="other", opacity=0.5)
    viewer.add_image(WHOLE, name="map", blending="additive")
    viewer.add_image(WHOLE, name="beside", translate=(0, 500))
    viewer.add_labels(WHOLE.astype(int))
    points = viewer.add_points(np.array([[5.0, 5.0]]))
    assert workspace.canvas.layer_problem is None
    assert viewer.layers.selection.active is points
    circle = CIRCLES[1]
    click(workspace, qtbot, circle.row_px, circle.col_px)
    assert workspace.project.selection.particle_id == particle_ids(workspace)[1]
    press(workspace, qtbot, K.Key_Y)
    assert labels(workspace)[1] == "yes"
    image.opacity = 1.0
    told(workspace, qtbot, "other lies over")
    # What covers it may go as well.
    viewer.layers.remove(image)
    qtbot.waitUntil(lambda: not workspace.message_bar.sentences, timeout=SIGNAL_MS)


def remove_circles(workspace):
    workspace.viewer.layers.remove(workspace.canvas.layers.particles)


def remove_micrograph(workspace):
    workspace.viewer.layers.remove(workspace.canvas.layers.image)


def remove_all(workspace):
    workspace.viewer.layers.clear()


def show_three_dimensions(workspace):
    workspace.viewer.dims.ndisplay = 3


def show_side_by_side(workspace):
    workspace.viewer.canvas.grid.enabled = True


def hide_micrograph(workspace):
    workspace.canvas.layers.image.visible = False


def hide_circles(workspace):
    workspace.canvas.layers.particles.visible = False


def make_circles_faint(workspace):
    workspace.canvas.layers.particles.opacity = 0.1


def put_micrograph_on_top(workspace):
    layers = workspace.viewer.layers
    layers.move(layers.index(workspace.canvas.layers.image), len(layers))


def rename_circles(workspace):
    workspace.canvas.layers.particles.name = "rings"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (remove_circles, "safe in the project"),
        (remove_micrograph, "nothing of the project is lost"),
        (remove_all, "nothing of the project is lost"),
        (show_three_dimensions, "three dimensions"),
        (show_side_by_side, "beside each other"),
        (hide_micrograph, "micrograph's layer is hidden"),
        (hide_circles, "circles are hidden"),
        (make_circles_faint, "circles are hidden"),
        (put_micrograph_on_top, "do not lie above"),
        (rename_circles, '"particles" is called "rings"'),
    ],
)
def test_what_was_done_to_our_layers_is_said_and_put_right(
    workspace, qtbot, change, words
):
    change(workspace)
    told(workspace, qtbot, words)
    put_right(workspace, qtbot)
    assert workspace.canvas.layers.particles.visible
    names = [one.name for one in workspace.viewer.layers]
    assert names[0] == "dots_0"
    assert names[-1] == "particles"
    assert len(workspace.project.particles.current) == 5


def test_recoloured_circles_keep_the_colour_of_their_class_and_it_is_said(
    workspace, qtbot, monkeypatch
):
    layer = workspace.canvas.particles.layer
    before = np.array(layer.edge_color)
    layer.edge_color = "white"
    qtbot.waitUntil(lambda: bool(standing(workspace)), timeout=SIGNAL_MS)
    settle(workspace, qtbot)
    np.testing.assert_allclose(layer.edge_color, before, atol=0.01)
    assert standing(workspace) == [STYLE_RESTORED]


def test_the_drawing_key_brings_hidden_circles_back_before_anything_is_drawn(
    workspace, qtbot
):
    hide_circles(workspace)
    hand = CanvasInput(workspace, qtbot)
    hand.key(K.Key_G)
    assert workspace.canvas.layers.particles.visible
    drag(workspace, qtbot, (150, 20), (190, 60))
    settle(workspace, qtbot)
    assert len(workspace.project.particles.current) == 6


def test_below_another_picture_the_mouse_only_moves_the_view(workspace, viewer, qtbot):
    """A tool of napari's would change circles that are not seen."""
    circles = workspace.canvas.particles.layer
    viewer.layers.selection.active = circles
    circles.mode = "select"
    viewer.add_image(WHOLE, name="mean of 20 frames")
    told(workspace, qtbot, "mean of 20 frames lies over the micrograph")
    assert circles.mode == "pan_zoom"
