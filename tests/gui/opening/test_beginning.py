"""The empty canvas says how to begin; what was open last is one click away."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QPushButton

from napari_cdse.gui.app import window
from napari_cdse.gui.opening import opening
from napari_cdse.gui.session.viewer_window import find_canvas
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.recent_projects import remember_project
from napari_cdse.project import Project
from tests.gui.conftest import SIGNAL_MS, wait_for_pixels
from tests.gui.dropping import drop
from tests.gui.showing import rows


@pytest.fixture
def remembered(folder):
    """The project of the folder was open some other day."""
    project = Project.create_or_open(folder)
    project.close()
    remember_project(project.path)
    return project.path


def button(widget, words):
    return next(one for one in widget.findChildren(QPushButton) if one.text() == words)


def test_the_middle_of_the_empty_canvas_says_large_what_to_do(viewer, folder, qtbot):
    page = workspace_for(viewer).empty_canvas
    canvas = find_canvas(viewer)
    assert page.isVisible()
    assert page.size() == canvas.size()
    title = page.findChild(QLabel)
    assert title.text() == "Open a folder of micrographs"
    assert title.fontInfo().pixelSize() > 1.5 * page.page.fontInfo().pixelSize()
    # All of its words are in sight, also on a narrow canvas.
    qtbot.waitUntil(
        lambda: all(
            words.height() >= words.heightForWidth(words.width())
            for words in page.findChildren(QLabel)
        ),
        timeout=SIGNAL_MS,
    )
    middle = title.mapTo(page, title.rect().center())
    assert abs(middle.x() - page.width() / 2) < page.width() / 20
    assert page.height() / 4 < middle.y() < page.height() * 3 / 4
    viewer.window.resize(900, 700)
    qtbot.waitUntil(lambda: page.size() == canvas.size(), timeout=SIGNAL_MS)
    assert drop(canvas, folder)
    qtbot.waitUntil(lambda: not page.isVisible(), timeout=SIGNAL_MS)
    wait_for_pixels(workspace_for(viewer), qtbot)


def test_each_dock_says_how_to_begin(viewer, qtbot):
    for name in window.ALL_NAMES:
        dock = window.add_dock(viewer, name)
        qtbot.waitUntil(dock.start_page.isVisible, timeout=SIGNAL_MS)
        told, buttons = rows(dock), ["Open folder", "Open project", "Sample"]
        begin = "Open a folder of micrographs, or the sample project."
        if name == "Micrographs":
            drop_it = (
                "You can also drop a folder, micrographs, label files or a .cdse "
                "project, anywhere on this window."
            )
            assert told == [[*buttons, "\u21b6", "\u21b7"], [f"{begin}\n\n{drop_it}"]]
        else:
            assert told == [[begin], buttons]
    assert rows(workspace_for(viewer).empty_canvas) == [
        ["Open a folder of micrographs"],
        [
            "or drop it anywhere on this window: a folder, micrographs, label files or "
            "a project. The sample shows the program at work."
        ],
        buttons,
    ]
    viewer.add_image(np.zeros((9, 9)), name="mine & yours")
    page = window.add_dock(viewer, "Gallery").start_page
    qtbot.waitUntil(page.use_image.isVisible, timeout=SIGNAL_MS)
    assert rows(page)[-1] == ["Use the image that is open: mine  yours"]


def test_it_gives_way_to_any_layer(viewer, qtbot):
    page = workspace_for(viewer).empty_canvas
    layer = viewer.add_image(np.zeros((9, 9)))
    qtbot.waitUntil(lambda: not page.isVisible(), timeout=SIGNAL_MS)
    viewer.layers.remove(layer)
    qtbot.waitUntil(page.isVisible, timeout=SIGNAL_MS)


def test_a_recent_project_opens_by_one_click(remembered, viewer, qtbot):
    workspace = workspace_for(viewer)
    found = button(workspace.empty_canvas, "work")
    assert found.toolTip() == f"<qt>{remembered}</qt>"
    qtbot.mouseClick(found, Qt.MouseButton.LeftButton)
    wait_for_pixels(workspace, qtbot)
    assert workspace.project.path == remembered


def test_the_buttons_ask_for_a_folder_a_project_or_bring_the_sample(
    remembered, viewer, folder, qtbot, monkeypatch
):
    workspace = workspace_for(viewer)
    page, taken = workspace.empty_canvas, []
    monkeypatch.setattr(workspace.opening, "_take", taken.append)
    monkeypatch.setattr(workspace.opening, "_open_sample", lambda: taken.append(None))
    for answer in (True, False):
        chosen = folder if answer else None
        monkeypatch.setattr(opening, "ask_folder", lambda _parent, one=chosen: one)
        chosen = remembered if answer else None
        monkeypatch.setattr(opening, "ask_project", lambda _parent, one=chosen: one)
        for words in ("Open folder", "Open project", "Sample"):
            qtbot.mouseClick(button(page, words), Qt.MouseButton.LeftButton)
    # Who thinks better of it is left where they were.
    assert taken == [[folder], [remembered], None, None]


def test_the_file_menu_lists_what_was_open_last(viewer, folder, qtbot):
    workspace = workspace_for(viewer)
    menu = workspace.recent_menu.menu
    there = viewer.window.file_menu
    there.aboutToShow.emit()
    assert there.actions().count(menu.menuAction()) == 1
    assert [one.isEnabled() for one in menu.actions()] == [False]
    # napari fills its menu anew when plugins come and go: it is back when that opens,
    # above the first line.
    there.removeAction(menu.menuAction())
    there.aboutToShow.emit()
    lines = [one.isSeparator() for one in there.actions()]
    assert there.actions().index(menu.menuAction()) == lines.index(True) - 1
    assert menu.toolTipsVisible()
    workspace.open_project(folder)
    wait_for_pixels(workspace, qtbot)
    menu.aboutToShow.emit()
    (action,) = menu.actions()
    assert action.text() == "work"
    assert action.toolTip() == str(workspace.project.path)
    first = workspace.project
    action.trigger()
    wait_for_pixels(workspace, qtbot)
    assert workspace.project is not first
    assert workspace.project.path == first.path
