"""Print results to standard output, and everything else to standard error.

This is the only module of the program that prints. All text is printed without control
characters (`plain`), since file names, notes and model cards come from strangers.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

SOME_FAILED = 1
WRONG_USAGE = 2
"""Exit statuses."""


def open_streams() -> None:
    """Connect closed standard streams to the null device.

    Services, and Windows without a console, start programs without them. Otherwise the
    next file that is opened would get the number of a standard stream, and the text
    that libraries print.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number
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
    """Print why the command failed, and return the exit status."""
    tell(f"napari-cdse: {sentence}")
    return status


def plain(text: str) -> str:
    """Replace control characters, except line feeds, by escapes.

    An escape sequence in a file name could move the cursor, change the terminal's
    title, or overwrite what was printed before.
    """
    return "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1]
        for char in text
    )


def _print(text: str, stream: TextIO) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    fit = plain(text).encode(encoding, "backslashreplace").decode(encoding)
    # A closed terminal, or a pipe that nobody reads, must not end the command.
    with contextlib.suppress(OSError, ValueError):
        print(fit, file=stream, flush=True)
