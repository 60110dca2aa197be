"""Run long work in a thread, with progress and Cancel; drop outdated results.

A job's work is a generator function whose argument is a function for progress reports.
It runs in napari's `GeneratorWorker`; signals on what it yields, and on its end, arrive
on the main thread. Heavy jobs run one after another, so that they do not compete for
the cores; light ones (reading the next picture) start at once.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

from napari.qt.threading import GeneratorWorker
from qtpy.QtCore import QCoreApplication, QObject, QRunnable, QThreadPool, Signal

from napari_cdse.core.errors import Cancelled, CdseError
from napari_cdse.io.problem_report import Unforeseen, unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Report = Callable[[float], None]
    Work = Callable[[Report], Iterator[Any]]


LEAST_THREADS = 8
"""Fewest threads for jobs, even on a machine with fewer cores. A choice: at most one
job is heavy, and the light ones (reading, thumbnails) mostly wait for the disk."""


@lru_cache(maxsize=1)
def job_threads() -> QThreadPool:
    """Return the thread pool of all jobs, which is not Qt's global one.

    Qt converts large pictures in threads of the global pool and waits for them while it
    holds Python's interpreter lock. If jobs that wait for that lock occupied all of its
    threads, the window would be in a deadlock.
    """
    pool = QThreadPool(QCoreApplication.instance())
    pool.setMaxThreadCount(max(LEAST_THREADS, pool.maxThreadCount()))
    return pool


class Job(QObject):
    """One piece of work and its thread.

    Parameters
    ----------
    title : str
        Shown above the progress bar.
    work : callable
        Called with a function for progress reports; returns an iterator.
    heavy : bool
        Whether it waits for other heavy jobs.
    about : str, optional
        Subject of error messages, like a micrograph's name; by default the title.

    Attributes
    ----------
    outcome : str
        A sentence on the result once it has ended, or empty.

    Signals
    -------
    progressed(share)
        Share done, 0 to 1. All signals arrive on the main thread.
    produced(item)
        The work has yielded an item.
    failed(sentence)
        The work has raised a `CdseError`.
    broke(sentence)
        The work has raised an unforeseen error, on which a report was written.
    finished(complete)
        The last signal; True if the work came to its end.
    """

    progressed = Signal(float)
    produced = Signal(object)
    failed = Signal(str)
    broke = Signal(object)
    finished = Signal(bool)

    def __init__(
        self, title: str, work: Work, *, heavy: bool = True, about: str | None = None
    ) -> None:
        super().__init__()
        self.about = about or title
        self.title = title
        self.outcome = ""
        self.heavy = heavy
        self.running = False
        self._work = work
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._ended.set()
        self._complete = False
        self._worker: Any = None

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._stop.is_set()

    def start(self) -> None:
        """Start the work in another thread."""
        self.running = True
        self._ended.clear()
        # Not by `create_worker`: when its window is closed, napari would ask whether
        # to stop "<function ... at 0x7f...>". `CloseGuard` asks in words.
        self._worker = GeneratorWorker(_body(weakref.ref(self)))
        self._worker.yielded.connect(self._on_yielded)
        self._worker.finished.connect(self._on_finished)
        job_threads().start(_Thread(self._worker))

    def cancel(self) -> None:
        """Ask the work to stop; what it still yields is dropped."""
        self._stop.set()
        if self._worker is not None:
            self._worker.quit()

    def wait(self, seconds: float) -> bool:
        """Wait until the work has ended; False if it hasn't within this time."""
        return self._ended.wait(seconds)

    def report(self, share: float) -> None:
        """Report the progress, for the work; raises `Cancelled` after `cancel`."""
        if self._stop.is_set():
            raise Cancelled("The work was stopped.")
        self.progressed.emit(share)

    def _run(self) -> Iterator[Any]:
        try:
            yield from self._work(self.report)
            self._complete = not self._stop.is_set()
        except Cancelled:
            return
        except CdseError as error:
            self.failed.emit(str(error))
        except Exception as error:  # noqa: BLE001  the one place where none is foreseen
            self.broke.emit(Unforeseen(unexpected(error, self.about)))
        finally:
            self._ended.set()

    def _on_yielded(self, item: object) -> None:
        if not self.cancelled:
            self.produced.emit(item)

    def _on_finished(self) -> None:
        # A worker told to quit before its first step never enters the generator.
        self._ended.set()
        self.running = False
        self._worker = None
        # A reference to the job must not keep the pixels that it worked on in memory.
        self._work = _nothing
        self.finished.emit(self._complete and not self.cancelled)


class _Thread(QRunnable):
    """Runs a worker, which may still be at work when the program ends."""

    def __init__(self, worker: GeneratorWorker) -> None:
        super().__init__()
        self._worker = worker

    def run(self) -> None:
        """Run the worker; called by Qt.

        If its last step ends after the window has closed, Qt has deleted the signals
        and the worker raises `RuntimeError`. PyQt would abort the program for any
        exception here.
        """
        with contextlib.suppress(RuntimeError):
            self._worker.run()


def _body(job: weakref.ref[Job]) -> Callable[[], Iterator[Any]]:
    """Make the function that a worker runs, without a strong reference to the job.

    napari keeps every worker until its window closes, and with it all that it refers
    to: all micrographs of an afternoon would stay in memory.
    """

    def run() -> Iterator[Any]:
        running = job()
        if running is not None:
            yield from running._run()

    return run


def _nothing(_report: Report) -> Iterator[Any]:
    return iter(())


class JobRunner(QObject):
    """Runs the jobs of one window.

    Signals
    -------
    changed()
        A job has started, ended or joined the queue.
    broke(sentence)
        Signal `broke` of any job.
    """

    changed = Signal()
    broke = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._running: list[Job] = []
        self._queue: deque[Job] = deque()
        self._closed = False

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Running jobs, then waiting ones."""
        return (*self._running, *self._queue)

    @property
    def heavy(self) -> Job | None:
        """The heavy job that runs now."""
        return next((job for job in self._running if job.heavy), None)

    def submit(self, job: Job) -> Job:
        """Start a job, or let it wait for the heavy one that runs."""
        if self._closed:
            return job
        if job.heavy and self.heavy is not None:
            self._queue.append(job)
        else:
            self._start(job)
        self.changed.emit()
        return job

    def cancel(self, job: Job) -> None:
        """Stop one job, whether it runs or waits."""
        job.cancel()
        if job in self._queue:
            self._queue.remove(job)
            job.finished.emit(False)
            self.changed.emit()

    def cancel_all(self) -> None:
        """Stop all jobs, running or waiting."""
        for job in self.jobs:
            self.cancel(job)

    def close(self, seconds: float = 5.0) -> None:
        """Stop all jobs for good, and wait up to ``seconds`` for each thread."""
        self._closed = True
        self._queue.clear()
        for job in self._running:
            job.cancel()
        for job in self._running:
            job.wait(seconds)
        self._running.clear()

    def _start(self, job: Job) -> None:
        self._running.append(job)
        job.finished.connect(lambda _complete: self._on_finished(job))
        job.broke.connect(self.broke)
        job.start()

    def _on_finished(self, job: Job) -> None:
        if self._closed:
            return
        if job in self._running:
            self._running.remove(job)
        if self.heavy is None and self._queue:
            self._start(self._queue.popleft())
        self.changed.emit()
