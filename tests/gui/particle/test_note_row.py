"""The line for a note by real keys, without a viewer: stored, taken back, left."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from qtpy.QtCore import Qt

from napari_cdse.gui.particle import note_row
from napari_cdse.gui.particle.note_row import NoteRow
from napari_cdse.io.export.earlier_results import PARTICLES
from napari_cdse.io.export.particle_csv import NOTE


def particle(name, note=None):
    annotation = None if note is None else SimpleNamespace(note=note)
    return SimpleNamespace(id=name, annotation=annotation)


@pytest.fixture
def row(qtbot, monkeypatch):
    """A line, the notes that it stored, and how often it gave the keys back."""
    monkeypatch.setattr(note_row, "find_canvas", lambda _viewer: canvas)
    known, stored, left = {"a": 1, "b": 1}, [], []
    canvas = SimpleNamespace(setFocus=lambda: left.append(1))
    project = SimpleNamespace(
        particles=SimpleNamespace(find=known.get),
        edits=SimpleNamespace(note=stored.append),
    )
    session = SimpleNamespace(
        is_open=True, project=project, viewer=None, reporting_errors=nullcontext
    )
    row = NoteRow(session)
    row.stored, row.left, row.known, row.session = stored, left, known, session
    qtbot.addWidget(row)
    row.show()
    return row


def test_escape_puts_back_what_is_stored_and_gives_the_keys_back(row, qtbot):
    row.show_note(particle("a", "a twin"))
    qtbot.keyClicks(row, " or not")
    qtbot.keyClick(row, Qt.Key.Key_Escape)
    assert row.text() == "a twin"
    assert not row.isModified()
    assert (row.stored, row.left) == ([], [1])


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_stores_it_once_and_gives_the_keys_back(row, qtbot, key):
    row.show_note(particle("a"))
    qtbot.keyClicks(row, "blurred")
    qtbot.keyClick(row, key)
    qtbot.keyClick(row, key)
    assert row.stored == [{"a": "blurred"}]
    assert row.left == [1, 1]
    # What comes from the project of the same particle is shown.
    row.show_note(particle("a", "sharp"))
    assert (row.text(), row.cursorPosition()) == ("sharp", 0)


def test_what_is_being_written_stays_as_long_as_its_particle_does(row, qtbot):
    row.show_note(particle("a", "old"))
    row.selectAll()
    qtbot.keyClicks(row, "new")
    row.show_note(particle("a", "of another window"))
    assert row.text() == "new"
    row.show_note(particle("b", "its own"))
    assert row.stored == [{"a": "new"}]
    assert row.text() == "its own"


def test_a_line_that_is_left_or_hidden_is_stored(row, qtbot):
    row.show_note(particle("a"))
    qtbot.keyClicks(row, "x")
    row.hide()
    assert row.stored == [{"a": "x"}]
    # Of a particle that is gone, or of a project that is closed, nothing is.
    row.show()
    qtbot.keyClicks(row, "y")
    del row.known["a"]
    row.store()
    row.show_note(particle("b"))
    qtbot.keyClicks(row, "z")
    row.session.is_open = False
    row.store()
    assert row.stored == [{"a": "x"}]


def test_without_a_particle_there_is_no_note(row):
    row.show_note(particle("a", "a twin"))
    assert row.isEnabled()
    row.show_note(None)
    assert not row.isEnabled()
    assert row.text() == ""
    assert row.placeholderText() == "Note"
    assert "Return stores it" in row.toolTip()
    assert row.focusPolicy() == Qt.FocusPolicy.ClickFocus


def test_the_tooltip_names_the_column_that_the_table_has(row):
    assert f"the column {NOTE} of {PARTICLES}" in row.toolTip()
