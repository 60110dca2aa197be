"""What a key does is drawn first, and then told to the docks, once."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from tests.gui.conftest import canvas, draw_event, heard, settle

SIGNALS = (
    "particles_changed",
    "selection_changed",
    "micrographs_changed",
    "history_changed",
)


@pytest.fixture
def told(workspace, qtbot):
    """What happened, in turn: pictures drawn, and signals of the workspace."""
    workspace.navigation.go_on()
    settle(workspace, qtbot)
    happened: list[str] = []
    for name in SIGNALS:
        signal = getattr(workspace.session, name)
        signal.connect(lambda *_ids, name=name: happened.append(name))
    drawn = draw_event(workspace.viewer)
    drawn.connect(lambda _event: happened.append("drawn"), position="last")
    return happened


def test_the_docks_hear_of_a_key_once_and_after_it_is_drawn(workspace, qtbot, told):
    qtbot.keyClick(canvas(workspace), Qt.Key.Key_Y)
    assert [name for name in told if name != "drawn"] == []
    heard(workspace, qtbot)
    assert told[0] == "drawn"
    assert sorted(name for name in told if name != "drawn") == sorted(SIGNALS)


def test_other_changes_are_told_at_once(workspace, qtbot, told):
    (first, *_) = workspace.project.particles.current
    workspace.project.edits.label([first.id], "no")
    assert told.count("particles_changed") == 1
    assert not workspace.session.deferred.waiting


def test_what_waits_is_told_with_what_cannot_wait(workspace, qtbot, told):
    first, second, *_ = (one.id for one in workspace.project.particles.current)
    heard_of = []
    workspace.session.particles_changed.connect(heard_of.append)
    with workspace.session.deferred.after_drawing():
        workspace.project.edits.label([first], "no")
    assert heard_of == []
    workspace.project.edits.label([second], "no")
    assert heard_of == [{first, second}]
    assert not workspace.session.deferred.waiting


def test_nothing_is_told_of_a_project_that_was_left(workspace, qtbot, told, folder):
    with workspace.session.deferred.after_drawing():
        workspace.project.edits.label([workspace.project.particles.current[0].id], "no")
    told.clear()
    workspace.leave_project()
    assert not workspace.session.deferred.waiting
    settle(workspace, qtbot)
    assert "particles_changed" not in told


def test_a_key_asks_only_for_what_it_changed(workspace, qtbot, monkeypatch, told):
    project, asked = workspace.project, []
    as_seen = project.audits.as_seen

    def seen(particle):
        asked.append(particle.id)
        return as_seen(particle)

    monkeypatch.setattr(project.audits, "as_seen", seen)
    entries = type(workspace.session).entries
    looked = []
    counted = property(lambda one: looked.append(1) or entries.fget(one))
    monkeypatch.setattr(type(workspace.session), "entries", counted)
    qtbot.keyClick(canvas(workspace), Qt.Key.Key_Y)
    # The canvas asks for two of five; all micrographs are looked through by none.
    assert 0 < len(set(asked)) <= 2
    assert not looked
    heard(workspace, qtbot)


def test_the_docks_hear_of_another_micrograph_once_and_after_it_is_drawn(
    labelled, qtbot, told
):
    workspace = labelled
    project = workspace.project
    workspace.navigation.set_order("micrograph", "all")
    ids = [one.id for one in project.particles.current]
    workspace.navigation.open_micrograph(1)
    last = [one.id for one in project.particles.current][-1]
    assert last not in ids
    workspace.selection.go_to(last, "queue")
    settle(workspace, qtbot)
    told.clear()
    workspace.session.opened.connect(lambda: told.append("opened"))
    qtbot.keyClick(canvas(workspace), Qt.Key.Key_Y)
    assert project.selection.index == 2
    assert [name for name in told if name != "drawn"] == []
    heard(workspace, qtbot)
    assert told[0] == "drawn"
    assert told.count("opened") == 1
    assert told.count("selection_changed") == 1
