"""A window shows what another one on the same project does."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from qtpy.QtCore import Qt

from napari_cdse.gui.controllers import project_watcher as watcher
from napari_cdse.gui.session import notifications as notices
from tests.gui.conftest import SIGNAL_MS, particle_ids, press, settle
from tests.gui.showing import in_step, labels

OTHER = """
import sys
from napari_cdse.project import Project

project = Project.create_or_open(sys.argv[1])
project.annotators.current = "Ben"
project.selection.open(0)
project.edits.label([sys.argv[2]], "null")
project.close()
"""


@pytest.fixture(autouse=True)
def _look_often(monkeypatch):
    monkeypatch.setattr(watcher, "EVERY_MS", 50)


def label_elsewhere(session, particle_id: str) -> None:
    """Let another process label a particle."""
    command = [sys.executable, "-c", OTHER, str(session.project.path), particle_id]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])


def test_what_another_process_labels_is_shown_and_told(session, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(notices, "warn", told.append)
    first, second, *_ = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_Period)
    chosen = session.project.selection.particle_id
    other = first if chosen != first else second
    label_elsewhere(session, other)
    qtbot.waitUntil(
        lambda: session.project.particles.get(other).by_person, timeout=SIGNAL_MS
    )
    settle(session, qtbot)
    assert labels(session).count("null") == 1
    assert session.project.selection.particle_id == chosen
    assert told == [
        "Another window works on this project too; what it changes is shown here."
    ]
    press(session, qtbot, Qt.Key.Key_Y)
    settle(session, qtbot)
    assert session.project.particles.get(chosen).label == "yes"
    assert session.project.particles.get(other).annotation.annotator == "Ben"
    in_step(session)


def test_a_project_that_can_not_be_read_is_told_once(session, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(notices, "warn", told.append)
    session.project._store._database.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(session.project.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    session.watcher.look()
    session.watcher.look()
    assert len(told) == 1
    assert "being written by another program" in told[0]
    other.execute("ROLLBACK")
    other.close()
    session.watcher.look()
    assert len(told) == 1
