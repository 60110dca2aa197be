"""Questions about files, asked by Qt's own dialogs and answered in them."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QSettings, QStandardPaths, QTimer
from qtpy.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QMessageBox,
    QWidget,
)

from napari_cdse.gui.widgets import dialogs

LOOK_MS = 20
_ACT = "Choose a place..."


@pytest.fixture(autouse=True)
def _own_settings(tmp_path):
    """Qt's dialogs keep folders for the next time: in none of the user's files here."""
    kind, whose = QSettings.Format.NativeFormat, QSettings.Scope.UserScope
    before = QStandardPaths.writableLocation(
        QStandardPaths.StandardLocation.GenericConfigLocation
    )
    QSettings.setPath(kind, whose, str(tmp_path / "settings"))
    yield
    QSettings.setPath(kind, whose, before)


@pytest.fixture
def window(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    return window


@pytest.fixture
def documents(tmp_path, monkeypatch):
    """Stands for the user's own folder."""
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _kind: str(tmp_path))
    return tmp_path


@pytest.fixture
def answered():
    """Answer the next dialog for files: what it was like comes back in a dict.

    The question that leads to one is agreed to, another one noted. Without a name the
    dialog is left.
    """
    timers = []

    def answer(name: str | None) -> dict:
        seen: dict = {"asked": []}

        def act() -> None:
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QMessageBox):
                agree = [b for b in dialog.buttons() if b.text() == _ACT]
                if not agree:
                    seen["asked"].append(dialog.text())
                (agree or dialog.buttons())[0].click()
            elif isinstance(dialog, QFileDialog) and "title" not in seen:
                (field,) = dialog.findChildren(QLineEdit, "fileNameEdit")
                seen.update(
                    title=dialog.windowTitle(),
                    folder=dialog.directory().absolutePath(),
                    name=field.text(),
                    kinds=dialog.nameFilters(),
                    parent=dialog.parentWidget(),
                )
                if name is None:
                    dialog.reject()
                    return
                field.setText(name)
                (buttons,) = dialog.findChildren(QDialogButtonBox)
                # What it asks then is seen only once this has returned.
                QTimer.singleShot(0, buttons.buttons()[0].click)

        for timer in timers:
            timer.stop()
        timers.append(QTimer())
        timers[-1].timeout.connect(act)
        timers[-1].start(LOOK_MS)
        return seen

    yield answer
    for timer in timers:
        timer.stop()


def place(parent, _suggestion):
    return dialogs.ask_place(parent, "Where?", _ACT, "work.cdse")


@pytest.mark.parametrize(
    ("ask", "title", "suggested", "kind", "suffix"),
    [
        (dialogs.ask_report, "Write the report", "r.html", "Pages (*.html)", ".html"),
        (dialogs.ask_figure, "Save the figure", "f.png", "Picture (*.png)", ".png"),
        (dialogs.ask_where, "Save the forest", "m.skops", "Forests (*.skops)",
         ".skops"),
        (dialogs.ask_picture, "Keep the image as TIFF; its project will lie beside it",
         "p.tif", "Pictures (*.tif)", ".tif"),
        (place, "Project file", "work.cdse", "CdSe projects (*.cdse)", ".cdse"),
    ],
)  # fmt: skip
def test_a_place_to_write_is_suggested_and_its_ending_added(
    window, documents, answered, ask, title, suggested, kind, suffix
):
    given = str(documents / suggested)
    suggestion = suggested if ask is dialogs.ask_figure else given
    seen = answered(str(documents / "mine"))
    assert ask(window, suggestion) == documents / f"mine{suffix}"
    assert (seen["title"], seen["parent"]) == (title, window)
    assert (seen["folder"], seen["name"]) == (str(documents), suggested)
    assert seen["kinds"][0] == kind
    answered(None)
    assert ask(window, suggestion) is None


@pytest.mark.parametrize(
    ("ask", "title", "kinds", "name"),
    [
        (dialogs.ask_lattice, "Lattice", ["Lattices (*.toml)", "All files (*)"],
         "gold.toml"),
        (dialogs.ask_forest, "Forest", ["Forests (*.skops)"], "f.skops"),
        (dialogs.ask_project, "Project file",
         ["CdSe projects (*.cdse)", "All files (*)"], "p.cdse"),
    ],
)  # fmt: skip
def test_a_file_is_chosen_among_those_of_its_kind(
    window, tmp_path, answered, ask, title, kinds, name
):
    (tmp_path / name).write_text("")
    seen = answered(str(tmp_path / name))
    assert ask(window) == tmp_path / name
    assert (seen["title"], seen["parent"]) == (title, window)
    assert seen["kinds"] == kinds
    answered(None)
    assert ask(window) is None


def test_annotations_are_looked_for_beside_the_project_several_at_once(
    window, tmp_path, answered
):
    for name in ("a.json", "b.csv"):
        (tmp_path / name).write_text("")
    seen = answered('"a.json" "b.csv"')
    found = dialogs.ask_annotations(window, tmp_path)
    assert found == [tmp_path / "a.json", tmp_path / "b.csv"]
    assert (seen["title"], seen["parent"]) == ("Import annotations", window)
    assert seen["folder"] == str(tmp_path)
    assert "*.json" in seen["kinds"][0]
    assert seen["kinds"][1] == "All files (*)"
    answered(None)
    assert dialogs.ask_annotations(window, tmp_path) == []


def test_a_folder_is_asked_for(window, tmp_path, monkeypatch):
    asked = []

    def answer(*given):
        asked.append(given)
        return str(tmp_path) if len(asked) == 1 else ""

    # Qt's own has no field that a test could type into on every system.
    monkeypatch.setattr(dialogs.QFileDialog, "getExistingDirectory", answer)
    assert dialogs.ask_folder(window) == tmp_path
    assert asked == [(window, "Folder of micrographs")]
    assert dialogs.ask_folder(window) is None


@pytest.mark.parametrize(
    ("typed", "agreed", "name"),
    [("mine", True, "mine"), ("  ", True, None), ("mine", False, None)],
)
def test_a_forest_is_given_a_name_in_a_field_that_holds_the_old_one(
    window, typed, agreed, name
):
    seen = []

    def act() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QInputDialog):
            return
        timer.stop()
        said = dialog.windowTitle(), dialog.labelText(), dialog.textValue()
        seen.append((*said, dialog.parentWidget()))
        dialog.setTextValue(typed)
        (dialog.accept if agreed else dialog.reject)()

    timer = QTimer()
    timer.timeout.connect(act)
    timer.start(LOOK_MS)
    assert dialogs.ask_name(window, "old") == name
    assert seen == [("Forest", "Name:", "old", window)]


def test_a_project_that_is_there_is_taken_without_a_question(
    window, documents, answered
):
    """It is opened, never overwritten."""
    (documents / "mine.cdse").write_text("")
    seen = answered(str(documents / "mine.cdse"))
    assert place(window, "") == documents / "mine.cdse"
    assert not seen["asked"]
    # A forest of that name would be.
    (documents / "mine.skops").write_text("")
    seen = answered(str(documents / "mine.skops"))
    assert dialogs.ask_where(window, "") == documents / "mine.skops"
    assert len(seen["asked"]) == 1
