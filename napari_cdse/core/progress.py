"""How far long work has come, told to whoever wants to know."""

from __future__ import annotations

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
