"""Start and talk to the helper process of `rosetta_helper`.

A damaged file can make the library loop, crash or fill the memory; here it only costs
that process, which is started again for the next file.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 120.0
"""Time to load the library, on a slow disk with a virus scanner."""
HEADER_SECONDS = 20.0
"""Time to read a header."""
PIXEL_BYTES_PER_SECOND = 5e6
"""Slowest disk or network on which a picture is waited for."""


class ReadingFailed(Exception):
    """The process ended, or was ended, before it answered.

    Attributes
    ----------
    seconds : float or None
        The time that was given, if that was the reason.
    """

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__("no answer")
        self.seconds = seconds


class StartFailed(Exception):
    """The process could not load the library."""


@dataclass(slots=True)
class RosettaProcess:
    """One process, started when it is first needed, asked by one thread at a time."""

    _running: subprocess.Popen[bytes] | None = None
    _owner: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Have one file read.

        Parameters
        ----------
        request : dict
            ``path``, ``name``, ``kind`` and ``frame``; see `rosetta_helper`.

        Returns
        -------
        found : dict
            What was found, or ``problem``, ``damaged`` or ``memory``.
        pixels : bytes
            Empty where none were asked for.

        Raises
        ------
        ReadingFailed
            No answer in time, or the process died.
        StartFailed
            The library can't be loaded.
        """
        with self._lock:
            process = self._started()
            try:
                found, pixels = _exchange(process, request)
            except (OSError, ReadingFailed):
                self._end()
                raise
            if "memory" in found:
                self._end()  # what is left of it may be in pieces
            return found, pixels

    def close(self) -> None:
        """End the process; the next file starts it again."""
        with self._lock:
            self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        # A process that was forked off has the same pipes, but must not use them.
        own = self._owner == os.getpid()
        if own and self._running is not None and self._running.poll() is None:
            return self._running
        if own:
            self._end()
        self._owner = os.getpid()
        self._running = process = subprocess.Popen(
            [sys.executable, "-P", "-m", "napari_cdse.io.images.rosetta_helper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            with _killed_after(START_SECONDS, process):
                _line(process)
        except ReadingFailed as problem:
            self._end()
            raise StartFailed from problem
        return process

    def _end(self) -> None:
        process, self._running = self._running, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()


ROSETTA = RosettaProcess()
atexit.register(ROSETTA.close)


def _environment() -> dict[str, str]:
    """Let the process find this package wherever it was found, and use one core."""
    root = str(Path(__file__).parents[3])
    known = os.environ.get("PYTHONPATH")
    path = root if known is None else os.pathsep.join((known, root))
    one_core = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return os.environ | one_core | {"PYTHONPATH": path}


def _exchange(
    process: subprocess.Popen[bytes], request: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    assert process.stdin is not None
    with _killed_after(HEADER_SECONDS, process):
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        found = _line(process)
    if "n_frames" not in found or request["frame"] is None:
        return found, b""
    n_frames = 1 if isinstance(request["frame"], int) else found["n_frames"]
    seconds = n_frames * found["frame_bytes"] / PIXEL_BYTES_PER_SECOND
    with _killed_after(HEADER_SECONDS + seconds, process):
        picture = _line(process)
        if "dtype" not in picture:
            return picture, b""
        return found | picture, _pixels(process, picture)


def _line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise ReadingFailed
    found: dict[str, Any] = json.loads(line)
    return found


def _pixels(process: subprocess.Popen[bytes], picture: dict[str, Any]) -> bytes:
    import numpy as np

    assert process.stdout is not None
    n_bytes = int(np.prod(picture["shape"])) * np.dtype(picture["dtype"]).itemsize
    data = process.stdout.read(n_bytes)
    if len(data) < n_bytes:
        raise ReadingFailed
    return data


@contextlib.contextmanager
def _killed_after(seconds: float, process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End the process if what is done here takes longer; its pipes end with it."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, ReadingFailed) as problem:
        raise ReadingFailed(seconds if late.is_set() else None) from problem
    finally:
        timer.cancel()
