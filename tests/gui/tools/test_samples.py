"""Samples named in the window: by pattern, folder and hand, shown before they are kept.

Only the last test needs the window.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import Qt

from napari_cdse.gui.app.window import add_docks
from napari_cdse.gui.micrographs.table_model import SAMPLE
from napari_cdse.gui.tools.samples_dialog import SamplesDialog
from napari_cdse.project import MicrographEntry
from tests.gui.conftest import press, settle

FILES = ("x/a_1.png", "x/b_1.png", "y/a_2.png", "y/other.png")
LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def dialog(qtbot):
    entries = [
        MicrographEntry(at, Path(name).name, Path("/data", name), sample=before)
        for at, (name, before) in enumerate(
            zip(FILES, (None, "old", None, "old"), strict=True)
        )
    ]
    dialog = SamplesDialog(entries)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def shown(dialog) -> list[str]:
    model = dialog.model
    return [model.index(row, 2).data() for row in range(model.rowCount())]


def is_bold(dialog) -> list[bool]:
    role = Qt.ItemDataRole.FontRole
    return [dialog.model.index(row, 2).data(role) is not None for row in range(4)]


def test_a_pattern_shows_what_it_gives_while_it_is_typed(dialog, qtbot):
    assert shown(dialog) == ["\u2013", "old", "\u2013", "old"]
    qtbot.keyClicks(dialog.pattern, "{sample}_*")
    assert shown(dialog) == ["a", "b", "a", "old"]
    assert is_bold(dialog) == [True, True, True, False]
    assert dialog.summary.text() == "a (2), b (1), old (1)"
    assert dialog.changed == {0: "a", 1: "b", 2: "a"}
    dialog.pattern.clear()
    assert dialog.changed == {}


def test_each_way_to_name_samples_says_what_it_is_for(dialog):
    assert dialog.name.toolTip() == "Of the sample of the micrographs selected below"
    assert dialog.folders.toolTip() == "Each folder is a sample"
    assert dialog.give.toolTip() == "Shift and Ctrl select several rows"
    assert dialog.name.placeholderText() == "name; blank for none"
    assert dialog.pattern.placeholderText() == "{sample}_*"
    assert dialog.pattern.toolTip()


def test_the_table_names_micrographs_with_their_folders(dialog):
    model = dialog.model
    columns = range(model.columnCount())
    heads = [model.headerData(at, Qt.Orientation.Horizontal) for at in columns]
    assert heads == ["Micrograph", "Folder", "Sample"]
    told = [[model.index(row, at).data() for at in (0, 1)] for row in range(4)]
    assert told == [["a_1", "x"], ["b_1", "x"], ["a_2", "y"], ["other", "y"]]


def test_half_a_pattern_is_a_sentence_and_changes_nothing(dialog, qtbot):
    qtbot.keyClicks(dialog.pattern, "(")
    assert "is no regular expression" in dialog.summary.text()
    assert dialog.changed == {}


def test_selected_ones_are_named_by_hand_over_their_folders(dialog, qtbot):
    assert not dialog.give.isEnabled()
    qtbot.mouseClick(dialog.folders, LEFT)
    assert shown(dialog) == ["x", "x", "y", "y"]
    view = dialog.table.viewport()
    for row, keys in ((0, Qt.KeyboardModifier.NoModifier), (3, CTRL)):
        place = dialog.table.visualRect(dialog.model.index(row, 0)).center()
        qtbot.mouseClick(view, LEFT, keys, place)
    qtbot.keyClicks(dialog.name, " by  hand")
    # Return names them and does not end the dialog.
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert shown(dialog) == ["by hand", "x", "y", "by hand"]
    dialog.name.clear()
    qtbot.mouseClick(dialog.give, LEFT)
    assert dialog.changed == {1: "x", 2: "y", 3: None}


def test_the_table_shows_samples_until_one_judges_blind(workspace, viewer, qtbot):
    table = add_docks(viewer)["Micrographs"].view.table
    assert table.isColumnHidden(SAMPLE)
    workspace.samples.ask()
    dialog = workspace.samples.dialog
    qtbot.keyClicks(dialog.pattern, "{sample}_*")
    qtbot.mouseClick(dialog.buttons.button(dialog.buttons.StandardButton.Ok), LEFT)
    settle(workspace, qtbot)
    assert workspace.samples.dialog is None
    assert not table.isColumnHidden(SAMPLE)
    assert table.model().index(1, SAMPLE).data() == "dots"
    workspace.project.annotators.hide_others = True
    settle(workspace, qtbot)
    assert table.isColumnHidden(SAMPLE)
    workspace.project.annotators.hide_others = False
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    settle(workspace, qtbot)
    assert table.isColumnHidden(SAMPLE)
    assert {each.sample for each in workspace.session.entries} == {None}
