"""A folder of many micrographs: detection that was stopped, what is said, room."""

from __future__ import annotations

import numpy as np
from PIL import Image
from qtpy.QtCore import Qt

from napari_cdse.core.records import Circle
from napari_cdse.gui.app import window
from napari_cdse.gui.session import notifications
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.project import Project
from tests.gui.conftest import (
    SIGNAL_MS,
    open_folder,
    press,
    settle,
    standing,
    wait_for_pixels,
)
from tests.project_tools import write_picture


def test_detection_goes_on_where_it_was_stopped(viewer, folder, qtbot):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    done = []
    workspace.project.events.analysed.connect(done.append)
    workspace.detection.detect_all()
    job = workspace.session.runner.heavy
    job.produced.connect(lambda _found: workspace.session.runner.cancel(job))
    settle(workspace, qtbot)
    assert done == [0]
    workspace.detection.detect_all()
    settle(workspace, qtbot)
    assert done == [0, 1, 2]
    # Where nothing is left to do, she wants it done anew.
    workspace.detection.detect_all()
    settle(workspace, qtbot)
    assert done == [0, 1, 2, 0, 1, 2]


def test_what_reading_changed_is_told_once_and_stands_in_the_dock(
    viewer, folder, qtbot, monkeypatch
):
    told = []
    monkeypatch.setattr(notifications, "inform", told.append)
    for path in list(folder.glob("*.png")):
        Image.open(path).save(path.with_suffix(".jpg"), quality=95)
        path.unlink()
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    for _ in range(2):
        press(workspace, qtbot, Qt.Key.Key_PageDown)
        wait_for_pixels(workspace, qtbot)
    assert [one.partition(":")[0] for one in told] == ["dots_0"]
    assert workspace.session.micrograph.name == "dots_2"
    assert "JPEG" in window.add_dock(viewer, "Micrographs").view.problem.text()


def test_where_nothing_was_detected_yet_it_says_what_to_do(viewer, folder, qtbot):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    card = window.add_dock(viewer, "Particle").view.card
    assert '"Detect in this one"' in card.words.text()
    workspace.detection.detect_current()
    settle(workspace, qtbot)
    workspace.project.edits.label(
        [one.id for one in workspace.project.particles.current], "null"
    )
    press(workspace, qtbot, Qt.Key.Key_Period)
    assert "2 micrographs have not been looked through" in viewer.status
    assert '"Detect in all"' in viewer.status


def test_why_nothing_was_found_stands_until_something_is(viewer, folder, qtbot):
    write_picture(folder / "a.png", 2, (160, 200))
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    assert workspace.session.current_entry.name == "a.png"
    workspace.detection.detect_current()
    settle(workspace, qtbot)
    assert workspace.project.particles.current == ()
    (told,) = standing(workspace)
    assert told.startswith("No particle was found. ")
    assert "set the true one, and detect again" in told
    press(workspace, qtbot, Qt.Key.Key_PageDown)
    wait_for_pixels(workspace, qtbot)
    workspace.detection.detect_current()
    settle(workspace, qtbot)
    assert workspace.project.particles.current
    assert standing(workspace) == []


def test_the_whole_micrograph_is_in_view_whatever_lies_over_its_border(
    workspace, qtbot
):
    camera = workspace.viewer.scene.camera
    press(workspace, qtbot, Qt.Key.Key_W)
    before = (*camera.center, camera.zoom)
    workspace.project.edits.draw(Circle(0.0, 0.0, 60.0))
    camera.zoom *= 3
    press(workspace, qtbot, Qt.Key.Key_W)
    np.testing.assert_allclose((*camera.center, camera.zoom), before)


def test_the_table_gets_the_room_and_the_folded_parameters_need_no_bar(
    workspace, qtbot
):
    dock = window.add_dock(workspace.viewer, "Micrographs").view
    area = dock.parameters.parentWidget().parentWidget()
    bar = area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    below = dock.height() - area.geometry().bottom() - 1
    assert below == dock.layout().contentsMargins().bottom()


def test_who_comes_back_sees_the_row_where_she_stopped(viewer, folder, qtbot):
    for number in range(3, 30):
        (folder / f"dots_{number}.png").write_bytes(
            (folder / "dots_0.png").read_bytes()
        )
    project = Project.create_or_open(folder)
    project.selection.open(25)
    project.close()
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    assert workspace.project.selection.index == 25
    table = window.add_dock(viewer, "Micrographs").view.table

    def in_sight() -> None:
        row = table.visualRect(table.model().index(25, 0))
        assert table.viewport().rect().contains(row)

    qtbot.waitUntil(in_sight, timeout=SIGNAL_MS)
