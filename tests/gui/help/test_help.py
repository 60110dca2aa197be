"""Help where napari's Help is, and a word about each control."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMessageBox,
)

from napari_cdse import __version__, resources
from napari_cdse.gui.app import window
from napari_cdse.gui.help.citation import AUTHORS, LICENCE, NAME, bibtex, citation
from napari_cdse.gui.help.problem_dialog import ProblemDialog
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.shortcuts.dialog import KeyList
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.problem_report import unexpected

WORDS = ["Guide", "Keys", "Report a problem\u2026", "How to cite\u2026", "About\u2026"]
CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit)


@pytest.fixture
def help_menu(viewer):
    return workspace_for(viewer).help_menu


def press(help_menu, words):
    (action,) = (one for one in help_menu.menu.actions() if one.text() == words)
    action.trigger()


def test_ours_stands_first_in_napari_s_help(viewer, help_menu):
    there = viewer.window.help_menu
    there.clear()
    there.addAction("Others")
    there.aboutToShow.emit()
    there.aboutToShow.emit()
    assert [one.text() for one in there.actions()] == ["CdSe quantum dots", "Others"]
    assert [one.text() for one in help_menu.menu.actions()] == WORDS
    assert all(one.toolTip() != one.text() for one in help_menu.menu.actions())
    assert help_menu.menu.toolTipsVisible()


def test_the_guide_opens_from_this_installation(help_menu, monkeypatch, tmp_path):
    page = tmp_path / "docs" / "_build" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<html>")
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "napari_cdse")
    opened = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: opened.append(url) or 1
    )
    press(help_menu, "Guide")
    assert opened == [QUrl.fromLocalFile(str(page))]
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    press(help_menu, "Guide")
    (told,) = help_menu._session.messages.shown
    assert f"opens {page}; open it in a browser" in told.sentence


def test_a_guide_that_was_not_built_is_told(help_menu, monkeypatch, tmp_path):
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "napari_cdse")
    press(help_menu, "Guide")
    (told,) = help_menu._session.messages.shown
    assert "make docs" in told.sentence


def test_a_problem_is_copied_without_names_unless_they_are_wanted(
    viewer, help_menu, monkeypatch, tmp_path
):
    monkeypatch.setenv("NAPARI_CDSE_LOGS", str(tmp_path))
    try:
        raise ValueError("broken secret.dm4")
    except ValueError as error:
        unexpected(error, "secret.dm4")
    press(help_menu, "Report a problem\u2026")
    dialog = main_window(viewer).findChild(ProblemDialog)
    dialog.copy.click()
    copied = QApplication.clipboard().text()
    assert f"napari-cdse {__version__}" in copied
    assert "ValueError" in copied
    assert "secret" not in copied
    dialog.with_names.click()
    dialog.copy.click()
    assert "secret.dm4" in QApplication.clipboard().text()
    dialog.close()


def test_keys_citation_and_version_are_shown(viewer, help_menu):
    press(help_menu, "Keys")
    assert main_window(viewer).findChild(KeyList).isVisible()
    dialog = help_menu.cite()
    assert f"{AUTHORS}. {NAME} {__version__}. {LICENCE}." in dialog.text.toPlainText()
    assert bibtex() in dialog.text.toPlainText()
    line, entry = (
        next(one for one in dialog.buttons.buttons() if one.text() == words)
        for words in ("Copy the line", "Copy BibTeX")
    )
    for button, tip, copied in (
        (line, "For a list of references", citation()),
        (entry, "For a reference manager", bibtex()),
    ):
        assert button.toolTip() == tip
        button.click()
        assert QApplication.clipboard().text() == copied
    press(help_menu, "About\u2026")
    box = main_window(viewer).findChild(QMessageBox)
    assert box.windowTitle() == f"About {NAME}"
    assert box.text() == f"{NAME} {__version__}, {LICENCE}"
    assert "tells the fraction with its interval" in box.informativeText()
    assert f"napari {version('napari')}" in box.informativeText()
    assert not box.isModal()
    for one in (dialog, box, main_window(viewer).findChild(KeyList)):
        one.close()


def test_every_control_of_the_docks_says_what_it_does(labelled, viewer):
    silent = []
    for name in (*window.NAMES, "Annotators", "Population", "Spectrum"):
        dock = window.add_dock(viewer, name)
        for one in dock.findChildren(CONTROLS):
            inside = one.parentWidget()
            # Parts of one control: the field of a box, the corner of a table.
            part = isinstance(inside, (QAbstractItemView, QAbstractSpinBox, QComboBox))
            if not (one.toolTip() or part):
                words = one.text() if hasattr(one, "text") else ""
                silent.append((name, type(one).__name__, one.objectName(), words))
        for box in dock.findChildren(QComboBox):
            tip = Qt.ItemDataRole.ToolTipRole
            lines = [
                (box.itemText(n), box.itemData(n, tip)) for n in range(box.count())
            ]
            # Where any line of a choice is explained, each is, in more words than it.
            if any(said for _, said in lines):
                silent += [(name, words) for words, said in lines if not said]
                assert all(len(words) < len(said) for words, said in lines if said)
                assert all(len(words) < 40 for words, _ in lines)
    assert not silent, "\n".join(map(str, silent))
