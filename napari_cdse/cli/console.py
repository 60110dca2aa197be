"""Print results to standard output, and all else to standard error."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

SOME_FAILED = 1
WRONG_USAGE = 2


def open_streams() -> None:
    """Let standard streams that are closed lead nowhere.

    Services, and Windows without a console, start programs so. The next file that is
    opened would take the number of such a stream, and get what libraries print.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))


def say(text: str) -> None:
    """Print a result."""
    _print(text, sys.stdout)


def tell(text: str) -> None:
    """Print progress or a notice on standard error."""
    _print(text, sys.stderr)


def fail(sentence: str, status: int = SOME_FAILED) -> int:
    """Print why nothing can be done, and return the exit status."""
    tell(f"napari-cdse: {sentence}")
    return status


def plain(text: str) -> str:
    """Write what a terminal would obey as escapes; lines stay lines.

    File names, notes and model cards come from others: an escape sequence in one could
    move the cursor, change the title or write over what was said before.
    """
    return "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1]
        for char in text
    )


def _print(text: str, stream: TextIO) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    fit = plain(text).encode(encoding, "backslashreplace").decode(encoding)
    # A closed terminal or a pipe that nobody reads must not stop the work.
    with contextlib.suppress(OSError, ValueError):
        print(fit, file=stream, flush=True)
