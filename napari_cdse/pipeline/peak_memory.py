"""Measure the peak memory of a piece of work."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_S = 0.005
"""How often memory is looked at. A choice: an array that matters lives longer, and
looking takes 20 us."""


@dataclass(slots=True)
class PeakMemory:
    """Most that this process held above what it held at the start.

    Attributes
    ----------
    before_bytes : int
    peak_bytes : int
    """

    before_bytes: int
    peak_bytes: int = 0

    def look(self) -> None:
        """Compare with what is held now."""
        self.peak_bytes = max(self.peak_bytes, held_bytes() - self.before_bytes)


@contextmanager
def peak_memory() -> Iterator[PeakMemory]:
    """Watch the memory of this process while a ``with`` block runs.

    No system tells the most that a process held within some time, so that it is looked
    at again and again. Memory that an earlier piece of work freed and the system did
    not take back hides some of what a later one takes.
    """
    found = PeakMemory(held_bytes())
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_LOOK_S):
            found.look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
        found.look()
    finally:
        done.set()
        watcher.join()


def held_bytes() -> int:
    """Return the resident memory of this process."""
    import psutil

    return int(psutil.Process().memory_info().rss)
