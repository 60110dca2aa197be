"""Docks, layers, the store, closing and opening again, with a real viewer."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from napari import settings
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QLabel

from napari_cdse.core.errors import StoreError
from napari_cdse.gui.app import demo, window
from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.session import NoProjectError
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.session.workers import job_threads
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.project import Project
from tests.gui.conftest import (
    PIXEL_NM,
    SIGNAL_MS,
    open_folder,
    particle_ids,
    press,
    settle,
    standing,
    wait_for_pixels,
)
from tests.gui.showing import docks, in_step, labels


def test_an_empty_window_says_what_to_do(viewer):
    for name in (*window.NAMES, "Annotators"):
        dock = window.add_dock(viewer, name)
        texts = [one.text() for one in dock.findChildren(QLabel) if one.isVisible()]
        assert any("sample project" in text for text in texts), name
        assert not dock.view.isVisible(), name


def test_keys_and_tools_rest_while_no_project_is_open(viewer, qtbot):
    workspace = workspace_for(viewer)
    plain, control, shift = (
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.ControlModifier,
        Qt.KeyboardModifier.ShiftModifier,
    )
    for key in "YNUOKJGMHWQC":
        press(workspace, qtbot, getattr(Qt.Key, f"Key_{key}"), plain)
    for key in ("Period", "Comma", "PageDown", "PageUp", "Delete"):
        press(workspace, qtbot, getattr(Qt.Key, f"Key_{key}"), plain)
    press(workspace, qtbot, Qt.Key.Key_Z, control)
    press(workspace, qtbot, Qt.Key.Key_Z, control | shift)
    press(workspace, qtbot, Qt.Key.Key_X, shift)
    workspace.poller.poll()
    assert workspace.active_tool.current is None
    assert not workspace.session.is_open
    with pytest.raises(NoProjectError, match="Open a folder"):
        _ = workspace.project


def test_docks_of_one_viewer_share_one_session(viewer):
    shown = [window.add_dock(viewer, name) for name in window.NAMES]
    assert {id(one.session) for one in shown} == {id(workspace_for(viewer).session)}


def test_the_map_lies_over_the_micrograph(workspace):
    (layer,) = workspace.canvas.layers.maps
    # The bright sample stands for the place (10 + 3 * 20, 10 + 4 * 20) px.
    peak = np.argwhere(layer.data == 1.0)[0]
    scale = workspace.canvas.layers.image.scale[0]
    assert np.allclose(layer.data_to_world(peak), np.array([70.0, 90.0]) * scale)
    assert workspace.canvas.layers.image.data_to_world((70, 90)) == layer.data_to_world(
        peak
    )


def test_a_pixel_size_calibrates_all_layers(workspace, qtbot):
    assert {str(layer.units[0]) for layer in workspace.canvas.layers.present} == {
        "pixel"
    }
    assert not workspace.viewer.canvas.overlays.scale_bar.visible
    dock = docks(workspace.viewer)["Micrographs"]
    assert "estimated" in dock.pixel_size.label.text()
    dock.pixel_size.field.setValue(PIXEL_NM)
    qtbot.mouseClick(dock.pixel_size.button, Qt.MouseButton.LeftButton)
    settle(workspace, qtbot)
    assert {str(layer.units[0]) for layer in workspace.canvas.layers.present} == {
        "nanometer"
    }
    assert workspace.canvas.layers.image.scale == pytest.approx((PIXEL_NM, PIXEL_NM))
    assert workspace.viewer.canvas.overlays.scale_bar.visible
    assert "set by a person" in dock.pixel_size.label.text()
    in_step(workspace)
    (layer,) = workspace.canvas.layers.maps
    assert layer.data_to_world((3, 4)) == pytest.approx((70 * PIXEL_NM, 90 * PIXEL_NM))


def test_a_transform_of_the_whole_layer_is_undone(workspace):
    workspace.canvas.particles.layer.translate = (5, 5)
    workspace.canvas.particles.layer.scale = (2, 2)
    workspace.canvas.particles.check()
    assert tuple(workspace.canvas.particles.layer.translate) == (0, 0)
    assert tuple(workspace.canvas.particles.layer.scale) == (1, 1)


def test_deleting_our_layer_deletes_no_particle(workspace, qtbot):
    workspace.viewer.layers.remove(workspace.canvas.layers.particles)
    assert len(workspace.project.particles.current) == 5
    assert workspace.canvas.particles is None
    workspace.navigation.open_micrograph(workspace.project.selection.index)
    wait_for_pixels(workspace, qtbot)
    in_step(workspace)


def test_an_unreadable_micrograph_is_named_and_the_others_open(viewer, folder, qtbot):
    (folder / "dots_0.png").write_bytes(b"no picture")
    workspace = workspace_for(viewer)
    workspace.open_project(folder)
    qtbot.waitUntil(
        lambda: workspace.session.entries[0].problem is not None, timeout=SIGNAL_MS
    )
    assert workspace.canvas.particles is None
    press(workspace, qtbot, Qt.Key.Key_PageDown)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.selection.index == 1
    assert workspace.canvas.layers.image is not None


def test_a_project_that_opens_takes_away_the_pictures_of_the_one_before(
    workspace, tmp_path, qtbot
):
    others = tmp_path / "others"
    others.mkdir()
    (others / "a.png").write_bytes(b"no picture")
    assert workspace.canvas.layers.present
    assert workspace.open_project(others)
    # At once: a picture of the new one may take long to come.
    assert not workspace.canvas.layers.present
    assert not workspace.viewer.layers
    settle(workspace, qtbot)


def test_what_was_read_too_late_is_dropped(viewer, folder, qtbot):
    workspace = workspace_for(viewer)
    workspace.open_project(folder)
    for index in (1, 2, 0, 2):
        workspace.navigation.open_micrograph(index)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.selection.index == 2
    assert workspace.canvas.layers.image.name == "dots_2"
    expected = read_micrograph(folder / "dots_2.png").pixels
    np.testing.assert_array_equal(workspace.canvas.layers.image.data, expected)


def test_close_and_open_again(workspace, viewer, folder, qtbot):
    ids = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_Period)
    press(workspace, qtbot, Qt.Key.Key_Y)
    workspace.project.edits.remove([ids[1]])
    before = {one.id: one for one in workspace.project.particles.current}
    workspace.open_project(folder)
    wait_for_pixels(workspace, qtbot)
    assert {one.id: one for one in workspace.project.particles.current} == before
    in_step(workspace)
    # The undo history is there, too.
    control = Qt.KeyboardModifier.ControlModifier
    press(workspace, qtbot, Qt.Key.Key_Z, control)
    assert workspace.project.particles.find(ids[1]) is not None
    press(workspace, qtbot, Qt.Key.Key_Z, control)
    assert labels(workspace) == [None] * 5
    in_step(workspace)


def test_undo_goes_to_the_micrograph_where_it_was(workspace, qtbot, forest):
    ids = particle_ids(workspace)
    workspace.project.edits.label([ids[0]], "no")
    press(workspace, qtbot, Qt.Key.Key_PageDown)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.selection.index == 1
    press(workspace, qtbot, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.selection.index == 0
    assert labels(workspace) == [None] * 5
    in_step(workspace)


def test_a_full_disk_is_told_and_the_layer_repaired(workspace, qtbot, monkeypatch):
    told = []

    def full(*_args):
        raise StoreError("The disk is full; make room and repeat the step.")

    monkeypatch.setattr(type(workspace.project._store.edits), "append", full)
    layer = workspace.canvas.particles.layer
    workspace.canvas.particles._warn = told.append
    layer.selected_data = {0}
    layer.remove_selected()
    settle(workspace, qtbot)
    assert layer.nshapes == 5
    in_step(workspace)
    workspace.project.selection.select(particle_ids(workspace)[0])
    press(workspace, qtbot, Qt.Key.Key_Y)
    assert labels(workspace) == [None] * 5
    in_step(workspace)
    assert len(told) == 1
    assert "full" in told[0]
    press(workspace, qtbot, Qt.Key.Key_Y)
    assert standing(workspace) == told


def test_closing_during_work_leaves_no_thread(viewer, folder, qtbot):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    workspace.detection.detect_all()
    path = workspace.project.path
    viewer.close()
    qtbot.waitUntil(lambda: workspace.session.closed, timeout=SIGNAL_MS)
    assert not workspace.session.is_open
    qtbot.waitUntil(
        lambda: job_threads().activeThreadCount() == 0,
        timeout=SIGNAL_MS,
    )
    with sqlite3.connect(path) as store:
        assert store.execute("pragma integrity_check").fetchone() == ("ok",)


_OPEN = """
import sys
from pathlib import Path
import napari
from qtpy.QtWidgets import QApplication
from napari_cdse.gui.app import window
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.gui.session.viewer_window import main_window

viewer = napari.Viewer(show=False)
window.add_docks(viewer)
workspace = workspace_for(viewer)
workspace.open_project(Path(sys.argv[1]))
while workspace.canvas.particles is None:
    QApplication.processEvents()
workspace.navigation.open_micrograph(1)
"""
_FAILS = "sys.exit('failed half-way')"
_WINDOW_FIRST = """
main_window(viewer).close()
QApplication.processEvents()
workspace.close()
assert not workspace.session.is_open
assert not workspace.canvas.particles
"""


def run_script(script: str, folder, tmp_path) -> subprocess.CompletedProcess:
    """Run a script of its own in another process, which closes as it likes."""
    environment = {**os.environ, "NAPARI_CONFIG": str(tmp_path / "settings.yaml")}
    return subprocess.run(
        [sys.executable, "-c", _OPEN + script, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_script_that_fails_half_way_says_only_why(folder, tmp_path):
    ended = run_script(_FAILS, folder, tmp_path)
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.splitlines()[-1] == "failed half-way"
    assert "Traceback" not in ended.stderr
    # It was closed in good order.
    with closing(Project.create_or_open(folder)) as project:
        assert project.resume_point.index == 1


def test_the_window_may_go_before_the_session(folder, tmp_path):
    ended = run_script(_WINDOW_FIRST, folder, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    with closing(Project.create_or_open(folder)) as project:
        assert project.resume_point.index == 1


def test_the_demo_draws_its_picture(folder, tmp_path, make_napari_viewer, monkeypatch):
    monkeypatch.setattr(window.napari, "Viewer", make_napari_viewer)
    save, measured, sizes = demo._save_picture, [], []

    def look_and_save(viewer, path):
        size = main_window(viewer).size()
        measured.append(docks(viewer)["Particle"].card.measured)
        sizes.append((size.width(), size.height()))
        # The first particle is chosen, and all of its micrograph is seen.
        assert workspace_for(viewer).project.selection.particle_id is not None
        assert viewer.scene.camera.center[-2:] == pytest.approx((119.5, 159.5))
        save(viewer, path)

    monkeypatch.setattr(demo, "_save_picture", look_and_save)
    picture = tmp_path / "window.png"
    demo.open_demo(folder, picture)
    assert measured == [True]
    # Of the whole window, docks and all.
    with Image.open(picture) as shown:
        assert shown.size == sizes[0]
        assert shown.width > shown.height
        assert np.asarray(shown).std() > 5


@pytest.mark.usefixtures("_own_settings")
def test_a_workspace_that_closes_gives_keys_and_mouse_back(make_napari_viewer):
    viewer = make_napari_viewer()

    def ours() -> tuple[list, ...]:
        lists = viewer.mouse_drag_callbacks, viewer.mouse_move_callbacks
        return *map(list, lists), sorted(map(str, viewer.keymap))

    before = ours()
    workspace = workspace_for(viewer)
    taken = ours()
    assert len(taken[0]) > len(before[0])
    assert len(taken[2]) > len(before[2])
    workspace.close()
    assert ours() == before


def test_no_notice_lies_over_what_the_saved_picture_shows(
    workspace, qtbot, tmp_path, monkeypatch
):
    """napari shows notices over the canvas; others who ask for notices keep theirs."""
    main = main_window(workspace.viewer)
    level = settings.get_settings().application
    monkeypatch.setattr(level, "gui_notification_level", "info")
    notifications.inform("one")
    notifications.inform("two")

    def notices() -> list:
        return [
            one
            for one in main.findChildren(QDialog)
            if one.metaObject().className() == "NapariQtNotification"
            and one.isVisible()
        ]

    qtbot.waitUntil(lambda: len(notices()) == 2, timeout=SIGNAL_MS)
    other = QDialog(main)
    other.show()
    picture = tmp_path / "picture.png"
    demo._save_picture(workspace.viewer, picture)
    assert notices() == []
    assert other.isVisible()
    assert picture.read_bytes().startswith(b"\x89PNG")
    other.close()


def test_what_goes_with_the_project_is_not_shown_in_a_window_that_closes(
    workspace, qtbot
):
    """Qt may have taken the bar down by then: to fill it again ended in a crash."""
    messages = workspace.session.messages
    messages.put("pixel sizes of single micrographs", "One micrograph keeps its own.")
    workspace.session.warn("Another sentence stands.")
    settle(workspace, qtbot)
    told = []
    messages.changed.connect(lambda: told.append(messages.shown))
    workspace.close()
    assert [each.sentence for each in messages.shown] == ["Another sentence stands."]
    assert told == []
