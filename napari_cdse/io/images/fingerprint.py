"""Cheap checks whether a file has changed, and whether it may be a known one.

Neither replaces the hash of all bytes; they say for which files that is worth it.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK_BYTES = 2**16


def stamp(path: Path) -> str | None:
    """Return size and time of change; the same as long as nobody wrote the file.

    None where there is no such file.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return f"{found.st_size}-{found.st_mtime_ns}"


def glance(path: Path) -> str | None:
    """Return the size and a hash of 64 KiB in the middle; None of what is no file.

    Micrographs of one camera agree in size and header; their middles differ.
    """
    if not os.path.isfile(path):
        return None  # a named pipe would keep one waiting
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            file.seek(max(0, (size - _BLOCK_BYTES) // 2))
            block = file.read(_BLOCK_BYTES)
    except OSError:
        return None
    return f"{size}-{hashlib.sha256(block).hexdigest()[:32]}"


def size_in(mark: str) -> str:
    """Return the size in bytes that `stamp` or `glance` saw."""
    return mark.partition("-")[0]
