"""The text that a user sends with a problem: versions and the last error report.

A report names files and folders, and those tell of samples and people. What is left
without them is what is known to hold none: the order of calls and the kinds of errors.
"""

from __future__ import annotations

import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING

from napari_cdse import __version__
from napari_cdse.io.problem_report import report_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES = (
    "napari",
    "numpy",
    "scipy",
    "scikit-learn",
    "scikit-image",
    "vispy",
    "rosettasciio",
    "PyQt5",
    "PyQt6",
)
"""Those whose version decides what an error means; the last three may be absent."""
_FRAME = re.compile(r'  File "(?P<path>.*)", line (?P<line>\d+), in (?P<name>\S+)$')
_ERROR = re.compile(r"(?P<kind>[A-Za-z_][\w.]*)(?::.*)?$")
_FIXED = (
    "Traceback (most recent call last):",
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_PACKAGE_ROOTS = ("site-packages", "napari_cdse")
"""From these on a path names a module, and nothing of the user's."""
_HEAD_LINES = 2
"""First lines of a report: versions, and the time."""
_LEFT_OUT = "(left out)"


def problem_message(*, with_names: bool = False) -> str:
    """Write down the versions and the last report.

    Parameters
    ----------
    with_names : bool
        Whether names of files and folders, and the errors' own words, stay in it.

    Returns
    -------
    str
        Lines to be sent; they say so where there is no report.
    """
    report = last_report()
    if report is None:
        told = "No error in the program was written down on this computer."
    else:
        told = report if with_names else without_names(report)
    return "\n".join([*versions(), "", told.rstrip(), ""])


def versions() -> list[str]:
    """Name the program, Python, the system and the libraries, a line each."""
    return [
        f"napari-cdse {__version__}",
        f"Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {found}" for name, found in _found(LIBRARIES)),
    ]


def last_report() -> str | None:
    """Return the newest report of an error in the program; None without one."""
    for path in sorted(report_folder().glob("problem-*.txt"), reverse=True):
        try:
            return path.read_text("utf-8", errors="replace")
        except OSError:
            continue
    return None


def without_names(report: str) -> str:
    """Return a report with nothing in it that could name a file, folder or person.

    Kept are its first two lines, the calls with their lines of code, and the kinds of
    errors. All else goes, since an error's own words may hold anything.
    """
    lines = report.splitlines()
    return "\n".join([*lines[:_HEAD_LINES], "", *_calls(lines[_HEAD_LINES:])])


def _found(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def _calls(lines: list[str]) -> Iterator[str]:
    """Give the calls and kinds of errors among the lines of a report."""
    within = False
    for line in lines:
        frame = _FRAME.fullmatch(line)
        if line in _FIXED:
            within = line == _FIXED[0]
            yield line
        elif within and frame:
            where = f"line {frame['line']}, in {frame['name']}"
            yield f'  File "{_module(frame["path"])}", {where}'
        elif within and line and not line.startswith(" "):
            # Its words may have several lines; the next call ends them.
            within = False
            error = _ERROR.match(line)
            yield f"{error['kind'] if error else 'Error'}: {_LEFT_OUT}"


def _module(path: str) -> str:
    """Return the part of a path that names a module of a package."""
    parts = path.replace("\\", "/").split("/")
    for root in _PACKAGE_ROOTS:
        if root in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(root) - 1 :])
    return _LEFT_OUT
