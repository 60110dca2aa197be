"""Judging in the gallery: one or many, by real keys and clicks."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_cdse.gui.app import window
from tests.gui.conftest import (
    CIRCLES,
    SIGNAL_MS,
    particle_ids,
    settle,
    wait_for_pixels,
)
from tests.gui.gallery.galleries import (
    CTRL,
    LEFT,
    PLAIN,
    SHIFT,
    analysed_elsewhere,
    click,
    key,
    ready,
    shown,
)
from tests.gui.showing import in_step, labels, rows


@pytest.fixture
def gallery(workspace, qtbot):
    """The gallery of a project of five particles, in front and with its pictures."""
    dock = window.add_dock(workspace.viewer, "Gallery").view
    ready(dock, workspace, qtbot)
    return dock


def steps(workspace) -> int:
    """How many steps can be taken back; takes them all."""
    count = 0
    while workspace.project.history.undo() is not None:
        count += 1
    return count


def test_it_reads_from_top_to_bottom(gallery, workspace, qtbot):
    workspace.project.edits.label(particle_ids(workspace)[:1], "null")
    settle(workspace, qtbot)
    assert rows(gallery) == [
        ["Y 1", "N 1", "U 2", "O 1", "? 0"],
        ["surest first", "all", "this one"],
        ["GalleryView"],
        ["5 shown", "Sort anew (1)"],
    ]
    assert gallery.edge.isVisible()
    gallery.sort_anew.click()
    assert rows(gallery)[-1] == ["5 shown", "Sort anew"]
    assert not gallery.sort_anew.isEnabled()


def test_a_click_goes_to_the_particle_in_its_micrograph(gallery, workspace, qtbot):
    ids = particle_ids(workspace)
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    click(gallery, qtbot, ids[2])
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.selection.index == 0
    assert workspace.project.selection.particle_id == ids[2]
    camera = workspace.viewer.scene.camera
    scale = workspace.canvas.layers.image.scale[0]
    assert camera.center[-2:] == pytest.approx(
        (CIRCLES[2].row_px * scale, CIRCLES[2].col_px * scale)
    )
    assert gallery.view.marked == ids[2]


def test_many_are_relabelled_with_one_key_in_one_step(gallery, workspace, qtbot):
    ids = particle_ids(workspace)
    before = shown(gallery)
    assert gallery.status.text() == "5 shown"
    click(gallery, qtbot, ids[0])
    assert gallery.status.text() == "1 of 5 chosen"
    click(gallery, qtbot, ids[1], CTRL)
    click(gallery, qtbot, ids[4], CTRL)
    assert gallery.status.text() == "3 of 5 chosen"
    assert gallery.status.toolTip()
    key(gallery, qtbot, Qt.Key.Key_U)
    assert labels(workspace) == ["null", "null", None, None, "null"]
    found = [
        workspace.project.particles.find(one).annotation for one in (ids[0], ids[4])
    ]
    assert {(one.selected_by, one.prediction_seen) for one in found} == {("hand", True)}
    # They stay in their places and stay chosen; the layer follows.
    assert shown(gallery) == before
    assert set(gallery.view.chosen) == {ids[0], ids[1], ids[4]}
    assert gallery.filters.classes["null"].text() == "U 4"
    assert gallery.sort_anew.text() == "Sort anew (3)"
    settle(workspace, qtbot)
    in_step(workspace)
    key(gallery, qtbot, Qt.Key.Key_Z, CTRL)
    assert labels(workspace) == [None] * 5
    assert not workspace.project.history.can_undo
    assert not gallery.sort_anew.isEnabled()
    key(gallery, qtbot, Qt.Key.Key_Z, CTRL | SHIFT)
    assert labels(workspace) == ["null", "null", None, None, "null"]
    assert set(gallery.view.chosen) == {ids[0], ids[1], ids[4]}


def test_sorted_anew_they_go_where_they_belong_and_stay_chosen(
    gallery, workspace, qtbot
):
    ids = particle_ids(workspace)
    click(gallery, qtbot, ids[0])
    click(gallery, qtbot, ids[3], SHIFT)
    assert gallery.view.chosen == (ids[0], ids[3])
    key(gallery, qtbot, Qt.Key.Key_O)
    qtbot.mouseClick(gallery.sort_anew, LEFT)
    assert shown(gallery)[:2] == [ids[1], ids[2]]
    assert gallery.model.arrangement.sections[-1] == ("empty", 3)
    assert set(gallery.view.chosen) == {ids[0], ids[3]}


def test_with_the_keys_one_after_the_other(gallery, workspace, qtbot):
    ids = particle_ids(workspace)
    click(gallery, qtbot, ids[0])
    key(gallery, qtbot, Qt.Key.Key_Right)
    assert gallery.view.chosen == (ids[3],)
    key(gallery, qtbot, Qt.Key.Key_N)
    key(gallery, qtbot, Qt.Key.Key_K)
    assert gallery.view.chosen == (ids[2],)
    assert labels(workspace) == [None, "no", None, "no", None]
    given = workspace.project.particles.find(ids[1]).annotation
    assert (given.selected_by, given.origin) == ("order", "confirmed")
    key(gallery, qtbot, Qt.Key.Key_J)
    assert workspace.project.particles.find(ids[2]).deferred
    key(gallery, qtbot, Qt.Key.Key_Left)
    key(gallery, qtbot, Qt.Key.Key_Delete)
    assert workspace.project.particles.find(ids[2]) is None
    assert shown(gallery) == [ids[0], ids[3], ids[1], ids[4]]
    assert gallery.view.chosen == (ids[4],)
    assert steps(workspace) == 4
    assert labels(workspace) == [None] * 5


def test_enter_goes_to_where_the_keys_led(gallery, workspace, qtbot):
    ids = particle_ids(workspace)
    click(gallery, qtbot, ids[0])
    key(gallery, qtbot, Qt.Key.Key_End)
    assert workspace.project.selection.particle_id == ids[0]
    key(gallery, qtbot, Qt.Key.Key_Return)
    assert workspace.project.selection.particle_id == ids[4]


def test_a_band_chooses_what_it_touches(gallery, workspace, qtbot):
    ids = particle_ids(workspace)
    gallery.view.set_edge(56)
    view, port = gallery.view, gallery.view.viewport()
    view.verticalScrollBar().setValue(0)
    cell = view.visualRect(gallery.model.index(0))
    start = QPoint(port.width() - 2, cell.top() + 4)
    last = view.visualRect(gallery.model.index(2))
    qtbot.mousePress(port, LEFT, PLAIN, start)
    for share in (0.5, 1.0):
        way = QPoint(cell.left() + 3, last.top() + 3) - start
        qtbot.mouseMove(port, start + way * share)
        drag(view, start + way * share)
    qtbot.mouseRelease(port, LEFT, PLAIN, start + way)
    assert gallery.view.chosen == (ids[0], ids[3], ids[1])
    # Nothing was visited: a band is no click.
    assert workspace.project.selection.particle_id is None
    key(gallery, qtbot, Qt.Key.Key_Y)
    assert labels(workspace) == ["yes", "yes", None, "yes", None]


def test_a_band_pulled_below_or_above_scrolls_and_chooses_what_comes(
    gallery, workspace, qtbot
):
    gallery.edge.setValue(150)
    view, port = gallery.view, gallery.view.viewport()
    bar = view.verticalScrollBar()
    assert bar.maximum() > 0
    below = QPoint(port.width() - 2, port.height() + 40)
    qtbot.mousePress(port, LEFT, PLAIN, QPoint(2, 2))
    drag(view, below)
    qtbot.waitUntil(lambda: bar.value() == bar.maximum(), timeout=SIGNAL_MS)
    qtbot.waitUntil(lambda: len(view.chosen) == 5, timeout=SIGNAL_MS)
    drag(view, QPoint(below.x(), -40))
    qtbot.waitUntil(lambda: bar.value() == 0, timeout=SIGNAL_MS)
    qtbot.mouseRelease(port, LEFT, PLAIN, below)
    key(gallery, qtbot, Qt.Key.Key_A, CTRL)
    assert len(view.chosen) == 5
    key(gallery, qtbot, Qt.Key.Key_Escape)
    assert view.chosen == ()


def drag(view, place: QPoint) -> None:
    """Move the mouse with the left button held; QTest itself holds none."""
    port = view.viewport()
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(place),
        QPointF(port.mapToGlobal(place)),
        Qt.MouseButton.NoButton,
        LEFT,
        PLAIN,
    )
    QApplication.sendEvent(port, event)


def test_one_step_over_two_micrographs(gallery, workspace, qtbot):
    (other,) = analysed_elsewhere(workspace, qtbot)
    ready(gallery, workspace, qtbot)
    gallery.view.setFocus()
    key(gallery, qtbot, Qt.Key.Key_A, CTRL)
    key(gallery, qtbot, Qt.Key.Key_N)
    assert workspace.project.particles.find(other).annotation.label == "no"
    assert labels(workspace) == ["no"] * 5
    assert "6 circles" in gallery.status.text()
    assert steps(workspace) == 1


def test_an_audited_particle_is_not_given_away(gallery, workspace, qtbot, monkeypatch):
    ids = particle_ids(workspace)
    secret = ids[0]
    monkeypatch.setattr(
        type(workspace.project.audits),
        "hides",
        lambda self, one: one == secret and not self._particles.judges(one),
    )
    gallery.refresh(sort=True)
    assert shown(gallery)[-1] == secret
    assert gallery.filters.classes["unlabelled"].text() == "? 1"
    tip = gallery.model.index(4).data(Qt.ItemDataRole.ToolTipRole)
    assert "audit" in tip
    assert "yes" not in tip
    click(gallery, qtbot, secret)
    key(gallery, qtbot, Qt.Key.Key_K)
    assert labels(workspace)[0] is None
    key(gallery, qtbot, Qt.Key.Key_A, CTRL)
    key(gallery, qtbot, Qt.Key.Key_N)
    seen = [
        workspace.project.particles.find(one).annotation.prediction_seen for one in ids
    ]
    assert seen == [False, True, True, True, True]
    assert steps(workspace) == 1
