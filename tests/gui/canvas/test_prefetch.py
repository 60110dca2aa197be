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
def two(session, qtbot, forest):
    """A session with circles in the first two micrographs, the first one open."""
    session.open_micrograph(1)
    wait_for_pixels(session, qtbot)
    put_circles(session, forest)
    session.project.edits.label([session.project.particles.current[0].id], "yes")
    session.stage.prefetch.clear()
    session.open_micrograph(0)
    wait_for_pixels(session, qtbot)
    settle(session, qtbot)
    return session


def test_going_on_opens_the_next_micrograph_at_once(two, qtbot, monkeypatch):
    session = two

    def never(*_args, **_options):
        raise AssertionError("read in the foreground")

    monkeypatch.setattr(work, "read_micrograph", never)
    layers = session.scene.image, session.scene.particles
    session.review.set_order("micrograph", "unlabelled")
    press(session, qtbot, Qt.Key.Key_Period)
    for _ in CIRCLES:
        assert session.project.selection.index == 0
        press(session, qtbot, Qt.Key.Key_N)
    # The last key has opened it: there was nothing to wait for.
    assert session.project.selection.index == 1
    assert session.view is not None
    assert (session.scene.image, session.scene.particles) == layers
    assert len(session.project.particles.current) == len(CIRCLES)
    expected = read_micrograph(session.project.micrographs.entries[1].path)
    np.testing.assert_array_equal(session.scene.image.data, expected.pixels)
    assert session.scene.image.name == "dots_1"
    in_step(session)
    circle = session.project.particles.get(session.project.selection.particle_id).circle
    assert session.viewer.scene.camera.center[-2:] == pytest.approx(
        (circle.row_px, circle.col_px)
    )
    settle(session, qtbot)


def test_circles_of_the_micrograph_before_are_no_edit(two, qtbot):
    session = two
    head = session.project.history.undo_summary
    for index in (1, 0, 1, 2, 0):
        session.open_micrograph(index)
        wait_for_pixels(session, qtbot)
        in_step(session)
    assert session.project.history.undo_summary == head
    assert len(session.scene.maps) == 1


def test_a_micrograph_without_a_map_shows_none(two, qtbot):
    session = two
    assert session.scene.maps
    session.open_micrograph(2)
    wait_for_pixels(session, qtbot)
    assert not session.scene.maps
    assert set(session.viewer.layers) == {*session.scene.layers}


def test_what_was_changed_meanwhile_is_read_anew(two, qtbot):
    session = two
    path = session.project.micrographs.entries[1].path
    kept = session.stage.prefetch.take(session.source(1))
    assert kept is not None
    Image.fromarray(np.full(SHAPE, 3, np.uint8)).save(path)
    assert session.stage.prefetch.take(session.source(1)) is None
    path.unlink()
    assert session.stage.prefetch.take(session.source(1)) is None


def test_only_so_much_is_held(session):
    prefetch = session.stage.prefetch
    prefetch.clear()
    path = session.project.micrographs.entries[0].path
    big = read_micrograph(path)
    object.__setattr__(big, "pixels", np.zeros((6000, 6000), np.float32))
    sources = [Source(0, path, frame, None) for frame in range(3)]
    for source in sources:
        prefetch.keep(source, big)
    assert [prefetch.take(one) is not None for one in sources] == [False, False, True]
