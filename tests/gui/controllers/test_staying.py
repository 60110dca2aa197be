"""Nothing jumps to another micrograph that a hand did not ask for."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from tests.gui.canvas_input import CanvasInput
from tests.gui.conftest import particle_ids, put_circles, settle, wait_for_pixels
from tests.gui.showing import docks, labels

K = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def two(workspace, qtbot, forest):
    """The second of two micrographs with circles is open."""
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    put_circles(workspace, forest)
    settle(workspace, qtbot)
    return workspace


def test_what_the_hand_chose_or_removed_is_followed_within_its_micrograph(two, qtbot):
    hand, project = CanvasInput(two, qtbot), two.project
    here = particle_ids(two)
    project.edits.label(here[2:], "no")
    for one, key in zip(here[:2], (K.Key_Y, K.Key_Delete), strict=True):
        two.navigation.go_to(one)
        hand.key(key)
        settle(two, qtbot)
        assert project.selection.index == 1
    assert "lies in another one" in two.viewer.status
    # On goes who asks for it.
    hand.key(K.Key_Period)
    wait_for_pixels(two, qtbot)
    assert project.selection.index == 0


def test_the_button_keeps_the_queue_within_the_micrograph(two, qtbot):
    hand, project = CanvasInput(two, qtbot), two.project
    row = docks(two.viewer)["Particle"].queue
    qtbot.mouseClick(row.here, Qt.MouseButton.LeftButton)
    assert two.navigation.stays
    hand.key(K.Key_Period)
    for _ in range(5):
        hand.key(K.Key_N)
        settle(two, qtbot)
        assert project.selection.index == 1
    assert labels(two) == ["no"] * 5
    assert "Nothing else waits in this micrograph." in two.viewer.status
    assert two.navigation.micrographs_ahead(3) == []
    qtbot.mouseClick(row.here, Qt.MouseButton.LeftButton)
    hand.key(K.Key_Period)
    wait_for_pixels(two, qtbot)
    assert project.selection.index == 0


def test_missing_particles_are_drawn_and_labelled_five_in_a_row(two, qtbot):
    hand, project = CanvasInput(two, qtbot), two.project
    two.canvas.see_whole()
    camera = two.viewer.scene.camera
    before = (*camera.center, camera.zoom)
    hand.key(K.Key_G)
    for number in range(5):
        left = 12.0 + 40 * number
        hand.drag((105, left), (129, left + 24))
        settle(two, qtbot)
        drawn = project.selection.particle_id
        hand.key(K.Key_N)
        settle(two, qtbot)
        assert project.selection.particle_id == drawn
        assert project.particles.get(drawn).label == "no"
    assert len(project.particles.current) == 10
    assert two.canvas.draws
    assert (*camera.center, camera.zoom) == before
    assert project.selection.index == 1


def look(workspace, row: float, col: float, zoom: float) -> None:
    """Let the camera look at a place of the micrograph."""
    camera, scale = workspace.viewer.scene.camera, workspace.canvas.layers.image.scale
    camera.center = (0, row * scale[0], col * scale[1])
    camera.zoom = zoom / scale[0]


def seen(workspace) -> tuple[float, float, float]:
    """Row, column and screen pixels per pixel that the camera looks at."""
    camera, scale = workspace.viewer.scene.camera, workspace.canvas.layers.image.scale
    row, col = camera.center[-2:]
    return row / scale[0], col / scale[1], camera.zoom * scale[0]


def test_undo_shows_what_it_changes_where_it_is_at_the_zoom_that_was_there(two, qtbot):
    hand, project = CanvasInput(two, qtbot), two.project
    first, *_, last = particle_ids(two)
    for one in (first, last):
        project.selection.select(one)
        hand.key(K.Key_N)
        settle(two, qtbot)
    there = project.particles.get(first).circle
    look(two, there.row_px + 3, there.col_px + 2, 2.0)
    project.selection.select(None)
    hand.key(K.Key_Z, CTRL)
    settle(two, qtbot)
    assert project.selection.particle_id == last
    assert seen(two)[2] == pytest.approx(2)
    # In sight: the picture does not move.
    look(two, there.row_px + 3, there.col_px + 2, 2.0)
    hand.key(K.Key_Z, CTRL)
    settle(two, qtbot)
    assert project.selection.particle_id == first
    assert seen(two) == pytest.approx((there.row_px + 3, there.col_px + 2, 2.0))
    # Out of sight: it comes to the middle, as large as things were.
    look(two, there.row_px + 500, there.col_px, 5.0)
    hand.key(K.Key_Z, CTRL | SHIFT)
    settle(two, qtbot)
    assert seen(two) == pytest.approx((there.row_px, there.col_px, 5.0))
    # In another micrograph too.
    two.navigation.open_micrograph(0)
    wait_for_pixels(two, qtbot)
    look(two, 30, 30, 6.0)
    hand.key(K.Key_Z, CTRL)
    wait_for_pixels(two, qtbot)
    assert project.selection.index == 1
    assert seen(two)[2] == pytest.approx(6)
    # The micrograph that is opened after that is seen whole again.
    two.navigation.open_micrograph(2)
    wait_for_pixels(two, qtbot)
    assert seen(two)[:2] == pytest.approx((119.5, 159.5))
    assert seen(two)[2] < 5


def test_setting_a_pixel_size_changes_nothing_that_is_seen(two, qtbot):
    two.project.selection.select(particle_ids(two)[0])
    look(two, 120, 90, 3.0)
    for size_nm in (0.05, 0.04, None):
        two.session.set_pixel_size(size_nm, whole_folder=False)
        wait_for_pixels(two, qtbot)
        settle(two, qtbot)
        assert seen(two) == pytest.approx((120, 90, 3.0))
