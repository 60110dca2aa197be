"""Apply a function to many items in parallel, on a pool of worker processes.

Results come in the order of the items, and are the same for any number of processes.
An item that kills its process (say, a crash in a library) yields `Died`; the other
items are still processed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from types import FrameType
    from typing import Any

T = TypeVar("T")
R = TypeVar("R")

_BLAS_THREADS = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
"""Environment of each worker: one BLAS thread, as there is a worker for each core."""
_QUEUED_PER_PROCESS = 2
"""Items submitted per worker, including the one being processed, so that a worker that
finishes need not wait for its next item."""
_AHEAD_PER_PROCESS = 8
"""How far ahead of the oldest unfinished item others are submitted, per worker. It
bounds the results held in memory while one slow item blocks those behind it. A choice;
with less, workers wait for the slow item sooner."""
_MEMORY_SHARE = 0.7
"""Share of the free memory that all workers together may take. A choice, which leaves
room for other programs."""
_PARENT_CHECK_S = 1.0
"""Seconds between two checks of a worker whether its parent process still exists."""
_CANCEL_CHECK_S = 0.2
"""Seconds between two calls of ``waiting`` while results are awaited. A choice: a
cancellation that takes effect within that time feels immediate."""
_END_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Names of the signals that ask a process to end; not every system has all of them."""
_CGROUP = Path("/sys/fs/cgroup")
_work: Any = None
"""The function that this process applies to each item, if it is a worker."""


@dataclass(frozen=True, slots=True)
class Died(Generic[T]):
    """In place of a result: processing this item killed the worker process."""

    item: T


@dataclass(frozen=True, slots=True)
class Cost:
    """Estimated cost of a job, from which `processes` chooses the number of workers.

    Attributes
    ----------
    seconds : float
        Time that all items take in one process.
    bytes_each : float
        Peak memory of one process.
    """

    seconds: float
    bytes_each: float


_START_S = 4.0
"""Least work per worker, in seconds, for which starting one is worthwhile. Starting
takes 1.4 s of processor time (Python, NumPy and SciPy are imported, and the function is
sent), and several times as long on a busy machine."""


def processes(jobs: int, n_items: int, cost: Cost | None = None) -> int:
    """Choose the number of worker processes.

    Parameters
    ----------
    jobs : int
        What the user asked for. Above 0: this number. Below 0: one for each core.
        0: as many as are worthwhile, judged by ``cost`` (a short job gets few, and all
        must fit in memory). Never more than there are items.
    n_items : int
        Number of items to process.
    cost : Cost, optional
        Estimated cost of all items; without it, 0 means the same as -1.

    Returns
    -------
    int
        At least 1.
    """
    if jobs > 0:
        return max(1, min(jobs, n_items))
    weighed = cost if jobs == 0 else None
    most = n_items
    if weighed is not None:
        most = min(most, int(weighed.seconds / _START_S))
    if most < 2:
        return 1
    # Imported late: a single process does not need it, and it takes time.
    from joblib.externals.loky import cpu_count

    most = min(most, int(cpu_count()))
    if weighed is not None and most > 1:
        fitting = _MEMORY_SHARE * free_memory_bytes() / weighed.bytes_each
        most = min(most, int(fitting))
    return max(1, most)


def free_memory_bytes() -> int:
    """Return the free memory of the machine, or of the container if that has less."""
    import psutil

    free = int(psutil.virtual_memory().available)
    try:
        limit = (_CGROUP / "memory.max").read_text("ascii").strip()
        used = int((_CGROUP / "memory.current").read_text("ascii"))
        return min(free, int(limit) - used)
    except (OSError, ValueError):
        # No container, one without a limit ("max"), or another system.
        return free


def in_order(
    work: Callable[[T], R],
    items: Sequence[T],
    number: int,
    waiting: Callable[[], object] | None = None,
) -> Generator[R | Died[T], None, None]:
    """Apply a function to each item, and yield the results in the order of the items.

    Parameters
    ----------
    work : callable
        The function; it is pickled, and sent once to each worker.
    items : sequence
        Its arguments; each is pickled, and sent to one worker.
    number : int
        Number of processes; with 1 all is done in this process.
    waiting : callable, optional
        Called every `_CANCEL_CHECK_S` seconds while results of workers are awaited. An
        exception that it raises ends the workers, so that a cancellation takes effect
        before the next result.

    Yields
    ------
    object or Died
        Each result as soon as it and all before it are there. Closing the generator
        ends the workers.
    """
    if number < 2:
        yield from map(work, items)
        return
    yield from in_turn(_as_completed(work, items, number, waiting))


def in_turn(done: Iterable[tuple[int, R]]) -> Iterator[R]:
    """Put results that arrive in any order in the order of their items.

    Parameters
    ----------
    done : iterable of (int, object)
        Index of each item, from 0, and its result.

    Yields
    ------
    object
        Each result as soon as it and all before it have arrived.
    """
    ready: dict[int, R] = {}
    turn = 0
    for index, result in done:
        ready[index] = result
        while turn in ready:
            yield ready.pop(turn)
            turn += 1


def _as_completed(
    work: Callable[[T], R],
    items: Sequence[T],
    number: int,
    waiting: Callable[[], object] | None,
) -> Iterator[tuple[int, R | Died[T]]]:
    """Yield the index of each item and its result, in the order of completion.

    When a worker dies, the pool is lost with all items that were running. Each of them
    is repeated in a process of its own, which tells the one that kills its process from
    the others; the remaining items go to a new pool.
    """
    todo = list(range(len(items)))[::-1]
    while todo:
        running: dict[Future[R], int] = {}
        pool = _pool(work, number)
        whole = False
        try:
            while todo or running:
                while todo and len(running) < _QUEUED_PER_PROCESS * number:
                    oldest = min(running.values(), default=todo[-1])
                    if todo[-1] >= oldest + _AHEAD_PER_PROCESS * number:
                        break
                    index = todo.pop()
                    with _signals_deferred():
                        running[pool.submit(_run_item, items[index])] = index
                for future in _wait_for_any(running, waiting):
                    # Fetched before the item leaves `running`: if its worker died,
                    # this raises, and the item must still be there to be repeated.
                    result = future.result()
                    yield running.pop(future), result
            whole = True
        except BrokenExecutor:
            pass
        finally:
            pool.shutdown(wait=whole, kill_workers=not whole)
        # Not empty only if a worker died: one of these items killed it.
        for index in sorted(running.values()):
            yield index, _in_own_process(work, items[index])


def _wait_for_any(
    running: dict[Future[R], int], waiting: Callable[[], object] | None
) -> set[Future[R]]:
    """Wait until at least one item is done; call ``waiting`` meanwhile."""
    every_s = None if waiting is None else _CANCEL_CHECK_S
    while True:
        done = wait(running, every_s, FIRST_COMPLETED).done
        if waiting is not None:
            waiting()
        if done:
            return done


def _in_own_process(work: Callable[[T], R], item: T) -> R | Died[T]:
    """Process one item in a new worker, which it may kill."""
    pool = _pool(work, 1)
    try:
        with _signals_deferred():
            future: Future[R] = pool.submit(_run_item, item)
        return future.result()
    except BrokenExecutor:
        return Died(item)
    finally:
        pool.shutdown(wait=False, kill_workers=True)


def _pool(work: Callable[[Any], Any], number: int) -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(
        number,
        initializer=_initialise_worker,
        initargs=(work, os.getpid()),
        env=_BLAS_THREADS,
    )


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Defer the handlers of `_END_SIGNALS` until the end of the block.

    A pool that is interrupted while it starts its workers loses track of those already
    started: nothing ends them, and this process would wait for them forever at exit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    late: list[tuple[int, FrameType | None]] = []
    numbers = [getattr(signal, name) for name in _END_SIGNALS if hasattr(signal, name)]
    handlers = {number: signal.getsignal(number) for number in numbers}
    ours = {number: each for number, each in handlers.items() if callable(each)}
    for number in ours:
        signal.signal(number, lambda *asked: late.append(asked))
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
    for number, frame in late[:1]:
        ours[number](number, frame)


def _initialise_worker(work: Callable[[Any], Any], first: int) -> None:
    """Prepare a worker; ``first`` is the id of the process that started the pool."""
    global _work
    _work = work
    threading.Thread(target=_exit_with_parent, args=(first,), daemon=True).start()
    # Ctrl-C reaches all processes of a terminal; the parent ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _exit_with_parent(first: int) -> None:
    """End this worker once its parent is gone, even if that was killed."""
    while _parent_is_alive(first):
        time.sleep(_PARENT_CHECK_S)
    os._exit(1)


def _parent_is_alive(first: int) -> bool:
    if os.name == "nt":
        import psutil

        return bool(psutil.pid_exists(first))
    # An orphaned process is given another parent.
    return os.getppid() == first


def _run_item(item: Any) -> Any:
    return _work(item)
