"""Progress callbacks of long work, and the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import overload

Progress = Callable[[float], None]
"""Called with the share done, 0 to 1; may raise `Cancelled` to stop the work."""


@overload
def span(progress: Progress, start: float, end: float) -> Progress: ...


@overload
def span(progress: None, start: float, end: float) -> None: ...


def span(progress: Progress | None, start: float, end: float) -> Progress | None:
    """Return the callback for a part of the work, given that for the whole.

    Parameters
    ----------
    progress : callable or None
        Of the whole; None if no progress is reported.
    start, end : float
        Shares of the whole at which the part begins and ends.
    """
    if progress is None:
        return None
    return lambda share: progress(start + share * (end - start))


@overload
def part_of(progress: Progress, number: int, total: int) -> Progress: ...


@overload
def part_of(progress: None, number: int, total: int) -> None: ...


def part_of(progress: Progress | None, number: int, total: int) -> Progress | None:
    """Return the callback for part ``number`` (from 0) of ``total`` equal ones."""
    return span(progress, number / total, (number + 1) / total)


_TELL_AFTER_S = 3.0
"""Seconds of work before an estimate is shown. A choice: the first steps read files and
import libraries, and are not typical of the later ones."""


class TimeLeft:
    """Estimates the time that is left from that spent since this was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def in_words(self, share: float) -> str:
        """Return text like ``"30 s left"``; empty while no estimate is possible.

        Parameters
        ----------
        share : float
            Share of the work done, 0 to 1.
        """
        spent = time.monotonic() - self._began
        if share <= 0 or spent < _TELL_AFTER_S:
            return ""
        return f"{_duration(spent / share * (1 - share))} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
