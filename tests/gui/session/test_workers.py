"""Jobs of one window, in threads."""

from __future__ import annotations

import subprocess
import sys
import threading

from qtpy.QtCore import QThreadPool

from napari_cdse.core.errors import CdseError
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


class Gated:
    """Work that says when it has begun and goes on when it may."""

    def __init__(self):
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, report):
        self.begun.set()
        self.go_on.wait(SIGNAL_MS / 1000)
        report(0.5)
        yield "found"


def heard(job) -> list:
    """Note what a job tells, as it comes."""
    told = []
    job.progressed.connect(lambda share: told.append(("progressed", share)))
    job.produced.connect(lambda found: told.append(("produced", found)))
    job.failed.connect(lambda sentence: told.append(("failed", sentence)))
    job.broke.connect(lambda sentence: told.append(("broke", sentence)))
    job.finished.connect(lambda complete: told.append(("finished", complete)))
    return told


def ended(qtbot, runner) -> None:
    qtbot.waitUntil(lambda: not runner.jobs, timeout=SIGNAL_MS)


def test_heavy_jobs_wait_for_each_other_in_line_and_light_ones_for_none(qtbot):
    runner, gates = JobRunner(), [Gated() for _ in range(4)]
    first, second, third = (
        runner.submit(Job(f"Heavy {at}", gates[at])) for at in range(3)
    )
    light = runner.submit(Job("Light", gates[3], heavy=False))
    qtbot.waitUntil(gates[3].begun.is_set, timeout=SIGNAL_MS)
    assert runner.heavy is first
    assert runner.jobs == (first, light, second, third)
    assert [job.running for job in runner.jobs] == [True, True, False, False]
    assert not gates[1].begun.is_set()
    told = [heard(job) for job in (first, second)]
    gates[0].go_on.set()
    qtbot.waitUntil(gates[1].begun.is_set, timeout=SIGNAL_MS)
    assert told[0] == [("progressed", 0.5), ("produced", "found"), ("finished", True)]
    assert runner.heavy is second
    assert not first.running
    assert not gates[2].begun.is_set()
    for gate in gates:
        gate.go_on.set()
    ended(qtbot, runner)
    assert runner.heavy is None


def test_a_waiting_job_that_is_cancelled_never_begins_and_ends_at_once(qtbot):
    runner, gates, changes = JobRunner(), (Gated(), Gated()), []
    first, second = (runner.submit(Job("Job", gate)) for gate in gates)
    told = heard(second)
    runner.changed.connect(lambda: changes.append(runner.jobs))
    runner.cancel(second)
    assert told == [("finished", False)]
    assert second.cancelled
    assert changes == [(first,)]
    gates[0].go_on.set()
    ended(qtbot, runner)
    assert not gates[1].begun.is_set()


def test_a_running_job_that_is_cancelled_passes_nothing_on(qtbot):
    runner, gate = JobRunner(), Gated()
    job = runner.submit(Job("Job", gate))
    told = heard(job)
    qtbot.waitUntil(gate.begun.is_set, timeout=SIGNAL_MS)
    runner.cancel(job)
    assert not job.wait(0.01)
    gate.go_on.set()
    ended(qtbot, runner)
    assert told == [("finished", False)]
    assert job.wait(0.0)


def test_what_goes_wrong_is_told_in_a_sentence_of_what_it_is_about(
    qtbot, monkeypatch, tmp_path
):
    monkeypatch.setenv("NAPARI_CDSE_LOGS", str(tmp_path))

    def wrong(_report):
        raise CdseError("The disk is full.")
        yield

    def broken(_report):
        raise ValueError("odd")
        yield

    for work, about, kind, begins in (
        (wrong, "a.png", "failed", "The disk is full."),
        (broken, "a.png", "broke", "a.png: an error in the program (ValueError: odd)"),
        (broken, None, "broke", "Detecting: an error in the program"),
    ):
        runner, broke = JobRunner(), []
        runner.broke.connect(broke.append)
        job = Job("Detecting", work, about=about)
        told = heard(job)
        runner.submit(job)
        ended(qtbot, runner)
        (one, sentence), last = told
        assert (one, last) == (kind, ("finished", False))
        assert sentence.startswith(begins)
        assert broke == ([sentence] if kind == "broke" else [])


def test_a_runner_that_is_closed_stops_all_and_begins_nothing(qtbot):
    runner, gates = JobRunner(), [Gated() for _ in range(3)]
    first, second = (runner.submit(Job("Job", gate)) for gate in gates[:2])
    qtbot.waitUntil(gates[0].begun.is_set, timeout=SIGNAL_MS)
    runner.close(0.01)
    assert first.cancelled
    assert runner.jobs == ()
    third = runner.submit(Job("Later", gates[2], heavy=False))
    gates[0].go_on.set()
    left = job_threads()
    qtbot.waitUntil(lambda: left.activeThreadCount() == 0, timeout=SIGNAL_MS)
    assert not any(job.running for job in (second, third))
    assert not any(gate.begun.is_set() for gate in gates[1:])
