"""A folder that may not be written, opened in a real window."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QFileDialog,
    QListWidget,
    QMessageBox,
)

from napari_cdse.core.errors import FolderNotWritable
from napari_cdse.gui.opening import open_project as places
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets import dialogs
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.store.database import Database
from napari_cdse.project import Project
from tests.gui.conftest import CIRCLES, standing, wait_for_pixels

_CIRCLE = CIRCLES[0]


@pytest.fixture
def locked(folder, monkeypatch):
    """The folder of micrographs, in which nobody may make a file."""
    create = Database.create.__func__

    def refuse(cls, path):
        if path.parent == folder:
            raise FolderNotWritable(folder, "Permission denied")
        return create(cls, path)

    monkeypatch.setattr(Database, "create", classmethod(refuse))
    monkeypatch.setattr(
        "napari_cdse.io.store.database._may_write", lambda path: path.parent != folder
    )
    return folder


def answer(monkeypatch, place):
    """Answer the question for a place, and remember what was asked."""
    asked = []

    def ask(_parent, question, act, name):
        asked.append((question, act, name))
        return place

    monkeypatch.setattr(places, "ask_place", ask)
    return asked


def test_the_project_goes_where_the_person_says(
    viewer, locked, tmp_path, qtbot, monkeypatch
):
    place = tmp_path / "mine.cdse"
    asked = answer(monkeypatch, place)
    workspace = workspace_for(viewer)
    assert workspace.open_project(locked)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.path == place
    assert workspace.session.entries[0].problem is None
    ((question, act, name),) = asked
    assert "No project can be made in" in question
    assert (act, name) == ("Choose a place...", "work.cdse")
    # Next time the same place is named, and the work is there.
    workspace.project.edits.draw(_CIRCLE, "yes")
    assert workspace.open_project(locked)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.particles.counts()["yes"] == 1


def test_who_names_no_place_gets_the_sentence(viewer, locked, monkeypatch):
    answer(monkeypatch, None)
    workspace = workspace_for(viewer)
    assert not workspace.open_project(locked)
    assert not workspace.session.is_open
    assert any("choose another folder" in one for one in standing(workspace))


@pytest.mark.parametrize("copies", [True, False])
def test_a_project_for_looking_may_be_copied(
    viewer, folder, tmp_path, qtbot, monkeypatch, request, copies
):
    project = Project.create_or_open(folder)
    project.selection.open(0)
    project.edits.draw(_CIRCLE, "null")
    project.close()
    locked = request.getfixturevalue("locked")
    place = tmp_path / "copy.cdse"
    asked = answer(monkeypatch, place if copies else None)
    workspace = workspace_for(viewer)
    assert workspace.open_project(locked)
    wait_for_pixels(workspace, qtbot)
    assert asked[0][1] == "Work on a copy..."
    assert workspace.project.particles.counts()["null"] == 1
    assert workspace.project.read_only == (not copies)
    assert place.exists() == copies


def choose(monkeypatch, row):
    """Choose a line of what is offered, and remember what was asked."""
    asked = []

    def ask(_parent, question, choices):
        asked.append((question, choices))
        return row

    monkeypatch.setattr(places, "ask_which", ask)
    return asked


@pytest.fixture
def worked_on(folder):
    """The folder after two sittings: a circle drawn in each, a backup between them."""
    for circle in CIRCLES[:2]:
        project = Project.create_or_open(folder)
        project.selection.open(0)
        project.edits.draw(circle, "yes")
        project.close()
    return project.path


@pytest.mark.parametrize("by_file", [True, False])
def test_a_damaged_project_offers_its_backup(
    viewer, worked_on, qtbot, monkeypatch, by_file
):
    worked_on.write_bytes(worked_on.read_bytes()[:5000])
    asked = choose(monkeypatch, 0)
    workspace = workspace_for(viewer)
    assert workspace.open_project(worked_on if by_file else worked_on.parent)
    wait_for_pixels(workspace, qtbot)
    ((question, (line,)),) = asked
    assert "damaged" in question
    assert line.startswith("Backup ")
    assert line.endswith("1 label")
    assert workspace.project.path == worked_on
    assert workspace.project.particles.counts()["yes"] == 1


def test_a_missing_project_offers_what_lies_there(
    viewer, worked_on, qtbot, monkeypatch
):
    copy = worked_on.with_name("napari-cdse-DESKTOP-7.cdse")
    worked_on.rename(copy)
    choose(monkeypatch, None)
    workspace = workspace_for(viewer)
    assert not workspace.open_project(copy.parent)
    assert not worked_on.exists()
    assert any("Nothing was opened" in one for one in standing(workspace))
    asked = choose(monkeypatch, 1)
    assert workspace.open_project(copy.parent)
    wait_for_pixels(workspace, qtbot)
    assert asked[0][1][1:] == [f"{copy.name} (2 labels)", "Begin a new, empty project"]
    assert workspace.project.path == copy
    assert workspace.project.particles.counts()["yes"] == 2
    choose(monkeypatch, 2)
    assert workspace.open_project(copy.parent)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.path == worked_on
    (beside,) = workspace.session.messages.shown
    assert f"{copy.name} (2 labels)" in beside.sentence
    assert not beside.passes


def test_a_line_is_chosen_or_none(viewer):
    window = main_window(viewer)

    def act(row, kind):
        box = QApplication.activeModalWidget()
        (lines,) = box.findChildren(QListWidget)
        lines.setCurrentRow(row)
        (buttons,) = box.findChildren(QDialogButtonBox)
        buttons.button(kind).click()

    kinds = QDialogButtonBox.StandardButton
    for kind, wanted in ((kinds.Ok, 1), (kinds.Cancel, None)):
        QTimer.singleShot(0, lambda kind=kind: act(1, kind))
        assert dialogs.ask_which(window, "Which?", ["<b>a</b>", "b"]) == wanted


def test_the_question_leads_to_a_file(viewer, tmp_path, monkeypatch):
    monkeypatch.setattr(
        QFileDialog,
        "getSaveFileName",
        lambda *_args, **_options: (str(tmp_path / "mine"), ""),
    )
    window = main_window(viewer)
    assert _click(window, "Choose a place...") == tmp_path / "mine.cdse"
    assert _click(window, "Cancel") is None


def _click(window, wanted):
    """Click a button of the question that comes up."""

    def act():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(b for b in box.buttons() if b.text().replace("&", "") == wanted).click()

    QTimer.singleShot(0, act)
    return dialogs.ask_place(window, "Where?", "Choose a place...", "work.cdse")
