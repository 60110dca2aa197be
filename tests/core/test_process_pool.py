"""Work shared among processes: the same results, few processes for little work."""

import os
import signal
import sys
from concurrent.futures import Future
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from napari_cdse.core import process_pool
from napari_cdse.core.process_pool import Cost, Died, in_order, processes

MB = 1e6


@pytest.fixture(autouse=True)
def _a_machine(monkeypatch):
    """Eight cores and 1 GB that may be taken."""
    import joblib.externals.loky

    monkeypatch.setattr(joblib.externals.loky, "cpu_count", lambda: 8)
    free = 1000 * MB / process_pool._MEMORY_SHARE
    monkeypatch.setattr(process_pool, "free_memory_bytes", lambda: free)


@pytest.mark.parametrize(
    ("jobs", "n_items", "cost", "expected"),
    [
        # As many as there are cores, where work and memory are plenty.
        (0, 100, Cost(60, 10 * MB), 8),
        # Few for little work, and no more than things to do.
        (0, 100, Cost(9, 10 * MB), 2),
        (0, 100, Cost(7, 10 * MB), 1),
        (0, 3, Cost(60, 10 * MB), 3),
        (0, 1, Cost(60, 10 * MB), 1),
        (0, 0, Cost(0, 10 * MB), 1),
        # What fits in memory; one always has to.
        (0, 100, Cost(60, 300 * MB), 3),
        (0, 100, Cost(60, 5000 * MB), 1),
        # Whoever asks for so many gets them.
        (-1, 100, Cost(1, 5000 * MB), 8),
        (20, 100, Cost(1, 5000 * MB), 20),
        (20, 4, Cost(1, 5000 * MB), 4),
        (0, 100, None, 8),
    ],
)
def test_as_many_processes_as_pay_and_fit(jobs, n_items, cost, expected):
    assert processes(jobs, n_items, cost) == expected


def test_memory_that_is_free_is_told():
    assert 10 * MB < process_pool.free_memory_bytes() < 1e15


def test_results_are_the_same_in_the_same_order_on_any_number(tmp_path):
    numbers = list(range(12))
    for number in (1, 2, 3):
        assert list(in_order(partial(pow, 3), numbers, number)) == [
            3**each for each in numbers
        ]


def test_an_error_ends_it_as_in_one_process():
    for number in (1, 2):
        with pytest.raises(ZeroDivisionError):
            list(in_order(partial(divmod, 3), [1, 0, 2], number))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_what_kills_its_process_costs_itself_only():
    # The signal 0 asks, and harms nobody.
    signals = [0] * 5 + [signal.SIGKILL] + [0] * 6
    found = list(in_order(kill_itself, signals, 2))
    assert found[5] == Died(signal.SIGKILL)
    assert found[:5] + found[6:] == ["alive"] * 11


def test_each_process_keeps_to_one_thread_of_blas(monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "3")
    assert list(in_order(blas_threads, [2, 3], 2)) == [{1}, {1}]


def blas_threads(edge):
    _ = np.ones((edge, edge)) @ np.ones((edge, edge))
    return {one["num_threads"] for one in threadpool_info()}


def kill_itself(number):
    os.kill(os.getpid(), number)
    return "alive"


class Asked(KeyboardInterrupt):
    """A signal asked to end."""


class InterruptedPool:
    """A pool at whose first submission, or its end, a signal comes."""

    def __init__(self):
        self.told = []

    def submit(self, do, item):
        self.told.append("begun")
        signal.raise_signal(signal.SIGTERM)
        self.told.append("processes started")
        future = Future()
        future.set_result(do(item))
        return future

    def shutdown(self, *, wait, kill_workers):
        self.told.append(f"ended, wait={wait}, kill_workers={kill_workers}")


def test_a_signal_waits_until_the_processes_are_known_that_it_ends(monkeypatch):
    def ask(number, frame):
        raise Asked(number)

    pool = InterruptedPool()
    monkeypatch.setattr(process_pool, "_pool", lambda work, number: pool)
    monkeypatch.setattr(process_pool, "_work", len)
    before = signal.signal(signal.SIGTERM, ask)
    try:
        with pytest.raises(Asked) as asked:
            list(in_order(len, ["a", "b", "c"], 2))
        assert signal.getsignal(signal.SIGTERM) is ask
    finally:
        signal.signal(signal.SIGTERM, before)
    assert asked.value.args == (signal.SIGTERM,)
    assert pool.told == [
        "begun",
        "processes started",
        "ended, wait=False, kill_workers=True",
    ]
