"""Where results go: what is proposed, what is refused, and what is said of it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialogButtonBox, QFileDialog

from napari_cdse.gui.micrographs import results_dialog
from napari_cdse.gui.micrographs.results_dialog import (
    ResultsDialog,
    judged,
    proposed_folder,
)
from napari_cdse.io.export.earlier_results import SUMMARY, Origin

OK = QDialogButtonBox.StandardButton.Ok


@pytest.fixture
def locked(monkeypatch):
    """Folders that one may not write into, whoever runs the tests."""
    names: set[Path] = set()

    def permits(path, mode):
        assert mode == os.W_OK
        return Path(path) not in names

    monkeypatch.setattr(results_dialog, "permits", permits)
    return names


def test_a_folder_beside_the_pictures_is_proposed_or_one_within(tmp_path, locked):
    pictures = tmp_path / "may"
    assert proposed_folder(pictures) == tmp_path / "may results"
    locked.add(tmp_path)
    assert proposed_folder(pictures) == pictures / "may results"
    locked.add(pictures)
    found = proposed_folder(pictures)
    assert found.name == "may results"
    assert found.parent not in (tmp_path, pictures)
    assert proposed_folder(Path("/")).name == "napari-cdse results"


def test_each_folder_is_judged_by_what_lies_there(tmp_path, locked):
    pictures, other = tmp_path / "pictures", tmp_path / "other"
    for each in (pictures, other):
        each.mkdir()
    file = tmp_path / "file.txt"
    file.write_text("x")
    link = tmp_path / "link"
    link.symlink_to(pictures)

    def told(path):
        return judged(str(path), [pictures])

    assert told(other) == ("The folder is empty.", True)
    assert told(other / "new" / "er") == ("A new folder; it is made.", True)
    assert judged(f"  {other}  ", [pictures]) == ("The folder is empty.", True)
    (other / "notes.txt").write_text("x")
    assert told(other) == ("Other files lie there already; they stay.", True)
    (other / SUMMARY).write_text('{"program": "napari-cdse 0.1.0", "project": "a"}')
    assert told(other) == (
        "Results of an earlier export lie there; they are written anew.", True,
    )  # fmt: skip
    origin = Origin("a", "5d1e")
    assert judged(str(other), [pictures], origin)[1]
    (other / SUMMARY).write_text(
        '{"program": "napari-cdse 1.0", "project": "a", "project_id": "77ab"}'
    )
    says, good = judged(str(other), [pictures], origin)
    assert says.startswith("Results of another project, a, lie in ")
    assert not good
    for content, why in (
        (
            '{"program": "napari-cdse 0.1.0", "model": "a"}',
            "Results of napari-cdse pre",
        ),
        ('{"program": "another"}', f"{SUMMARY} in {other} is not of napari-cdse"),
    ):
        (other / SUMMARY).write_text(content)
        says, good = told(other)
        assert says.startswith(why)
        assert not good
    (other / SUMMARY).unlink()
    says, good = told(pictures)
    assert (says.startswith(f"Micrographs lie in {pictures}."), good) == (True, False)
    assert told(link)[1] is False
    assert told(pictures / "results") == ("A new folder; it is made.", True)
    assert told(file) == (f"{file} is a file; the results need a folder.", False)
    assert told(file / "below")[1] is False
    locked.add(other)
    assert told(other) == (f"You may not write into {other}.", False)
    assert told(other / "new") == (f"You may not write into {other}.", False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Type a folder, or choose one."),
        ("   ", "Type a folder, or choose one."),
        ("some/where", "Say where it lies, from the drive on: some/where could be"),
        (f"/{300 * 'a'}", f"/{300 * 'a'}: File name too long."),
    ],
)
def test_what_is_no_folder_is_refused_in_a_sentence(text, words):
    says, good = judged(text, [])
    assert says.startswith(words)
    assert not good


def test_a_home_is_spelt_out(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert judged("~/results", []) == ("A new folder; it is made.", True)


@pytest.fixture
def dialog(qtbot, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    dialog = ResultsDialog(tmp_path / "results", [pictures])
    dialog.show()
    yield dialog
    # Once it is answered it is gone.
    with suppress(RuntimeError):
        dialog.close()


def test_return_takes_what_is_proposed(dialog, qtbot, tmp_path):
    assert dialog.windowTitle() == "Export"
    assert dialog.folder == tmp_path / "results"
    assert dialog.label.text() == "A new folder; it is made."
    assert dialog.buttons.button(OK).text() == "Export"
    assert dialog.field.minimumWidth() == 520
    assert dialog.testAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    assert not dialog.choose.autoDefault()
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(dialog.field, Qt.Key.Key_Return)


def test_a_folder_that_will_not_do_cannot_be_taken(dialog, qtbot, tmp_path):
    ok = dialog.buttons.button(OK)
    dialog.field.clear()
    qtbot.keyClicks(dialog.field, f" {tmp_path / 'pictures'} ")
    assert dialog.folder == tmp_path / "pictures"
    assert not ok.isEnabled()
    assert "get a folder of their own" in dialog.label.text()
    qtbot.keyClicks(dialog.field, "x")
    dialog.field.setText(str(tmp_path / "other"))
    assert ok.isEnabled()
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_choosing_begins_in_the_nearest_folder_there_is(
    dialog, qtbot, tmp_path, monkeypatch
):
    asked = []

    def choose(parent, title, begin):
        asked.append((parent, title, begin))
        return answers.pop()

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    answers = ["", str(tmp_path / "pictures")]
    dialog.field.setText(str(tmp_path / "not" / "there"))
    qtbot.mouseClick(dialog.choose, Qt.MouseButton.LeftButton)
    assert asked == [(dialog, "Folder for the results", str(tmp_path))]
    assert dialog.field.text() == str(tmp_path / "pictures")
    # Nothing chosen leaves what was typed.
    qtbot.mouseClick(dialog.choose, Qt.MouseButton.LeftButton)
    assert dialog.field.text() == str(tmp_path / "pictures")
