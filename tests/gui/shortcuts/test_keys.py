"""Keys that a person changes, in words and in a real viewer."""

from __future__ import annotations

import pytest
from napari.settings import get_plugin_settings
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QLabel,
    QListView,
    QPushButton,
    QSlider,
    QTableView,
)

from napari_cdse.gui.app.window import add_dock
from napari_cdse.gui.particle.fraction_line import FractionLine
from napari_cdse.gui.particle.note_row import NoteRow
from napari_cdse.gui.particle.queue_row import QueueRow
from napari_cdse.gui.retrain.audit_row import AuditRow
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.shortcuts.dialog import KeyList
from napari_cdse.gui.shortcuts.registry import SHORTCUTS
from napari_cdse.gui.shortcuts.resolution import choose, key_words, parse_keys, with_key
from napari_cdse.gui.workspace import workspace_for
from tests.gui.conftest import SIGNAL_MS, canvas, particle_ids, press, standing
from tests.gui.showing import rows

USUAL = {one.name: key_words(one.keys) for one in SHORTCUTS}


def chosen(taken=(), **wanted):
    shortcuts, refused = choose(SHORTCUTS, {**USUAL, **wanted}, dict(taken))
    differing = {
        one.name: key_words(one.keys)
        for one, usual in zip(shortcuts, SHORTCUTS, strict=True)
        if one != usual
    }
    return differing, list(refused)


def test_the_word_on_a_button_shows_the_key():
    assert with_key("Null", "U") == "N[U]ll"
    assert with_key("empty", "O") == "[O] empty"
    assert with_key("Yes", "F8") == "[F8] Yes"


def test_no_usual_key_is_there_twice_and_all_can_be_read():
    keys = [key for words in USUAL.values() for key in parse_keys(words)]
    assert len(set(keys)) == len(keys)
    assert chosen() == ({}, [])


def test_other_keys_take_the_place_of_the_usual_ones():
    assert chosen(label_yes="Ctrl+Alt+Y", remove="delete or shift+backspace") == (
        {"label_yes": "Ctrl+Alt+Y", "remove": "Delete or Shift+Backspace"},
        [],
    )


def test_two_keys_can_be_swapped_and_a_freed_key_be_used():
    swapped = {"label_yes": "N", "label_no": "Y"}
    assert chosen(**swapped) == (swapped, [])
    passed_on = {"label_yes": "Shift+Y", "label_no": "Y"}
    assert chosen(**passed_on) == (passed_on, [])


@pytest.mark.parametrize("words", ["", " ", "Foo", "Ctrl+", "Shift", "AA", "Y or", "é"])
def test_what_is_no_key_is_refused_and_the_usual_one_stays(words):
    changed, (sentence,) = chosen(label_yes=words)
    assert not changed
    assert sentence == f'"{words}" is no key; "Yes" keeps Y.'


def test_a_key_of_another_shortcut_is_refused():
    changed, (sentence,) = chosen(label_yes="N")
    assert not changed
    assert sentence == 'N is the key of "No"; "Yes" keeps Y.'


def test_a_key_of_napari_is_refused_unless_it_is_ours_to_give_away():
    napari = {"E": "activate add ellipse mode", "Y": "orient plane"}
    assert chosen(napari.items(), accept="E") == (
        {},
        [
            "E belongs to napari (activate add ellipse mode); "
            '"Accept what the forest says" keeps K.'
        ],
    )
    assert chosen(napari.items(), label_no="Y", label_yes="N")[1] == []


def test_a_refusal_that_gives_a_key_back_takes_it_from_who_had_it():
    # Yes asks for what napari owns, so it needs its Y again, which No wanted.
    changed, refused = chosen({"E": "ellipse"}.items(), label_yes="E", label_no="Y")
    assert not changed
    assert len(refused) == 2
    assert refused[1] == 'Y is the key of "Yes"; "No" keeps N.'


def test_three_that_want_the_same_key_leave_it_to_the_first():
    changed, refused = chosen(draw="F9", grab="F9", whole="F9")
    assert changed == {"draw": "F9"}
    assert len(refused) == 2


def buttons(workspace) -> list[QPushButton]:
    return main_window(workspace.viewer).findChildren(QPushButton)


def label(workspace, particle_id):
    annotation = workspace.project.particles.find(particle_id).annotation
    return None if annotation is None else annotation.label


def test_a_change_in_the_preferences_holds_at_once(workspace, qtbot, monkeypatch):
    page = get_plugin_settings("napari-cdse").keys
    first, *_ = particle_ids(workspace)
    workspace.show_keys()
    (sheet,) = main_window(workspace.viewer).findChildren(KeyList)
    page.label_yes = "F8"
    page.next = "F7"
    qtbot.waitSignal(workspace.keys.changed, timeout=SIGNAL_MS).wait()
    for layer in workspace.canvas.layers.present:
        workspace.viewer.layers.selection.active = layer
        workspace.project.selection.select(first)
        press(workspace, qtbot, Qt.Key.Key_Y)
        assert label(workspace, first) is None
        press(workspace, qtbot, Qt.Key.Key_F8)
        assert label(workspace, first) == "yes"
        workspace.history.undo()
    told = rows(sheet)
    assert told[0][:2] == ["F8", "Yes: resolved, with a visible defect"]
    assert told[1][:2] == ["N", "No: resolved, no visible defect"]
    # Both halves stand beside each other, ours before napari's.
    assert told[0][2:] == ["G", "Draw a circle: drag over the particle"]
    assert ["Z", "napari: move the picture again"] in [row[2:] for row in told]
    assert [row[0].split()[0] for row in told[-3:]] == ["A", "Keys", "Close"]
    texts = {one.text() for one in sheet.findChildren(QLabel)}
    assert {"F8", "F7"} < texts
    dock = main_window(workspace.viewer).findChild(QueueRow)
    assert dock.next.toolTip() == "Next particle (F7)"
    (button,) = [one for one in buttons(workspace) if one.text() == "[F8] Yes"]
    assert button.toolTip().endswith("(F8)")
    # napari's own key, on the Shapes layer and in a menu: refused, and not broken.
    page.label_yes = "E"
    page.label_no = "Ctrl+O"
    qtbot.waitSignal(workspace.keys.changed, timeout=SIGNAL_MS).wait()
    workspace.viewer.layers.selection.active = workspace.canvas.particles.layer
    press(workspace, qtbot, Qt.Key.Key_E)
    assert workspace.canvas.particles.layer.mode == "add_ellipse"
    told = standing(workspace)
    assert len(told) == 2
    assert all("belongs to napari" in one for one in told)
    press(workspace, qtbot, Qt.Key.Key_Y)
    assert label(workspace, first) == "yes"
    sheet.close()


def test_tips_follow_the_keys_and_those_of_closed_docks_are_let_go(workspace, qtbot):
    stays, closed = QPushButton(), QPushButton()
    qtbot.addWidget(stays)
    for button in (stays, closed):
        workspace.keys.set_tip(button, "Go on", "next")
    with qtbot.waitSignal(closed.destroyed, timeout=SIGNAL_MS):
        closed.deleteLater()
    with qtbot.waitSignal(workspace.keys.changed, timeout=SIGNAL_MS):
        get_plugin_settings("napari-cdse").keys.next = "F7"
    assert stays.toolTip() == "Go on (F7)"


def focus(widget, qtbot) -> None:
    """Give a widget the focus, in a window that has it."""
    widget.window().activateWindow()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus, timeout=SIGNAL_MS)


@pytest.mark.parametrize("where", ["combo", "layers", "table", "slider"])
def test_keys_work_wherever_no_text_is_typed(workspace, qtbot, viewer, where):
    window = main_window(viewer)
    press(workspace, qtbot, Qt.Key.Key_Period)
    chosen = workspace.project.selection.particle_id
    kind = {
        "combo": QComboBox,
        "layers": QListView,
        "table": QTableView,
        "slider": QSlider,
    }[where]
    found = [one for one in window.findChildren(kind) if one.isVisible()]
    plain = [one for one in found if not getattr(one, "isEditable", bool)()]
    widget = plain[0]
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    focus(widget, qtbot)
    qtbot.keyClick(widget, Qt.Key.Key_N)
    assert workspace.project.particles.get(chosen).label == "no"
    assert canvas(workspace).hasFocus()
    assert workspace.project.history.undo_summary == "Label 1 circle no"
    # So do those with another key held.
    focus(widget, qtbot)
    qtbot.keyClick(widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert workspace.project.particles.get(chosen).annotation is None
    assert canvas(workspace).hasFocus()


def test_a_letter_that_is_typed_is_no_key(workspace, qtbot, viewer):
    press(workspace, qtbot, Qt.Key.Key_Period)
    chosen = workspace.project.selection.particle_id
    (note,) = main_window(viewer).findChildren(NoteRow)
    focus(note, qtbot)
    qtbot.keyClicks(note, "yn")
    assert note.text() == "yn"
    assert not workspace.project.particles.get(chosen).by_person


def test_tab_goes_by_the_fields_that_stand_beside_what_is_read(
    workspace, qtbot, viewer
):
    """Only a click means to type there; else a letter is for the particles."""
    window = main_window(viewer)
    views = {name: add_dock(viewer, name).view for name in ("Population", "Retrain")}
    fields = {
        window.findChild(FractionLine).width_wanted,
        window.findChild(NoteRow),
        views["Population"].pixel_size_error,
        views["Retrain"].findChild(AuditRow).share,
    }
    press(workspace, qtbot, Qt.Key.Key_Period)
    reached = []
    while window.focusWidget() not in reached:
        reached.append(window.focusWidget())
        window.focusNextChild()
    assert len(reached) > 10
    for one in fields:
        assert one not in reached
        qtbot.mouseClick(one, Qt.MouseButton.LeftButton)
        assert window.focusWidget() is one


def test_a_key_that_can_not_act_says_why(viewer, qtbot):
    workspace = workspace_for(viewer)
    press(workspace, qtbot, Qt.Key.Key_Y)
    assert viewer.status == "Open a folder of micrographs first."
