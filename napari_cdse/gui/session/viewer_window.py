"""Find the Qt window and the canvas of a viewer through public names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from npe2 import PluginManager
from qtpy.compat import isalive
from qtpy.QtWidgets import QApplication, QMainWindow, QWidget

from napari_cdse.core.errors import CdseError

if TYPE_CHECKING:
    from napari import Viewer


class WindowClosedError(CdseError):
    """A viewer or its window was needed after it was closed."""

    def __init__(self) -> None:
        super().__init__("The napari window is closed; open it anew.")


def application() -> QApplication:
    """Return the Qt application, which the first viewer has created."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app


def find_main_window(viewer: Viewer | None) -> QMainWindow | None:
    """Return the viewer's window; None if the viewer or the window was closed."""
    if viewer is None:
        return None
    # The menu bar is the only part of the Qt window that napari documents.
    menu = viewer.window.main_menu
    exists = isalive(menu)  # type: ignore[no-untyped-call]  # qtpy has no type for it
    window = menu.window() if exists else None
    return window if isinstance(window, QMainWindow) else None


def main_window(viewer: Viewer | None) -> QMainWindow:
    """Return the viewer's window.

    Raises
    ------
    WindowClosedError
        If it was closed.
    """
    window = find_main_window(viewer)
    if window is None:
        raise WindowClosedError
    return window


def run_command(name: str, viewer: Viewer) -> None:
    """Run a command of our manifest, such as one that shows a dock.

    Parameters
    ----------
    name : str
        Id of the command.
    viewer : Viewer
        Passed to the command.
    """
    PluginManager.instance().commands.execute(name, (viewer,))


def find_canvas(viewer: Viewer | None) -> QWidget | None:
    """Return the widget on which layers are drawn; None if there is none."""
    window = find_main_window(viewer)
    centre = None if window is None else window.centralWidget()
    within = () if centre is None else centre.findChildren(QWidget)
    # By name, since PyQt5 and PyQt6 have the class in different modules.
    return next((one for one in within if one.inherits("QOpenGLWidget")), None)
