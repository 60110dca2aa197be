"""A window shows what another one on the same project does."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QToolButton

from napari_cdse.core.errors import StoreError
from napari_cdse.gui.controllers import project_poller
from tests.gui.conftest import SIGNAL_MS, particle_ids, press, settle, standing
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


def test_what_another_process_labels_is_shown_and_told(workspace, qtbot):
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
    assert standing(workspace) == [
        "Another window works on this project too; what it changes is shown here."
    ]
    press(workspace, qtbot, Qt.Key.Key_Y)
    settle(workspace, qtbot)
    assert workspace.project.particles.get(chosen).label == "yes"
    assert workspace.project.particles.get(other).annotation.annotator == "Ben"
    in_step(workspace)


def closing(bar) -> list[QToolButton]:
    """The crosses of the messages that stand in the bar."""
    buttons = bar.findChildren(QToolButton)
    return [one for one in buttons if one.accessibleName() == "Close this message"]


def test_a_file_that_is_gone_is_told_once_until_it_is_there_again(
    workspace, qtbot, monkeypatch
):
    def gone() -> None:
        raise StoreError("The drive is gone; connect it again.")

    bar = workspace.message_bar
    with monkeypatch.context() as patched:
        patched.setattr(workspace.project.sync, "poll", gone)
        workspace.poller.poll()
        assert bar.sentences == ("The drive is gone; connect it again.",)
        (close,) = closing(bar)
        qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
        workspace.poller.poll()
        # Once it was closed it is not said again for the same absence...
        assert bar.sentences == ()
    workspace.poller.poll()
    monkeypatch.setattr(workspace.project.sync, "poll", gone)
    workspace.poller.poll()
    workspace.poller.poll()
    # ... but for the next one it is, and goes when that is over.
    assert len(bar.sentences) == 1
    monkeypatch.undo()
    workspace.poller.poll()
    assert bar.sentences == ()


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


def test_a_window_that_closes_looks_and_writes_no_more(workspace):
    looks, writes = workspace.poller.findChildren(QTimer)
    writes.start()
    assert looks.isActive()
    workspace.poller.close()
    assert not looks.isActive()
    assert not writes.isActive()
