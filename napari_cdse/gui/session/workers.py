"""Run long work in a thread, with progress and Cancel; drop outdated results.

A job's work is a generator function that takes a report function. It runs in one of
napari's own workers; what it yields, and its end, arrive on the main thread. Heavy
jobs wait for each other, so that two of them do not fight for the cores; light ones
(reading the next picture) do not wait.
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
"""Jobs that may run at a time, also on a machine with fewer cores. A choice: at most
one is heavy, and the light ones (reading, thumbnails) mostly wait for the disk."""


@lru_cache(maxsize=1)
def job_threads() -> QThreadPool:
    """Give the threads of all jobs, which are not those of Qt's own pool.

    Qt converts large pictures in threads of its global pool, and waits for them with
    Python's lock in its hand: were all of those ours, each waiting for that lock, the
    window would stand still for good.
    """
    pool = QThreadPool(QCoreApplication.instance())
    pool.setMaxThreadCount(max(LEAST_THREADS, pool.maxThreadCount()))
    return pool


class Job(QObject):
    """One piece of work and its thread.

    Signals come on the main thread: `progressed` with the share done, `produced` with
    each thing that the work yields, `failed` with a sentence or, for an error in the
    program, `broke` with one that names its report, and at last `finished` with True if
    the work came to its end.

    Parameters
    ----------
    title : str
        Stands above the progress bar.
    work : callable
        Takes a report function, gives an iterator.
    heavy : bool
        Whether it waits for other heavy jobs.
    about : str, optional
        What an error is said of, as a micrograph's name; the title without it.

    Attributes
    ----------
    outcome : str
        What came of it, once it has ended, where that is worth a sentence.
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
        """Whether somebody asked it to stop."""
        return self._stop.is_set()

    def start(self) -> None:
        """Begin in another thread."""
        self.running = True
        self._ended.clear()
        # Not by `create_worker`: napari would ask, when its window is closed, whether
        # to stop "<function ... at 0x7f...>"; we ask in words.
        self._worker = GeneratorWorker(_body(weakref.ref(self)))
        self._worker.yielded.connect(self._on_yielded)
        self._worker.finished.connect(self._on_finished)
        job_threads().start(_Thread(self._worker))

    def cancel(self) -> None:
        """Ask it to stop; nothing that it still yields is passed on."""
        self._stop.set()
        if self._worker is not None:
            self._worker.quit()

    def wait(self, seconds: float) -> bool:
        """Wait until its thread has left the work."""
        return self._ended.wait(seconds)

    def report(self, share: float) -> None:
        """Tell the progress; raises `Cancelled` when the user asked to stop."""
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
        # Whoever still holds the job need not hold the pixels that it worked on.
        self._work = _nothing
        self.finished.emit(self._complete and not self.cancelled)


class _Thread(QRunnable):
    """Runs a worker in a thread that may still be at work when the program ends."""

    def __init__(self, worker: GeneratorWorker) -> None:
        super().__init__()
        self._worker = worker

    def run(self) -> None:
        """Work, as Qt calls it.

        A step that takes longer than a closing window waits for comes to its end when
        Qt has deleted the signals. PyQt ends the program in a core dump for whatever
        is raised here; there is nobody left to be told.
        """
        with contextlib.suppress(RuntimeError):
            self._worker.run()


def _body(job: weakref.ref[Job]) -> Callable[[], Iterator[Any]]:
    """Make what a worker runs, without a hold on the job.

    napari remembers every worker, with all that it refers to, as long as its window
    lives: an afternoon's micrographs would stay in memory.
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

    `changed` comes whenever a job starts, ends or joins the line, `broke` with the
    sentence of an error in the program, whichever job it ended.
    """

    changed = Signal()
    broke = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._running: list[Job] = []
        self._line: deque[Job] = deque()
        self._closed = False

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Running jobs, then waiting ones."""
        return (*self._running, *self._line)

    @property
    def heavy(self) -> Job | None:
        """The heavy job that runs now."""
        return next((job for job in self._running if job.heavy), None)

    def submit(self, job: Job) -> Job:
        """Start a job, or let it wait for the heavy one that runs."""
        if self._closed:
            return job
        if job.heavy and self.heavy is not None:
            self._line.append(job)
        else:
            self._start(job)
        self.changed.emit()
        return job

    def cancel(self, job: Job) -> None:
        """Stop one job, whether it runs or waits."""
        job.cancel()
        if job in self._line:
            self._line.remove(job)
            job.finished.emit(False)
            self.changed.emit()

    def cancel_all(self) -> None:
        """Stop everything, for good."""
        for job in self.jobs:
            self.cancel(job)

    def close(self, seconds: float = 5.0) -> None:
        """Stop all jobs and wait for their threads."""
        self._closed = True
        self._line.clear()
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
        if self.heavy is None and self._line:
            self._start(self._line.popleft())
        self.changed.emit()
