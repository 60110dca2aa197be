"""Cheap fingerprints of a file: size with modification time, and hash of a sample.

The project stores both with each micrograph, in columns of the same names. `stamp`
tells whether a file may have changed since it was read, `glance` which of many files
may be one that was moved. Neither replaces the hash of all bytes
(`napari_cdse.io.images.micrograph_file.micrograph_id`); they save computing it for
files that cannot match.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SAMPLE_BYTES = 2**16
"""Bytes that `glance` hashes. Chosen: one read of a disk, and enough noise to tell two
micrographs apart."""


def stamp(path: Path) -> str | None:
    """Return a file's size and modification time, which change when it is written.

    Parameters
    ----------
    path : Path
        Name of the file.

    Returns
    -------
    str or None
        ``"SIZE-TIME"``, in bytes and ns since the epoch; None if the file cannot be
        found.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    return f"{status.st_size}-{status.st_mtime_ns}"


def glance(path: Path) -> str | None:
    """Return a file's size and a hash of 64 KiB from its middle.

    The middle is taken because micrographs of one camera share size and header.

    Parameters
    ----------
    path : Path
        Name of the file.

    Returns
    -------
    str or None
        ``"SIZE-HASH"``, the size in bytes and 32 hexadecimal digits of SHA-256; None
        if it is no regular file, or cannot be read.
    """
    if not os.path.isfile(path):
        return None  # opening a named pipe would block
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            file.seek(max(0, (size - _SAMPLE_BYTES) // 2))
            sample = file.read(_SAMPLE_BYTES)
    except OSError:
        return None
    return f"{size}-{hashlib.sha256(sample).hexdigest()[:32]}"


def size_in(fingerprint: str) -> str:
    """Return the size in bytes, as text, that `stamp` or `glance` noted."""
    return fingerprint.partition("-")[0]
