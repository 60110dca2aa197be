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
def told(session, qtbot):
    """What happened, in turn: pictures drawn, and signals of the session."""
    session.review.go_on()
    settle(session, qtbot)
    happened: list[str] = []
    for name in SIGNALS:
        signal = getattr(session, name)
        signal.connect(lambda *_ids, name=name: happened.append(name))
    drawn = draw_event(session.viewer)
    drawn.connect(lambda _event: happened.append("drawn"), position="last")
    return happened


def test_the_docks_hear_of_a_key_once_and_after_it_is_drawn(session, qtbot, told):
    qtbot.keyClick(canvas(session), Qt.Key.Key_Y)
    assert [name for name in told if name != "drawn"] == []
    heard(session, qtbot)
    assert told[0] == "drawn"
    assert sorted(name for name in told if name != "drawn") == sorted(SIGNALS)


def test_other_changes_are_told_at_once(session, qtbot, told):
    (first, *_) = session.project.particles.current
    session.project.edits.label([first.id], "no")
    assert told.count("particles_changed") == 1
    assert not session.herald.waiting


def test_what_waits_is_told_with_what_cannot_wait(session, qtbot, told):
    first, second, *_ = (one.id for one in session.project.particles.current)
    heard_of = []
    session.particles_changed.connect(heard_of.append)
    with session.herald.after_drawing():
        session.project.edits.label([first], "no")
    assert heard_of == []
    session.project.edits.label([second], "no")
    assert heard_of == [{first, second}]
    assert not session.herald.waiting


def test_nothing_is_told_of_a_project_that_was_left(session, qtbot, told, folder):
    with session.herald.after_drawing():
        session.project.edits.label([session.project.particles.current[0].id], "no")
    told.clear()
    session._leave_project()
    assert not session.herald.waiting
    settle(session, qtbot)
    assert "particles_changed" not in told


def test_a_key_asks_only_for_what_it_changed(session, qtbot, monkeypatch, told):
    asked = []
    shown = session.view._shown
    looks = shown._wanted

    def wanted(ids):
        asked.append(ids)
        return looks(ids)

    monkeypatch.setattr(shown, "_wanted", wanted)
    monkeypatch.setattr(session.review, "_no_more", lambda: pytest.fail("not asked"))
    qtbot.keyClick(canvas(session), Qt.Key.Key_Y)
    heard(session, qtbot)
    assert asked
    assert all(ids is not None and len(ids) <= 2 for ids in asked)
