"""The text that a user sends with a problem: versions and the last error report.

Names of files and folders in a report may reveal samples and people. Unless the user
allows it, only parts that cannot contain such names are sent: the calls, and the kinds
of errors.
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
"""Libraries whose versions matter for an error; the last three may be missing."""
_FRAME = re.compile(r'  File "(?P<path>.*)", line (?P<line>\d+), in (?P<name>\S+)$')
_ERROR = re.compile(r"(?P<kind>[A-Za-z_][\w.]*)(?::.*)?$")
_FIXED = (
    "Traceback (most recent call last):",
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
_PACKAGE_ROOTS = ("site-packages", "napari_cdse")
"""Folders from which on a path only names a module."""
_HEAD_LINES = 2
"""Lines at the beginning of a report with versions and time."""
_LEFT_OUT = "(left out)"


def problem_message(*, with_names: bool = False) -> str:
    """Return the text to send: versions and the last report.

    Parameters
    ----------
    with_names : bool
        Whether names of files and folders, and the texts of errors, are included.
    """
    report = last_report()
    if report is None:
        text = "No error in the program was written down on this computer."
    else:
        text = report if with_names else without_names(report)
    return "\n".join([*versions(), "", text.rstrip(), ""])


def versions() -> list[str]:
    """Return a line for each of program, Python with system, and libraries."""
    return [
        f"napari-cdse {__version__}",
        f"Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {version}" for name, version in _installed(LIBRARIES)),
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
    """Remove everything from a report that may name a file, a folder or a person.

    The first two lines, the calls with their line numbers, and the kinds of errors
    stay. The text of an error may contain anything.

    Parameters
    ----------
    report : str
        As `napari_cdse.io.problem_report.unexpected` writes it.
    """
    lines = report.splitlines()
    return "\n".join([*lines[:_HEAD_LINES], "", *_calls(lines[_HEAD_LINES:])])


def _installed(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def _calls(lines: list[str]) -> Iterator[str]:
    """Yield the calls and the kinds of errors among the lines of a report."""
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
            # The text may have several lines, which are skipped until the next call.
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
