"""Jobs of one window, in threads."""

from __future__ import annotations

import subprocess
import sys
import threading

from qtpy.QtCore import QThreadPool

from napari_cdse.gui.session.workers import Job, JobRunner, job_threads
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
        assert pool.activeThreadCount() == before
    finally:
        go_on.set()
    qtbot.waitUntil(lambda: not runner.jobs, timeout=SIGNAL_MS)
    left = job_threads()
    qtbot.waitUntil(lambda: left.activeThreadCount() == 0, timeout=SIGNAL_MS)


_OUTLIVES_THE_WINDOW = """
import threading
import time
from qtpy.QtCore import QCoreApplication
from napari_cdse.gui.session.workers import Job, JobRunner

application = QCoreApplication([])
begun = threading.Event()

def work(report):
    begun.set()
    # Longer than a closing window waits: until the program is coming to its end.
    while QCoreApplication.instance() is not None:
        time.sleep(0.01)
    report(0.5)
    yield

runner = JobRunner()
runner.submit(Job("Long", work))
begun.wait()
runner.close(0.1)
print("closed")
"""


def test_work_that_outlives_the_window_ends_the_program_in_good_order():
    ended = subprocess.run(
        [sys.executable, "-c", _OUTLIVES_THE_WINDOW],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.stdout == "closed\n"
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_job_that_is_stopped_half_way_gives_its_thread_back(qtbot):
    runner, begun, steps = JobRunner(), threading.Event(), []

    def work(_report):
        while True:
            steps.append(1)
            begun.set()
            yield

    job = runner.submit(Job("Endless", work))
    qtbot.waitUntil(begun.is_set, timeout=SIGNAL_MS)
    with qtbot.waitSignal(job.finished, timeout=SIGNAL_MS) as told:
        runner.cancel(job)
    assert told.args == [False]
    left = job_threads()
    qtbot.waitUntil(lambda: left.activeThreadCount() == 0, timeout=SIGNAL_MS)
