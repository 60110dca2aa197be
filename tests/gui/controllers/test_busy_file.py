"""Another process holds the project: keys go on, nothing is lost, all of it is said."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QMessageBox, QPushButton

from napari_cdse.gui.app.window import add_dock, add_docks
from napari_cdse.gui.controllers import close_guard
from napari_cdse.gui.session.viewer_window import main_window
from tests.gui.conftest import SIGNAL_MS, particle_ids, press, settle
from tests.gui.showing import in_step, labels
from tests.project_tools import restarted

HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN " + sys.argv[2])
print("held", flush=True)
sys.stdin.readline()
other.execute("ROLLBACK")
other.close()
print("free", flush=True)
"""
MOST_MS = 100
"""How long one call may wait for the file: it was five seconds, several times a key."""


@contextlib.contextmanager
def held(workspace, kind="IMMEDIATE"):
    """Let another process hold the project's file; `free` ends that."""
    command = [sys.executable, "-c", HOLDER, str(workspace.project.path), kind]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        try:
            assert other.stdout.readline() == "held\n"
            yield other
        finally:
            free(other)


def free(other) -> None:
    if not other.stdin.closed:
        other.stdin.write("\n")
        other.stdin.close()
        assert other.stdout.readline() == "free\n"


def on_disk(workspace) -> dict:
    """The class that the file gives each particle of the first micrograph."""
    other = restarted(workspace.project)
    try:
        return {one.id: one.label for one in other.particles.of(0) if one.by_person}
    finally:
        other.close()


def restarted_width(workspace) -> float:
    """The width of the interval that the file says is wanted."""
    other = restarted(workspace.project)
    try:
        return other.settings.half_width
    finally:
        other.close()


@pytest.mark.parametrize("kind", ["IMMEDIATE", "EXCLUSIVE"])
def test_keys_are_answered_while_another_process_writes(workspace, qtbot, kind):
    press(workspace, qtbot, Qt.Key.Key_Period)
    messages = workspace.message_bar
    assert not messages.isVisible()
    given = {}
    with held(workspace, kind) as other:
        for key, word in zip(
            "YNYUO", ("yes", "no", "yes", "null", "empty"), strict=True
        ):
            given[workspace.project.selection.particle_id] = word
            press(workspace, qtbot, getattr(Qt.Key, f"Key_{key}"))
        ((patience_ms,),) = workspace.project._store._database.rows(
            "PRAGMA busy_timeout"
        )
        assert patience_ms <= MOST_MS
        assert len(given) == 5
        assert sorted(labels(workspace)) == sorted(given.values())
        assert messages.isVisible()
        qtbot.waitUntil(lambda: messages.height() > 15, timeout=SIGNAL_MS)
        (sentence,) = messages.sentences
        assert "5 steps" in sentence
        assert workspace.project.path.name in sentence
        press(workspace, qtbot, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        del given[list(given)[-1]]
        assert "4 steps" in messages.sentences[0]
        free(other)
        qtbot.waitUntil(lambda: not messages.isVisible(), timeout=SIGNAL_MS)
    assert on_disk(workspace) == given
    settle(workspace, qtbot)
    in_step(workspace)


def test_every_dock_follows_while_another_process_writes(workspace, qtbot, viewer):
    """Docks follow by timers of their own: none may need the file for it."""
    views = {name: dock.view for name, dock in add_docks(viewer).items()}
    line = views["Particle"].fraction
    (first, *_) = particle_ids(workspace)
    workspace.navigation.go_to(first)
    settle(workspace, qtbot)
    for name in ("Annotators", "Population"):
        views[name] = add_dock(viewer, name).view
    qtbot.waitUntil(lambda: views["Population"].idle, timeout=SIGNAL_MS)
    before = line.words.toolTip()
    with held(workspace, "EXCLUSIVE"):
        press(workspace, qtbot, Qt.Key.Key_Y)
        line.width_wanted.setValue(0.2)
        for name in ("Annotators", "Population", "Retrain", "Gallery", "Micrographs"):
            add_dock(viewer, name)
            qtbot.waitUntil(views[name].isVisible, timeout=SIGNAL_MS)
            press(workspace, qtbot, Qt.Key.Key_N)
            qtbot.waitUntil(lambda: not line.waiting, timeout=SIGNAL_MS)
        qtbot.waitUntil(lambda: views["Population"].idle, timeout=SIGNAL_MS)
        assert line.words.toolTip() != before
    qtbot.waitUntil(lambda: not workspace.project.backlog, timeout=SIGNAL_MS)
    settle(workspace, qtbot)
    assert restarted_width(workspace) == 0.2


def test_closing_while_steps_wait_asks_and_stays_open(
    workspace, qtbot, viewer, monkeypatch
):
    monkeypatch.setattr(close_guard, "PATIENCE_S", 0.0)
    (first, *_) = particle_ids(workspace)
    workspace.navigation.go_to(first)
    asked = []

    def answer(button):
        box = main_window(viewer).findChild(QMessageBox)
        if box is None or not box.isVisible():
            return
        asked.append(box.text())
        (wanted,) = (b for b in box.findChildren(QPushButton) if b.text() == button)
        wanted.click()

    with held(workspace) as other:
        press(workspace, qtbot, Qt.Key.Key_Y)
        workspace.project.backlog.write_or_wait(lambda: None)
        (told,) = workspace.message_bar.sentences
        assert "1 step, 1 result and what was in view are kept here" in told
        # Nothing is exported that would lack them.
        add_dock(viewer, "Micrographs").view.export.ask(False).accept()
        told = workspace.message_bar.sentences
        assert any("export once the message at the top is gone" in one for one in told)
        timer = QTimer()
        timer.timeout.connect(lambda: answer("Stay"))
        timer.start(20)
        main_window(viewer).close()
        timer.stop()
        assert main_window(viewer).isVisible()
        assert workspace.session.is_open
        assert len(asked) == 1
        assert "Label 1 circle yes" in asked[0]
        assert "\u2022 What was in view" in asked[0]
        assert "Your steps and notes of what was in view are kept beside" in asked[0]
        # What the program found meanwhile is in memory alone, and can be found again.
        assert "\n\n1 result of the program would be lost" in asked[0]
        free(other)
        qtbot.waitUntil(lambda: not workspace.project.backlog, timeout=SIGNAL_MS)
    assert on_disk(workspace) == {first: "yes"}


def test_a_setting_waits_too_and_is_named_on_closing(
    workspace, qtbot, viewer, monkeypatch
):
    monkeypatch.setattr(close_guard, "PATIENCE_S", 0.0)
    line = add_docks(viewer)["Particle"].view.fraction
    settle(workspace, qtbot)
    asked = []

    def stay(_window, words):
        asked.append(words)
        return False

    monkeypatch.setattr(close_guard, "ask_to_leave", stay)
    with held(workspace) as other:
        line.width_wanted.setValue(0.2)
        (sentence,) = workspace.message_bar.sentences
        assert "You can go on: 1 setting is kept here" in sentence
        main_window(viewer).close()
        (words,) = asked
        assert "\u2022 Set: the width of the interval that is needed" in words
        assert "Your settings are kept beside it" in words
        assert "lost" not in words
        free(other)
        qtbot.waitUntil(lambda: not workspace.project.backlog, timeout=SIGNAL_MS)
    assert restarted_width(workspace) == 0.2


def test_another_micrograph_opens_while_the_file_is_busy(workspace, qtbot):
    with held(workspace, "EXCLUSIVE") as other:
        press(workspace, qtbot, Qt.Key.Key_PageDown)
        qtbot.waitUntil(
            lambda: workspace.session.micrograph is not None, timeout=SIGNAL_MS
        )
        assert workspace.project.selection.index == 1
        free(other)
        qtbot.waitUntil(lambda: not workspace.project.backlog, timeout=SIGNAL_MS)
    settle(workspace, qtbot)
    assert workspace.project.micrographs.entries[1].id
