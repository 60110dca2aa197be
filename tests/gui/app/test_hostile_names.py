"""A name that is markup, and turns text around, through all of the window."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QTextDocument
from qtpy.QtWidgets import QAbstractItemView, QLabel, QWidget

from napari_cdse.gui.app import window
from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import (
    SIGNAL_MS,
    open_folder,
    particle_ids,
    put_circles,
    settle,
)

assert QTextDocument
EVIL = "<b>x<img src=a>\u202egnp"
pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows allows no such name of a file"
)


def is_plain(text: str) -> bool:
    return not Qt.mightBeRichText(text) and "\u202e" not in text


def test_no_control_shows_markup_or_turns_text_around(viewer, folder, qtbot, forest):
    (folder / "dots_0.png").rename(folder / f"{EVIL}.png")
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    project = workspace.project
    at = next(one.index for one in project.micrographs.entries if EVIL in one.name)
    workspace.navigation.open_micrograph(at)
    qtbot.waitUntil(lambda: workspace.session.micrograph is not None, timeout=SIGNAL_MS)
    put_circles(workspace, forest)
    annotators = window.add_dock(viewer, "Annotators")
    first, second, *_ = particle_ids(workspace)
    for name in (f"{EVIL}{{0}} 1", f"{EVIL} 2"):
        project.annotators.current = name
        for one in (first, second):
            project.edits.label([one], "yes")
    project.edits.note({first: f"{EVIL} & <i>note</i>"})
    workspace.navigation.go_to(first)
    project.exclusions.add_region(at, [(0, 0), (0, 9), (9, 9)], EVIL)
    workspace.session.set_problem(at, f"{EVIL}: cannot be read")
    workspace.session.say(f"{EVIL} in the status line")
    workspace.session.messages.put("x", f"{EVIL} stands")
    notifications.warn(f"{EVIL} in a notice")
    annotators.view.refresh()
    settle(workspace, qtbot)

    shown = main_window(viewer)
    labels = shown.findChildren(QLabel)
    told = [one for one in labels if "gnp" in one.text()]
    assert len(told) >= 4
    for one in told:
        plain_format = one.textFormat() == Qt.TextFormat.PlainText
        assert plain_format or not Qt.mightBeRichText(one.text()), one.text()
        assert "\u202e" not in one.text()
    for widget in shown.findChildren(QWidget):
        assert is_plain(widget.toolTip()) or widget.toolTip().startswith("<qt>")
        assert "\u202e" not in widget.toolTip()
    assert is_plain(workspace.canvas.layers.image.name)
    assert is_plain(viewer.status if isinstance(viewer.status, str) else "")
    for model in models(shown):
        for row in range(model.rowCount()):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                text = model.data(model.index(row, 0), role)
                assert is_plain(str(text or "")), text


def models(shown):
    """Our own models of lists and tables."""
    for view in shown.findChildren(QAbstractItemView):
        model = view.model()
        if type(model).__module__.startswith("napari_cdse"):
            yield model


def test_questions_and_menus_show_plain_text(workspace, qtbot, viewer, monkeypatch):
    entry = replace(workspace.session.entries[0], name=f"{EVIL}&.png", excluded=EVIL)
    monkeypatch.setattr(type(workspace.session), "entries", (entry,))
    menu = workspace.exclusions.menu(0, main_window(viewer))
    (text,) = (one.text() for one in menu.actions() if "gnp" in one.text())
    assert "\u202e" not in text
    assert "&&.png" in text
    workspace.exclusions.ask_for_micrograph(0)
    dialog = workspace.exclusions.dialog
    (question,) = (one for one in dialog.findChildren(QLabel) if "gnp" in one.text())
    assert question.textFormat() == Qt.TextFormat.PlainText
    assert "\u202e" not in question.text()
    dialog.close()
