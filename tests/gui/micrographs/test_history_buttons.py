"""The two buttons for undo and redo, clicked in a window."""

from __future__ import annotations

from qtpy.QtCore import Qt

from napari_cdse.gui.app import window
from napari_cdse.gui.micrographs.history_buttons import HistoryButtons
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import (
    SIGNAL_MS,
    open_folder,
    particle_ids,
    press,
    put_circles,
    settle,
)

LEFT = Qt.MouseButton.LeftButton


def told(buttons) -> list[tuple[bool, str]]:
    both = (buttons.undo, buttons.redo)
    return [(one.isEnabled(), one.toolTip()) for one in both]


NOTHING = [
    (False, "Nothing to undo (Ctrl+Z)"),
    (False, "Nothing to redo (Ctrl+Shift+Z)"),
]


def test_each_names_the_step_that_it_takes(viewer, folder, forest, qtbot):
    dock = window.add_dock(viewer, "Micrographs")
    buttons = dock.findChild(HistoryButtons)
    assert told(buttons) == NOTHING
    assert (buttons.undo.text(), buttons.redo.text()) == ("\u21b6", "\u21b7")
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    put_circles(workspace, forest)
    settle(workspace, qtbot)
    assert told(buttons) == NOTHING
    first, *_ = particle_ids(workspace)
    workspace.navigation.go_to(first)
    press(workspace, qtbot, Qt.Key.Key_U)
    done = "Label 1 circle null"
    undo = (True, f"Undo: {done} (Ctrl+Z)")
    qtbot.waitUntil(lambda: told(buttons) == [undo, NOTHING[1]], timeout=SIGNAL_MS)
    qtbot.mouseClick(buttons.undo, LEFT)
    redo = (True, f"Redo: {done} (Ctrl+Shift+Z)")
    qtbot.waitUntil(lambda: told(buttons) == [NOTHING[0], redo], timeout=SIGNAL_MS)
    assert workspace.project.particles.get(first).annotation is None
    qtbot.mouseClick(buttons.redo, LEFT)
    qtbot.waitUntil(lambda: told(buttons) == [undo, NOTHING[1]], timeout=SIGNAL_MS)
    assert workspace.project.particles.get(first).label == "null"
    # Another project has another history.
    other = folder.parent / "other"
    other.mkdir()
    picture = folder / "dots_1.png"
    (other / picture.name).write_bytes(picture.read_bytes())
    open_folder(workspace, other, qtbot)
    qtbot.waitUntil(lambda: told(buttons) == NOTHING, timeout=SIGNAL_MS)


def test_buttons_made_later_know_what_was_done(workspace, viewer, qtbot):
    first, *_ = particle_ids(workspace)
    workspace.project.edits.label([first], "no")
    settle(workspace, qtbot)
    later = HistoryButtons(workspace.session, workspace.history, workspace.keys)
    qtbot.addWidget(later)
    assert told(later)[0] == (True, "Undo: Label 1 circle no (Ctrl+Z)")
