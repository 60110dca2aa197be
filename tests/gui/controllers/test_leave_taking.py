"""Closing the window by hand while something runs."""

from __future__ import annotations

import threading

from qtpy.QtCore import QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QDialog, QMessageBox, QPushButton

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
