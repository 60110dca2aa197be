"""Jobs of one window, in threads."""

from __future__ import annotations

import threading

from qtpy.QtCore import QThreadPool

from napari_cdse.gui.session.workers import Job, JobRunner
from tests.gui.conftest import SIGNAL_MS


def test_jobs_leave_qt_its_own_threads(qtbot):
    """Qt converts pictures in the same pool; the window hangs if it finds none."""
    runner, pool = JobRunner(), QThreadPool.globalInstance()
    begun, go_on = threading.Semaphore(0), threading.Event()

    def work(_report):
        begun.release()
        go_on.wait(2 * SIGNAL_MS / 1000)
        yield

    number = pool.maxThreadCount() + 1
    before = pool.activeThreadCount()
    try:
        for _ in range(number):
            runner.submit(Job("Waiting", work, heavy=False))
        for _ in range(number):
            qtbot.waitUntil(lambda: begun.acquire(blocking=False), timeout=SIGNAL_MS)
        assert pool.activeThreadCount() < pool.maxThreadCount()
    finally:
        go_on.set()
    qtbot.waitUntil(lambda: not runner.jobs, timeout=SIGNAL_MS)
    qtbot.waitUntil(lambda: pool.activeThreadCount() <= before, timeout=SIGNAL_MS)
