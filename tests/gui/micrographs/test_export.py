"""Results from the window: the same files that the command writes."""

from __future__ import annotations

import json

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QDialogButtonBox, QPushButton

from napari_cdse.cli import main
from napari_cdse.gui.app import window
from napari_cdse.gui.micrographs import export_button
from napari_cdse.gui.micrographs.results_dialog import (
    ResultsDialog,
    judged,
    proposed_folder,
)
from napari_cdse.project import DEFAULT_NAME
from tests.gui.conftest import SIGNAL_MS, particle_ids, settle, standing


def asked(workspace, action=0) -> ResultsDialog:
    """Choose from the button's menu; what asks for a folder then."""
    button = window.add_dock(workspace.viewer, "Micrographs").view.export
    assert button.isEnabled()
    button.menu().actions()[action].trigger()
    (dialog,) = button.findChildren(ResultsDialog)
    return dialog


def beside_the_project(folder) -> list[str]:
    """Names of all in a folder but the project and what belongs to it."""
    names = (each.name for each in folder.iterdir())
    return sorted(one for one in names if not one.startswith(DEFAULT_NAME))


def export(workspace, qtbot, folder, action=0):
    """Type a folder and press Return."""
    dialog = asked(workspace, action)
    if folder is not None:
        dialog.field.selectAll()
        qtbot.keyClicks(dialog.field, str(folder))
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(workspace.session.messages.shown), timeout=SIGNAL_MS)
    settle(workspace, qtbot)


@pytest.mark.parametrize("flags", [[], ["--include-predictions"]])
def test_the_button_writes_what_the_command_writes(workspace, qtbot, tmp_path, flags):
    project, ids = workspace.project, particle_ids(workspace)
    project.edits.label(ids[:1], "yes")
    project.edits.label(ids[1:3], "no")
    by_hand, by_command = tmp_path / "by hand", tmp_path / "by command"
    export(workspace, qtbot, by_hand, action=len(flags))
    command = ["export", str(project.path), "--out", str(by_command), *flags]
    assert main(command) == 0
    for name in ("particles.csv", "labels.csv", "summary.json", "labels/dots_0.txt"):
        assert (by_hand / name).read_bytes() == (by_command / name).read_bytes()
    rows = (by_hand / "particles.csv").read_text().splitlines()
    assert len(rows) == 1 + (5 if flags else 3)
    (told,) = standing(workspace)
    summary = json.loads((by_hand / "summary.json").read_text("utf-8"))
    assert summary["visible_defects"]["sentence"] in told
    assert ("2 are the forest's, not reviewed" in told) == bool(flags)
    assert str(by_hand) in told


def test_one_return_takes_a_folder_beside_the_pictures_and_the_summary_stays(
    workspace, folder, qtbot, monkeypatch
):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url))
    workspace.project.edits.label(particle_ids(workspace)[:1], "yes")
    before = beside_the_project(folder)
    export(workspace, qtbot, None)
    results = folder.parent / f"{folder.name} results"
    assert (results / "summary.json").exists()
    assert beside_the_project(folder) == before
    bar = workspace.message_bar
    (told,) = bar.sentences
    assert str(results) in told
    (button,) = bar.findChildren(QPushButton)
    assert button.text() == "Open folder"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert [url.toLocalFile() for url in opened] == [str(results)]
    # No program here shows folders, since the one above says so.
    assert any("No program here" in each for each in bar.sentences)
    # The same again is proposed, and says that it would be written anew.
    dialog = asked(workspace)
    assert dialog.folder == results
    assert "earlier export" in dialog.label.text()
    # Until that is done the first summary would be read as the second one's.
    dialog.accept()
    assert told not in bar.sentences
    qtbot.waitUntil(lambda: told in bar.sentences, timeout=SIGNAL_MS)
    settle(workspace, qtbot)


def test_a_folder_that_is_none_or_that_of_the_pictures_can_not_be_taken(
    workspace, folder, qtbot, tmp_path
):
    workspace.project.edits.label(particle_ids(workspace)[:1], "yes")
    (tmp_path / "taken").write_text("a file")
    dialog = asked(workspace)
    export_now = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    for text, words in (
        (tmp_path / "taken", "is a file"),
        (tmp_path / "taken" / "below", "is a file"),
        (folder, "Micrographs lie in"),
        (folder.parent / "." / folder.name, "Micrographs lie in"),
        ("results", "from the drive on"),
        ("", "Type a folder"),
    ):
        dialog.field.setText(str(text))
        assert words in dialog.label.text()
        assert not export_now.isEnabled()
        qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
        assert dialog.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    settle(workspace, qtbot)
    assert standing(workspace) == []


def test_what_a_folder_holds_is_said_before_anything_is_written(
    tmp_path, without_rights, open_folder
):
    assert judged(str(tmp_path / "a" / "b"), ()) == ("A new folder; it is made.", True)
    assert judged(str(tmp_path), ()) == ("The folder is empty.", True)
    (tmp_path / "notes.txt").write_text("mine")
    assert judged(str(tmp_path), ())[0].startswith("Other files lie there")
    assert not judged("\0", ())[1]
    open_folder.chmod(0o555)
    pictures = open_folder / "pictures"
    pictures.mkdir()
    with without_rights():
        says, good = judged(str(open_folder / "new"), ())
        assert "may not write" in says
        assert not good
        # Where nothing can be made beside the pictures, another place is proposed.
        assert proposed_folder(pictures).parent not in (open_folder, pictures)
    assert proposed_folder(tmp_path / "dots") == tmp_path / "dots results"


def test_what_is_not_taken_in_yet_belongs_to_the_results(workspace, qtbot, tmp_path):
    """napari tells nobody of a class that is typed into the layer's table."""
    layer = workspace.canvas.particles.layer
    layer.features.loc[0, "class"] = "null"
    export(workspace, qtbot, tmp_path / "out")
    rows = (tmp_path / "out" / "particles.csv").read_text().splitlines()
    assert len(rows) == 2
    assert "null" in rows[1]


def test_label_files_that_could_not_be_written_are_counted_and_the_first_named(
    workspace, qtbot, tmp_path
):
    workspace.project.edits.label(particle_ids(workspace)[:1], "yes")
    in_the_way = tmp_path / "out" / "labels" / "dots_0.txt"
    in_the_way.mkdir(parents=True)
    export(workspace, qtbot, tmp_path / "out")
    (told,) = [one for one in standing(workspace) if "not written" in one]
    assert told.startswith("1 label file was not written: ")
    assert "dots_0" in told
    # Once they are written, nothing of it stands any more.
    in_the_way.rmdir()
    export(workspace, qtbot, tmp_path / "out")
    assert not any("not written" in one for one in standing(workspace))


def test_files_of_other_programs_are_asked_for_by_the_same_button(
    workspace, monkeypatch, folder
):
    button = window.add_dock(workspace.viewer, "Micrographs").view.export
    asked, taken = [], []
    monkeypatch.setattr(workspace.annotation_import, "start", taken.append)
    ask = button.menu().actions()[-1]
    assert ask.text() == "Import annotations\u2026"
    for files in ([], [folder / "a.json"]):
        monkeypatch.setattr(
            export_button,
            "ask_annotations",
            lambda *given, one=files: (asked.append(given), one)[1],
        )
        ask.trigger()
    assert asked == [(button, folder)] * 2
    assert taken == [[folder / "a.json"]]


def test_without_a_project_there_is_nothing_to_export(viewer):
    assert not window.add_dock(viewer, "Micrographs").view.export.isVisible()
