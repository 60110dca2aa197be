"""BLAS keeps to one thread while anyone analyses, and gets its threads back after."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from napari_cdse.core.blas_threads import single_blas_thread
from napari_cdse.core.detection import methods
from napari_cdse.core.params import DetectionParams
from tests.drawn_particles import micrograph_of


def threads():
    found = (one for one in threadpool_info() if one["user_api"] == "blas")
    return {one["num_threads"] for one in found}


@pytest.fixture(autouse=True)
def _several():
    _ = np.ones((2, 2)) @ np.ones((2, 2))
    with threadpool_limits(3, "blas"):
        several = threads() == {3}
    if not several:
        pytest.skip("this BLAS knows one thread only")


def test_one_thread_inside_and_all_of_them_afterwards():
    before = threads()
    with single_blas_thread():
        assert threads() == {1}
    assert threads() == before


def test_they_come_back_after_an_error():
    before = threads()
    with pytest.raises(KeyError), single_blas_thread():
        raise KeyError
    assert threads() == before


def test_workers_that_overlap_leave_all_threads_behind():
    before = threads()
    both_in = threading.Barrier(2)

    def work():
        with single_blas_thread():
            both_in.wait()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert threads() == before


def test_a_detection_runs_on_one_thread(monkeypatch):
    seen = []
    prepare = methods.prepare

    def prepared(pixels):
        seen.append(threads())
        return prepare(pixels)

    monkeypatch.setattr(methods, "prepare", prepared)
    with threadpool_limits(3, "blas"):
        methods.detect(micrograph_of(["no"], 0)[0], DetectionParams())
    assert seen == [{1}]
