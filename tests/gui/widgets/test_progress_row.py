"""What a person sees of work that runs: how far, how long still, and Cancel."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, Qt

from napari_cdse.core import progress
from napari_cdse.gui.session.workers import Job
from napari_cdse.gui.widgets.progress_row import ProgressRow


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_tells_the_time_that_is_left(qtbot, clock):
    row = ProgressRow(lambda job: None)
    qtbot.addWidget(row)
    job = Job("Finding", lambda report: iter(()))
    row.follow(job)
    clock[0] += 1
    job.progressed.emit(0.1)
    # So early nobody can say.
    assert row.title.text() == "Finding"
    # The title stands above the bar.
    assert row.isAncestorOf(row.title)
    assert row.title.isVisible()
    assert row.title.geometry().bottom() < row.bar.mapTo(row, QPoint()).y()
    clock[0] += 9
    job.progressed.emit(0.25)
    assert row.title.text() == "Finding, 30 s left"
    assert row.bar.value() == row.bar.maximum() // 4
    clock[0] += 110
    job.progressed.emit(0.5)
    assert row.title.text() == "Finding, 2 min left"
    row.follow(None)
    assert row.isHidden()


def test_what_came_of_the_work_stands_until_the_next_one(qtbot, clock):
    row = ProgressRow(lambda job: None)
    qtbot.addWidget(row)
    job, after = (Job(name, lambda report: iter(())) for name in ("one", "two"))
    row.follow(job)
    job.outcome = "10 micrographs, 99 particles."
    row.follow(None)
    assert not row.isHidden()
    assert row.title.text() == "10 micrographs, 99 particles."
    assert row.bar.isHidden()
    assert row.button.isHidden()
    row.follow(after)
    assert row.title.text() == "two"
    assert not row.bar.isHidden()
    row.follow(None)
    assert row.isHidden()
    row.follow(job)
    row.follow(None)
    # Another project knows nothing of it.
    row.forget()
    assert row.isHidden()


def test_cancel_stops_the_job_that_is_shown_and_says_so(qtbot, clock):
    stopped = []
    row = ProgressRow(stopped.append)
    qtbot.addWidget(row)
    first, second = (Job(name, lambda report: iter(())) for name in ("one", "two"))
    row.follow(first)
    row.follow(second)
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert stopped == [second]
    assert row.title.text() == "two: stopping"
    assert not row.button.isEnabled()
    first.progressed.emit(0.9)
    assert row.bar.value() == 0
