"""The window, and the sample project in it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cdse.cli.command import Command
from napari_cdse.cli.console import say
from napari_cdse.core.errors import CdseError
from napari_cdse.sample import sample_project_folder

if TYPE_CHECKING:
    import argparse
    from types import ModuleType


def show(path: Path | None, project: Path | None = None) -> int:
    """Open the window, with a folder, a micrograph or a project in it.

    Parameters
    ----------
    path : Path or None
        What to open; None for an empty window.
    project : Path, optional
        Where the project file of a folder lies, or shall lie.
    """
    gui = _gui()
    gui.open_window(path, place=project, kept=True)
    gui.run()
    return 0


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="FILE",
        help="save the window's picture there and quit",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="where the sample project is laid out "
        "(default: in your data folder; with --screenshot a temporary one)",
    )


def _demo(arguments: argparse.Namespace) -> int:
    screenshot: Path | None = arguments.screenshot
    folder = sample_project_folder(arguments.folder, fresh=screenshot is not None)
    gui = _gui()
    gui.open_demo(folder, screenshot)
    if screenshot is not None:
        say(f"The picture of the window is in {screenshot.resolve()}")
    return 0


def _gui() -> ModuleType:
    """Import the window late: the other commands need no screen."""
    try:
        return import_module("napari_cdse.gui.app.window")
    except ImportError as error:
        raise CdseError(
            "The window needs a Qt binding, and none can be imported "
            f"({error}); install one with: pip install 'napari-cdse[pyqt5]'"
        ) from error


COMMAND = Command(
    description="Show the sample project in the window, detected and classified, "
    "ready for review.",
    add_arguments=_add_arguments,
    run=_demo,
    has_window=True,
)
