"""Closing the window by hand while something runs."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QDialog, QMessageBox, QPushButton

from napari_cdse.gui.controllers.close_guard import loss_words
from napari_cdse.gui.session.viewer_window import application, main_window
from napari_cdse.gui.session.workers import Job
from tests.gui.conftest import SIGNAL_MS


class CloseByHand(QCloseEvent):
    """What the window system sends; on Qt6 nothing else counts as by hand."""

    def spontaneous(self):
        return True


def answering(button, asked):
    """Make a timer that presses a button of whatever asks, and notes what it said."""

    def look():
        for box in application().topLevelWidgets():
            if isinstance(box, QDialog) and box.isVisible() and box.isModal():
                asked.append(box.text() if isinstance(box, QMessageBox) else box)
                for one in box.findChildren(QPushButton):
                    if one.text() == button:
                        one.click()
                        return

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(20)
    return timer


def test_closing_during_a_retraining_says_in_words_what_would_be_stopped(
    workspace, qtbot, viewer
):
    go_on = threading.Event()

    def work(_report):
        go_on.wait(SIGNAL_MS / 1000)
        yield

    runner, asked = workspace.session.runner, []
    job = runner.submit(Job("Retraining", work))
    timer = answering("Stay", asked)
    application().sendEvent(main_window(viewer), CloseByHand())
    timer.stop()
    assert asked == [
        "Retraining\n\nThis would be stopped. Your labels and all that is finished "
        "are safe."
    ]
    assert main_window(viewer).isVisible()
    assert workspace.session.is_open
    go_on.set()
    qtbot.waitUntil(lambda: not runner.jobs, timeout=SIGNAL_MS)
    assert not job.cancelled


def told(steps=(), calls=0, additions=0, settings=(), kept=True) -> str:
    """What a busy file makes the window say before it is left."""
    backlog = SimpleNamespace(
        steps=[SimpleNamespace(summary=one) for one in steps],
        calls=[None] * calls,
        additions=[None] * additions,
        settings=settings,
        steps_kept=kept,
    )
    project = SimpleNamespace(
        backlog=backlog,
        path=Path("/data/dots.cdse"),
        settings=SimpleNamespace(waiting=settings),
    )
    return loss_words(project)


def test_what_waits_is_named_up_to_eight_steps_and_the_rest_counted():
    names = [f"Label {at}" for at in range(10)]
    points = [f"\u2022 {one}" for one in names]
    assert told(names[:8]).startswith(
        "Another program is still writing dots.cdse, so this is not in it yet:\n"
        + "\n".join(points[:8])
        + "\n\nYour steps are kept beside it"
    )
    assert "\n".join([*points[:8], "\u2022 and 1 more"]) in told(names[:9])
    assert "and 2 more" in told(names)


@pytest.mark.parametrize(
    ("waiting", "kept", "lost"),
    [
        ({"steps": ["Undo"], "settings": ["order"]}, "steps and settings", None),
        ({"steps": ["Undo"], "calls": 2}, "steps", "2 results of the program"),
        ({"additions": 1, "calls": 1}, "notes of what was in view", "1 result of the"),
        ({"calls": 1}, None, "It"),
        ({"steps": ["Undo"], "kept": False}, None, "It"),
    ],
)
def test_it_is_said_what_is_kept_beside_the_file_and_what_would_be_lost(
    waiting, kept, lost
):
    _, *paragraphs = told(**waiting).split("\n\n")
    assert [one for one in paragraphs if one.startswith(f"Your {kept} are kept")] == (
        paragraphs[:1] if kept else []
    )
    ends = [one for one in paragraphs if "would be lost" in one]
    assert ends == (paragraphs[-1:] if lost else [])
    assert not lost or ends[0].startswith(lost)
    assert ("Set: order" in told(**waiting)) == ("settings" in waiting)
    assert ("What was in view" in told(**waiting)) == ("additions" in waiting)
