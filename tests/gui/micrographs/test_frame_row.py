"""The slider over the frames of a stack or movie."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.gui.app import window
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import settle, standing, wait_for_pixels
from tests.project.test_frames import write_movie
from tests.project_tools import write_picture


@pytest.fixture
def workspace(viewer, tmp_path, qtbot):
    write_movie(tmp_path / "a.tif", 4)
    write_movie(tmp_path / "b.tif", 3, seed=6)
    write_picture(tmp_path / "c.png", 1)
    workspace = workspace_for(viewer)
    workspace.open_project(tmp_path)
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    return workspace


def shown_pixels(workspace):
    return np.asarray(workspace.session.micrograph.pixels)


def test_the_slider_takes_the_mean_of_some_frames_and_undo_goes_back(workspace, qtbot):
    row = window.add_dock(workspace.viewer, "Micrographs").view.frames
    settle(workspace, qtbot)
    assert row.isVisible()
    assert row.says.text() == "4 frames, read: frame 0"
    first = shown_pixels(workspace).mean()
    row.slider.setValue((1, 2))
    assert row.says.text().endswith("mean of frames 1 to 2 is not read yet")
    row.button.click()
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    assert shown_pixels(workspace).mean() == pytest.approx(first + 150, abs=2)
    assert row.says.text() == "4 frames, read: mean of frames 1 to 2"
    workspace.history.undo()
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    assert shown_pixels(workspace).mean() == pytest.approx(first)
    assert row.wanted == (0, 0)


def test_in_all_files_the_choice_holds_where_there_are_these_frames(
    workspace, qtbot, monkeypatch
):
    row = window.add_dock(workspace.viewer, "Micrographs").view.frames
    settle(workspace, qtbot)
    row.slider.setValue((2, 3))
    row.scope.setCurrentIndex(1)
    row.button.click()
    settle(workspace, qtbot)
    entries = workspace.project.micrographs.entries
    assert [each.frame for each in entries] == ["2:4", 0, 0]
    assert any("1 file has fewer frames" in each for each in standing(workspace))
    row.slider.setValue((0, 3))
    row.button.click()
    settle(workspace, qtbot)
    entries = workspace.project.micrographs.entries
    assert [each.frame for each in entries] == ["mean", "mean", 0]


def test_a_picture_has_no_slider(workspace, qtbot):
    row = window.add_dock(workspace.viewer, "Micrographs").view.frames
    workspace.navigation.open_micrograph(2)
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    assert not row.isVisible()
