"""Convert unexpected errors to a sentence for the user and a report in a file.

`attempt` is the one place where any exception is caught, so that a failure with one
file does not stop the work on others.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import platformdirs

from napari_cdse import __version__
from napari_cdse.core.errors import Cancelled, CdseError
from napari_cdse.io.files import make_folder, name_of, shown, write_file

if TYPE_CHECKING:
    from collections.abc import Callable

    T = TypeVar("T")

KEPT = 50
"""Number of reports that are kept; the oldest are removed. Chosen: one takes a few
kB."""


class Failure(str):
    """A sentence that says why something could not be done."""

    __slots__ = ()


class Unforeseen(Failure):
    """A sentence about an error in the program, which names its report."""

    __slots__ = ()


def attempt(path: Path, work: Callable[[], T]) -> T | Failure:
    """Do the work on one file, and convert an error to a sentence.

    Parameters
    ----------
    path : Path
        The file; its name will be in the sentence.
    work : callable
        Called without arguments.

    Returns
    -------
    object or Failure
        What ``work`` returned, or why it failed.

    Raises
    ------
    Cancelled
        If ``work`` raises it.
    """
    try:
        return work()
    except Cancelled:
        raise
    except CdseError as error:
        return Failure(naming(path, error))
    except Exception as error:  # noqa: BLE001  the one place for unexpected errors
        return Unforeseen(unexpected(error, name_of(path)))


def naming(path: Path, error: CdseError) -> str:
    """Return an error's sentence, with the file's name if it lacks it."""
    sentence = str(error)
    name = name_of(path)
    return sentence if name in sentence else f"{name}: {sentence}"


def unexpected(error: Exception, what: str) -> str:
    """Describe an unexpected error in a sentence, and write a report.

    Parameters
    ----------
    error : Exception
        As it was caught; its traceback is written to the report.
    what : str
        What was being done, or the micrograph's name: the subject of the sentence.

    Returns
    -------
    str
        One sentence with the error and the report's path, or that no report could be
        written.
    """
    kind = type(error).__name__
    if isinstance(error, MemoryError):
        return f"{shown(what)}: there was not enough memory; close other programs."
    message = shown(error) if str(error) else kind
    start = f"{shown(what)}: an error in the program ({kind}: {message})"
    path = _write(error, what)
    if path is None:
        return f"{start}; no report of it could be written."
    return f"{start}; please send us the report {path}."


def report_folder() -> Path:
    """Return the folder of reports: ``NAPARI_CDSE_LOGS``, or the user's for logs."""
    folder = os.environ.get("NAPARI_CDSE_LOGS")
    return Path(folder or platformdirs.user_log_path("napari-cdse", appauthor=False))


def _write(error: Exception, what: str) -> Path | None:
    lines = [
        f"napari-cdse {__version__}, Python {platform.python_version()}, "
        f"{platform.platform()}",
        f"at {time.strftime('%Y-%m-%d %H:%M:%S')}, process {os.getpid()}",
        f"doing: {what}",
        f"command: {' '.join(sys.argv)}",
        "",
        *traceback.format_exception(error),
    ]
    try:
        folder = make_folder(report_folder(), CdseError)
        stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        number = sum(name.startswith(f"problem-{stamp}") for name in os.listdir(folder))
        path = folder / f"problem-{stamp}-{number}.txt"
        text = "\n".join(lines).encode("utf-8", "backslashreplace")
        write_file(path, text, CdseError)
        _remove_old(folder)
    except (CdseError, OSError):
        return None
    return path


def _remove_old(folder: Path) -> None:
    reports = sorted(folder.glob("problem-*.txt"), key=lambda path: path.name)
    for path in reports[:-KEPT]:
        with contextlib.suppress(OSError):
            path.unlink()
