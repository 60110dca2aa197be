"""Commands that open the window, with files or with the sample project."""

from __future__ import annotations

import ctypes
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command, path_of
from napari_cdse.cli.console import say
from napari_cdse.core.errors import CdseError
from napari_cdse.io.files import check_replaceable, shown
from napari_cdse.sample import sample_project_folder

if TYPE_CHECKING:
    import argparse
    from pathlib import Path
    from types import ModuleType


def show(path: Path | None, project: Path | None = None) -> int:
    """Show the window until it is closed.

    Parameters
    ----------
    path : Path or None
        A folder, a micrograph or a project to open; None for an empty window.
    project : Path, optional
        The project file of a folder, if it is not in it; created if it is missing.
    """
    gui = _gui()
    gui.open_window(path, place=project, kept=True)
    gui.run()
    return 0


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--screenshot",
        type=path_of,
        metavar="FILE",
        help="save the window's picture there and quit",
    )
    parser.add_argument(
        "--folder",
        type=path_of,
        metavar="DIR",
        help="where the sample project is laid out "
        "(default: in your data folder; with --screenshot a temporary one)",
    )


def _demo(arguments: argparse.Namespace) -> int:
    screenshot: Path | None = arguments.screenshot
    if screenshot is not None:
        check_replaceable(screenshot, _is_of_a_window, "picture", CdseError)
    folder = sample_project_folder(arguments.folder, fresh=screenshot is not None)
    _gui("demo").open_demo(folder, screenshot)
    if screenshot is not None:
        say(f"The picture of the window is in {screenshot.resolve()}")
    return 0


def _is_of_a_window(start: bytes) -> bool:
    """Whether a file is a PNG in colour with transparency, as napari's screenshots are.

    Micrographs, which a mistyped command might name, are gray.
    """
    return start[:8] == b"\x89PNG\r\n\x1a\n" and start[24:26] == b"\x08\x06"


def _gui(name: str = "window") -> ModuleType:
    """Import a module of the window, which needs Qt; other commands need neither."""
    _check_screen()
    try:
        return import_module(f"napari_cdse.gui.app.{name}")
    except ImportError as error:
        raise CdseError(
            "The window needs a Qt binding, and none can be imported "
            f"({error}); install one with: pip install 'napari-cdse[pyqt6]'"
        ) from error


def _check_screen() -> None:
    """Refuse to start without a display: Qt would abort, and give misleading advice.

    Raises
    ------
    CdseError
        On Linux, if no display server answers.
    """
    chosen = os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY")
    if not sys.platform.startswith("linux") or chosen or _x_server_answers():
        return
    display = os.environ.get("DISPLAY")
    why = f"{shown(display)} does not answer" if display else "DISPLAY is not set"
    raise CdseError(
        f"The window needs a screen, and there is none here ({why}); log in at the "
        "desktop, or with `ssh -X`. `napari-cdse predict`, `export` and `report` do "
        "without one."
    )


def _x_server_answers() -> bool:
    """Whether an X server answers; True if that cannot be found out."""
    if not os.environ.get("DISPLAY"):
        return False
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return True
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if display is None:
        return False
    x11.XCloseDisplay(ctypes.c_void_p(display))
    return True


COMMAND = Command(
    description="Show the sample project in the window, detected and classified, "
    "ready for review.",
    add_arguments=_add_arguments,
    run=_demo,
    has_window=True,
)
