"""Start and query the helper process that `rosetta_helper` runs.

A damaged file can make the library loop, crash or fill the memory. In a process of its
own that does no harm: it is killed, and started again for the next file.
`napari_cdse.io.images.microscope_file` asks `ROSETTA`, the one such process.
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
"""Time in s to load the library. Chosen for a slow disk with a virus scanner."""
HEADER_SECONDS = 20.0
"""Time in s to read a header. Chosen."""
PIXEL_BYTES_PER_SECOND = 5e6
"""Slowest rate of a disk or network at which an image is waited for. Chosen."""


class ReadingFailed(Exception):
    """The process ended, or was killed, before it answered.

    Attributes
    ----------
    seconds : float or None
        The time limit, if that was the reason.
    """

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__("no answer")
        self.seconds = seconds


class StartFailed(Exception):
    """The process could not load the library."""


@dataclass(slots=True)
class RosettaProcess:
    """A helper process, started at its first use; threads use it in turn."""

    _running: subprocess.Popen[bytes] | None = None
    _owner: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Read one file.

        Parameters
        ----------
        request : dict
            ``path``, ``name``, ``kind`` and ``frame``; see `rosetta_helper`.

        Returns
        -------
        answer : dict
            Header and form of the pixels, or an entry ``problem``, ``damaged`` or
            ``memory``.
        pixels : bytes
            Empty if none were requested.

        Raises
        ------
        ReadingFailed
            If it does not answer in time, or dies.
        StartFailed
            If the library cannot be loaded.
        """
        with self._lock:
            process = self._started()
            try:
                answer, pixels = _exchange(process, request)
            except (OSError, ReadingFailed):
                self._end()
                raise
            if "memory" in answer:
                self._end()  # after a MemoryError its state cannot be relied on
            return answer, pixels

    def close(self) -> None:
        """End the process; the next file starts it again."""
        with self._lock:
            self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        # A forked process inherits the pipes, but must not use them.
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
    """Return an environment in which this package is found and one core is used."""
    root = str(Path(__file__).parents[3])
    inherited = os.environ.get("PYTHONPATH")
    path = root if inherited is None else os.pathsep.join((inherited, root))
    one_core = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return os.environ | one_core | {"PYTHONPATH": path}


def _exchange(
    process: subprocess.Popen[bytes], request: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """Send a request, and receive header and pixels, each within its time."""
    assert process.stdin is not None
    with _killed_after(HEADER_SECONDS, process):
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        header = _line(process)
    if "n_frames" not in header or request["frame"] is None:
        return header, b""
    n_frames = 1 if isinstance(request["frame"], int) else header["n_frames"]
    seconds = n_frames * header["frame_bytes"] / PIXEL_BYTES_PER_SECOND
    with _killed_after(HEADER_SECONDS + seconds, process):
        picture = _line(process)
        if "dtype" not in picture:
            return picture, b""
        return header | picture, _pixels(process, picture)


def _line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        raise ReadingFailed
    message: dict[str, Any] = json.loads(line)
    return message


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
    """Kill the process if the block takes longer; reads from its pipes then end."""
    timed_out = threading.Event()

    def end() -> None:
        timed_out.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, ReadingFailed) as problem:
        raise ReadingFailed(seconds if timed_out.is_set() else None) from problem
    finally:
        timer.cancel()
