"""How far long work has come, told to whoever wants to know."""

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
    """Turn the progress of a part into that of the whole.

    Parameters
    ----------
    progress : callable or None
        Of the whole; None: nobody wants to know.
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
    """Turn the progress of one of several equal parts into that of the whole."""
    return span(progress, number / total, (number + 1) / total)


_TELL_AFTER_S = 3.0
"""Seconds of work before its end is foretold. A choice: the first steps, which read
and import, say little of those to come."""


class TimeLeft:
    """Foretells how long work goes on, from the share done since this was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def in_words(self, share: float) -> str:
        """Say ``"30 s left"``, or nothing while that can't be known."""
        spent = time.monotonic() - self._began
        if share <= 0 or spent < _TELL_AFTER_S:
            return ""
        return f"{_duration(spent / share * (1 - share))} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
