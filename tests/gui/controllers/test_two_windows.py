"""A window shows what another one on the same project does."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from qtpy.QtCore import Qt

from napari_cdse.gui.controllers import project_poller
from napari_cdse.gui.session import notifications
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
    monkeypatch.setattr(project_poller, "EVERY_MS", 50)


def label_elsewhere(workspace, particle_id: str) -> None:
    """Let another process label a particle."""
    command = [
        sys.executable,
        "-c",
        OTHER,
        str(workspace.project.path),
        particle_id,
    ]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])


def test_what_another_process_labels_is_shown_and_told(workspace, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(notifications, "warn", told.append)
    first, second, *_ = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_Period)
    chosen = workspace.project.selection.particle_id
    other = first if chosen != first else second
    label_elsewhere(workspace, other)
    qtbot.waitUntil(
        lambda: workspace.project.particles.get(other).by_person, timeout=SIGNAL_MS
    )
    settle(workspace, qtbot)
    assert labels(workspace).count("null") == 1
    assert workspace.project.selection.particle_id == chosen
    assert told == [
        "Another window works on this project too; what it changes is shown here."
    ]
    press(workspace, qtbot, Qt.Key.Key_Y)
    settle(workspace, qtbot)
    assert workspace.project.particles.get(chosen).label == "yes"
    assert workspace.project.particles.get(other).annotation.annotator == "Ben"
    in_step(workspace)


def test_a_project_that_can_not_be_read_is_told_while_it_lasts(workspace):
    other = sqlite3.connect(workspace.project.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    workspace.poller.poll()
    workspace.poller.poll()
    (told,) = workspace.message_bar.sentences
    assert "Another program is writing" in told
    other.execute("ROLLBACK")
    other.close()
    workspace.poller.poll()
    assert not workspace.message_bar.sentences
