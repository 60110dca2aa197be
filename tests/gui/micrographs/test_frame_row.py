"""The slider over the frames of a stack or movie."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Circle
from napari_cdse.gui.app import window
from napari_cdse.gui.controllers import frames
from napari_cdse.gui.session.viewer_window import find_canvas
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.project.components.micrographs import Micrographs
from napari_cdse.tasks.frames import counting_frames
from tests.gui.conftest import SIGNAL_MS, settle, standing, wait_for_pixels
from tests.gui.dropping import drop
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
    assert row.label.text() == "4 frames, read: frame 0"
    first = shown_pixels(workspace).mean()
    row.slider.setValue((1, 2))
    assert row.label.text().endswith("mean of frames 1 to 2 is not read yet")
    row.button.click()
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    assert shown_pixels(workspace).mean() == pytest.approx(first + 150, abs=2)
    assert row.label.text() == "4 frames, read: mean of frames 1 to 2"
    workspace.history.undo()
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    assert shown_pixels(workspace).mean() == pytest.approx(first)
    assert row.wanted == (0, 0)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "1 label was given on another frame and stays; check its circle."),
        (2, "2 labels were given on another frame and stay; check their circles."),
    ],
)
def test_labels_of_another_frame_stay_and_that_is_said(workspace, qtbot, number, said):
    row = window.add_dock(workspace.viewer, "Micrographs").view.frames
    settle(workspace, qtbot)
    project = workspace.project
    for at in range(number):
        circle = Circle(20.0, 20.0 + 30 * at, 9.0)
        project.edits.draw(circle, "yes")
    row.slider.setValue((1, 2))
    row.button.click()
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    assert standing(workspace).count(said) == 1
    assert project.particles.counts()["yes"] == number
    # Said once more it stands once, with the labels of now.
    project.edits.draw(Circle(60.0, 20.0, 9.0), "no")
    row.slider.setValue((0, 1))
    row.button.click()
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    told = [one for one in standing(workspace) if "on another frame" in one]
    (told,) = told
    assert told.startswith(f"{number + 1} labels were given")


def told_of_labels(workspace):
    return [one for one in standing(workspace) if "on another frame" in one]


def choose(workspace, qtbot, first, last):
    row = window.add_dock(workspace.viewer, "Micrographs").view.frames
    settle(workspace, qtbot)
    row.slider.setValue((first, last))
    row.button.click()
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)


def walk(workspace, qtbot, step):
    step()
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)


def test_labels_of_another_frame_are_told_of_as_long_as_there_are_some(
    workspace, qtbot
):
    project = workspace.project
    first, _ = (project.edits.draw(Circle(20, 20 + 30 * at, 9), "yes") for at in (0, 1))
    choose(workspace, qtbot, 1, 2)
    assert len(told_of_labels(workspace)) == 1
    walk(workspace, qtbot, workspace.history.undo)
    assert told_of_labels(workspace) == []
    walk(workspace, qtbot, workspace.history.redo)
    (told,) = told_of_labels(workspace)
    assert told.startswith("2 labels were given")
    # One is looked at on this frame and put right.
    project.edits.label([first], "no")
    (told,) = told_of_labels(workspace)
    assert told.startswith("1 label was given")
    walk(workspace, qtbot, workspace.history.undo)
    (told,) = told_of_labels(workspace)
    assert told.startswith("2 labels were given")
    # Who closed it is not told again with each key, but with each choice.
    workspace.session.messages.withdraw(frames._OTHER_FRAME)
    project.edits.label([first], "no")
    walk(workspace, qtbot, workspace.history.undo)
    assert told_of_labels(workspace) == []
    choose(workspace, qtbot, 0, 1)
    assert len(told_of_labels(workspace)) == 1
    # Back at the frame that they were given on, chosen by hand.
    choose(workspace, qtbot, 0, 0)
    assert told_of_labels(workspace) == []


def test_labels_of_another_frame_are_told_of_in_the_project_that_has_them(
    workspace, qtbot, tmp_path_factory
):
    workspace.project.edits.draw(Circle(20.0, 20.0, 9.0), "yes")
    choose(workspace, qtbot, 1, 2)
    assert len(told_of_labels(workspace)) == 1
    away = tmp_path_factory.mktemp("away")
    write_movie(away / "z.tif", 4)
    workspace.open_project(away)
    walk(workspace, qtbot, lambda: None)
    assert told_of_labels(workspace) == []


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
    assert not any("fewer frames" in each for each in standing(workspace))
    entries = workspace.project.micrographs.entries
    assert [each.frame for each in entries] == ["mean", "mean", 0]


def frames_by_name(workspace):
    return {each.name: each.frame for each in workspace.project.micrographs.entries}


def choose_in_all(workspace, qtbot, first, last):
    row = window.add_dock(workspace.viewer, "Micrographs").view.frames
    settle(workspace, qtbot)
    row.slider.setValue((first, last))
    row.scope.setCurrentIndex(1)
    row.button.click()
    settle(workspace, qtbot)


def join(workspace, qtbot, *paths):
    """Drop files on the window, and wait until they are among the micrographs."""
    number = len(workspace.project.micrographs.entries) + len(paths)
    assert drop(find_canvas(workspace.viewer), *paths)
    # A project that is joined by a file is opened anew.
    qtbot.waitUntil(
        lambda: len(workspace.project.micrographs.entries) == number, timeout=SIGNAL_MS
    )
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)


def test_what_was_chosen_for_all_holds_for_files_that_come_later(
    workspace, qtbot, tmp_path_factory
):
    away = tmp_path_factory.mktemp("away")
    choose_in_all(workspace, qtbot, 0, 3)
    write_picture(away / "e.png", 2)
    join(workspace, qtbot, write_movie(away / "d.tif", 5, seed=7), away / "e.png")
    assert frames_by_name(workspace)["d.tif"] == "mean"
    assert frames_by_name(workspace)["e.png"] == 0
    # One step, which can be taken back like others; then it is as it was, and stays.
    workspace.history.undo()
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    assert frames_by_name(workspace)["d.tif"] == 0
    assert frames_by_name(workspace)["a.tif"] == "mean"
    # Also what lies in the folder on another day.
    folder = workspace.project.path.parent
    write_movie(folder / "f.tif", 6, seed=8)
    workspace.open_project(folder)
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    found = frames_by_name(workspace)
    assert (found["f.tif"], found["d.tif"]) == ("mean", 0)


def test_a_later_file_without_these_frames_is_named(workspace, qtbot, tmp_path_factory):
    away = tmp_path_factory.mktemp("away")
    choose_in_all(workspace, qtbot, 1, 2)
    join(workspace, qtbot, write_movie(away / "d.tif", 2, seed=7))
    assert frames_by_name(workspace)["d.tif"] == 0
    assert any("d.tif: fewer frames than" in each for each in standing(workspace))


def test_new_files_are_asked_once_where_that_can_not_be_noted(
    workspace, qtbot, tmp_path_factory, monkeypatch
):
    away = tmp_path_factory.mktemp("away")
    choose_in_all(workspace, qtbot, 1, 2)
    asked = []

    def count(paths, report):
        asked.append([path.name for path in paths.values()])
        return counting_frames(paths, report)

    def fail(*_args):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(frames, "counting_frames", count)
    monkeypatch.setattr(Micrographs, "set_frames_of_all", fail)
    join(workspace, qtbot, write_movie(away / "d.tif", 5, seed=7))
    workspace.session.micrographs_changed.emit()
    settle(workspace, qtbot)
    assert asked == [["d.tif"]]
    assert "The disk is full." in standing(workspace)
    assert frames_by_name(workspace)["d.tif"] == "1:3"


def test_why_new_files_could_not_be_asked_is_told(
    workspace, qtbot, tmp_path_factory, monkeypatch
):
    away = tmp_path_factory.mktemp("away")
    choose_in_all(workspace, qtbot, 1, 2)

    def fail(_paths, _report):
        raise StoreError("The folder is gone.")

    monkeypatch.setattr(frames, "counting_frames", fail)
    join(workspace, qtbot, write_movie(away / "d.tif", 5, seed=7))
    assert "The folder is gone." in standing(workspace)


def test_a_choice_for_all_that_was_taken_back_holds_for_no_later_file(
    workspace, qtbot, tmp_path_factory
):
    away = tmp_path_factory.mktemp("away")
    choose_in_all(workspace, qtbot, 0, 3)
    workspace.history.undo()
    wait_for_pixels(workspace, qtbot)
    join(workspace, qtbot, write_movie(away / "d.tif", 5, seed=7))
    assert set(frames_by_name(workspace).values()) == {0}


def test_a_picture_has_no_slider(workspace, qtbot):
    row = window.add_dock(workspace.viewer, "Micrographs").view.frames
    workspace.navigation.open_micrograph(2)
    wait_for_pixels(workspace, qtbot)
    settle(workspace, qtbot)
    assert not row.isVisible()
