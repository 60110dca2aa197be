"""Work on many things side by side, in processes of their own.

Results come in the order of what was given, and are the same whatever the number of
processes. What kills its process costs itself only.
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
"""In each process: there are as many of them as cores."""
_WAITING = 2
"""Things handed out per process, the one at work with them, so that none is idle."""
_AHEAD = 8
"""How far ahead of the first one that is not done things are handed out, per process: a
slow one does not let the results of hundreds behind it pile up. A choice; with fewer
processes wait for it sooner."""
_MEMORY_SHARE = 0.7
"""Share of the free memory that processes may take; a choice, others come and go."""
_LOOK_S = 1.0
"""How often a process looks whether it works for nobody any more."""
_CANCEL_S = 0.2
"""How often it is asked, while results are waited for, whether to go on: people take
what comes within that for at once."""
_ASKING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Signals by which a person or a system asks a process to end."""
_CGROUP = Path("/sys/fs/cgroup")
_work: Any = None
"""What this process does with each thing, where it is one of the pool's."""


@dataclass(frozen=True, slots=True)
class Died(Generic[T]):
    """Stands for the result of something that took its process with it."""

    item: T


@dataclass(frozen=True, slots=True)
class Cost:
    """What the processes of some work cost, to weigh it against what they gain.

    Attributes
    ----------
    seconds : float
        All the work takes in one process, roughly.
    bytes_each : float
        Most memory of one process.
    """

    seconds: float
    bytes_each: float


_START_S = 4.0
"""Work in s that a process must have to pay for its start. That takes 1.4 s of a
processor: Python, NumPy and SciPy are imported, and the work itself is sent; where
others keep the processors busy, it lasts several times as long."""


def processes(jobs: int, n_items: int, cost: Cost | None = None) -> int:
    """Return how many processes to share work among.

    Parameters
    ----------
    jobs : int
        So many, but no more than there are things to do; -1 or less for one on each
        core; 0 for as many as pay: few for little work, and no more than fit in
        memory.
    n_items : int
        Things to do.
    cost : Cost, optional
        Of the work; without it, 0 means -1.
    """
    if jobs > 0:
        return max(1, min(jobs, n_items))
    weighed = cost if jobs == 0 else None
    most = n_items
    if weighed is not None:
        most = min(most, int(weighed.seconds / _START_S))
    if most < 2:
        return 1
    # One process by itself does not wait for what counts the cores.
    from joblib.externals.loky import cpu_count

    most = min(most, int(cpu_count()))
    if weighed is not None and most > 1:
        fitting = _MEMORY_SHARE * free_memory_bytes() / weighed.bytes_each
        most = min(most, int(fitting))
    return max(1, most)


def free_memory_bytes() -> int:
    """Return what may be taken of the machine's memory, or of a container's."""
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
    """Do some work on each of many things.

    Parameters
    ----------
    work : callable
        To be pickled; sent once to each process.
    items : sequence
        To be pickled, each sent to one process.
    number : int
        Of processes; one works in this process.
    waiting : callable, optional
        Called again and again while results of several processes are waited for; what
        it raises ends them, so that whoever cancels need not wait.

    Yields
    ------
    object or Died
        For each thing in order, as soon as it and those before it are done; stop
        asking to end the processes.
    """
    if number < 2:
        yield from map(work, items)
        return
    yield from in_turn(_as_done(work, items, number, waiting))


def in_turn(done: Iterable[tuple[int, R]]) -> Iterator[R]:
    """Put results that come as they are done in the order of what they are of.

    Parameters
    ----------
    done : iterable of tuple
        Place of each thing, from 0 on, and its result.

    Yields
    ------
    object
        A result as soon as it and those before it are there.
    """
    ready: dict[int, R] = {}
    turn = 0
    for index, result in done:
        ready[index] = result
        while turn in ready:
            yield ready.pop(turn)
            turn += 1


def _as_done(
    work: Callable[[T], R],
    items: Sequence[T],
    number: int,
    waiting: Callable[[], object] | None,
) -> Iterator[tuple[int, R | Died[T]]]:
    """Yield results as they come, with the places of what they are of."""
    todo = list(range(len(items)))[::-1]
    while todo:
        under_way: dict[Future[R], int] = {}
        pool = _pool(work, number)
        whole = False
        try:
            while todo or under_way:
                while (
                    todo
                    and len(under_way) < _WAITING * number
                    and todo[-1]
                    < min(under_way.values(), default=todo[-1]) + _AHEAD * number
                ):
                    index = todo.pop()
                    with _undisturbed():
                        under_way[pool.submit(_do, items[index])] = index
                for future in _first_done(under_way, waiting):
                    # A result before it is forgotten: what dies stays under way.
                    result = future.result()
                    yield under_way.pop(future), result
            whole = True
        except BrokenExecutor:
            pass
        finally:
            pool.shutdown(wait=whole, kill_workers=not whole)
        # One of these took its process with it, and the pool.
        for index in sorted(under_way.values()):
            yield index, _alone(work, items[index])


def _first_done(
    under_way: dict[Future[R], int], waiting: Callable[[], object] | None
) -> set[Future[R]]:
    """Wait until something is done, and ask meanwhile whether to go on."""
    every_s = None if waiting is None else _CANCEL_S
    while True:
        done = wait(under_way, every_s, FIRST_COMPLETED).done
        if waiting is not None:
            waiting()
        if done:
            return done


def _alone(work: Callable[[T], R], item: T) -> R | Died[T]:
    """Do it in a process of its own, which it may take with it."""
    pool = _pool(work, 1)
    try:
        with _undisturbed():
            future: Future[R] = pool.submit(_do, item)
        return future.result()
    except BrokenExecutor:
        return Died(item)
    finally:
        pool.shutdown(wait=False, kill_workers=True)


def _pool(work: Callable[[Any], Any], number: int) -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(
        number, initializer=_start, initargs=(work, os.getpid()), env=_BLAS_THREADS
    )


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let what a signal asks for wait until the block ends.

    A pool that is interrupted while it starts its processes forgets those that are
    there already: nobody ends them, and this one waits for them at its end for ever.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    late: list[tuple[int, FrameType | None]] = []
    numbers = [getattr(signal, name) for name in _ASKING if hasattr(signal, name)]
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


def _start(work: Callable[[Any], Any], first: int) -> None:
    """Get ready, in a process of the pool; ``first`` is the one that started it."""
    global _work
    _work = work
    threading.Thread(target=_end_with, args=(first,), daemon=True).start()
    # Ctrl-C goes to all processes of a terminal; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end_with(first: int) -> None:
    """End this process once the one is gone that it works for, killed perhaps."""
    while _is_there(first):
        time.sleep(_LOOK_S)
    os._exit(1)


def _is_there(first: int) -> bool:
    if os.name == "nt":
        import psutil

        return bool(psutil.pid_exists(first))
    # Whoever loses the parent gets another one.
    return os.getppid() == first


def _do(item: Any) -> Any:
    return _work(item)
