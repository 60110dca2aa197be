"""Format the numbers of a report; what is unknown becomes an empty text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def fraction_text(value: float | None) -> str:
    """Return a number between 0 and 1 with two decimals."""
    return "" if value is None else f"{value:.2f}"


def size_text(value: float | None) -> str:
    """Return a length with three significant digits."""
    return "" if value is None else f"{value:.3g}"


def size_with_interval(value: float | None, interval: Sequence[float] | None) -> str:
    """Return a length with its interval, or with a remark that there is none."""
    if value is None:
        return ""
    return f"{size_text(value)} {interval_text(interval, size_text) or '(no interval)'}"


def interval_text(
    interval: Sequence[float] | None,
    number_text: Callable[[float | None], str] = fraction_text,
) -> str:
    """Return an interval in parentheses, its ends formatted by ``number_text``."""
    if interval is None:
        return ""
    low, high = interval
    return f"({number_text(low)} to {number_text(high)})"
