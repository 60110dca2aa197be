"""What a piece of work takes at most, seen from within."""

import threading

import numpy as np

from napari_cdse.pipeline.peak_memory import held_bytes, peak_memory

SIZE = 64 * 2**20


def test_a_large_array_is_seen_while_it_is_there():
    with peak_memory() as memory:
        held = np.ones(SIZE, np.uint8)
    assert memory.peak_bytes > 0.9 * SIZE
    assert held_bytes() > SIZE
    del held


def test_what_was_held_before_is_not_counted():
    held = np.ones(SIZE, np.uint8)
    with peak_memory() as memory:
        pass
    assert memory.before_bytes > SIZE
    assert memory.peak_bytes < 0.5 * SIZE
    del held


def test_what_is_gone_by_the_end_was_seen_meanwhile():
    with peak_memory() as memory:
        held = np.ones(2 * SIZE, np.uint8)
        looked = threading.Event()
        for _ in range(2000):
            if memory.peak_bytes > SIZE:
                break
            looked.wait(0.005)
        del held
    assert memory.peak_bytes > SIZE
