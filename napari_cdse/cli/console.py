"""What a command says, and where: results on standard output, the rest on error."""

from __future__ import annotations

import sys

SOME_FAILED = 1
WRONG_USAGE = 2


def say(text: str) -> None:
    """Print a result."""
    print(text)


def tell(text: str) -> None:
    """Print progress or a notice on standard error."""
    print(text, file=sys.stderr, flush=True)


def fail(sentence: str, status: int = SOME_FAILED) -> int:
    """Print why nothing can be done, and return the exit status."""
    tell(f"napari-cdse: {sentence}")
    return status
