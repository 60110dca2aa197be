"""The next micrograph of the queue is there before it is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt

from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.tasks import analysis as work
from napari_cdse.tasks.analysis import Source
from tests.gui.conftest import (
    CIRCLES,
    press,
    put_circles,
    settle,
    wait_for_pixels,
)
from tests.gui.drawn import SHAPE
from tests.gui.showing import in_step


@pytest.fixture
def two(workspace, qtbot, forest):
    """A workspace with circles in the first two micrographs, the first one open."""
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    put_circles(workspace, forest)
    workspace.project.edits.label([workspace.project.particles.current[0].id], "yes")
    workspace.canvas.prefetch.clear()
    workspace.navigation.open_micrograph(0)
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    return workspace


def test_going_on_opens_the_next_micrograph_at_once(two, qtbot, monkeypatch):
    workspace = two

    def never(*_args, **_options):
        raise AssertionError("read in the foreground")

    monkeypatch.setattr(work, "read_micrograph", never)
    layers = workspace.canvas.layers.image, workspace.canvas.layers.particles
    workspace.navigation.set_order("micrograph", "unlabelled")
    press(workspace, qtbot, Qt.Key.Key_Period)
    for _ in CIRCLES:
        assert workspace.project.selection.index == 0
        press(workspace, qtbot, Qt.Key.Key_N)
    # The last key has opened it: there was nothing to wait for.
    assert workspace.project.selection.index == 1
    assert workspace.canvas.particles is not None
    assert (workspace.canvas.layers.image, workspace.canvas.layers.particles) == layers
    assert len(workspace.project.particles.current) == len(CIRCLES)
    expected = read_micrograph(workspace.project.micrographs.entries[1].path)
    np.testing.assert_array_equal(workspace.canvas.layers.image.data, expected.pixels)
    assert workspace.canvas.layers.image.name == "dots_1"
    in_step(workspace)
    circle = workspace.project.particles.get(
        workspace.project.selection.particle_id
    ).circle
    assert workspace.viewer.scene.camera.center[-2:] == pytest.approx(
        (circle.row_px, circle.col_px)
    )
    settle(workspace, qtbot)


def test_circles_of_the_micrograph_before_are_no_edit(two, qtbot):
    workspace = two
    head = workspace.project.history.undo_summary
    for index in (1, 0, 1, 2, 0):
        workspace.navigation.open_micrograph(index)
        wait_for_pixels(workspace, qtbot)
        in_step(workspace)
    assert workspace.project.history.undo_summary == head
    assert len(workspace.canvas.layers.maps) == 1


def test_a_micrograph_without_a_map_shows_none(two, qtbot):
    workspace = two
    assert workspace.canvas.layers.maps
    workspace.navigation.open_micrograph(2)
    wait_for_pixels(workspace, qtbot)
    assert not workspace.canvas.layers.maps
    assert set(workspace.viewer.layers) == {*workspace.canvas.layers.present}


def test_what_was_changed_meanwhile_is_read_anew(two, qtbot):
    workspace = two
    path = workspace.project.micrographs.entries[1].path
    kept = workspace.canvas.prefetch.take(workspace.session.source(1))
    assert kept is not None
    Image.fromarray(np.full(SHAPE, 3, np.uint8)).save(path)
    assert workspace.canvas.prefetch.take(workspace.session.source(1)) is None
    path.unlink()
    assert workspace.canvas.prefetch.take(workspace.session.source(1)) is None


def test_only_so_much_is_held(workspace):
    prefetch = workspace.canvas.prefetch
    prefetch.clear()
    path = workspace.project.micrographs.entries[0].path
    big = read_micrograph(path)
    object.__setattr__(big, "pixels", np.zeros((6000, 6000), np.float32))
    sources = [Source(0, path, frame, None) for frame in range(3)]
    for source in sources:
        prefetch.keep(source, big)
    assert [prefetch.take(one) is not None for one in sources] == [False, False, True]
