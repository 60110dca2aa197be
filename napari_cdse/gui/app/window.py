"""Open napari's window with our docks, and add docks to a window.

Used by the command line (`open_window`, `run`) and by the plugin's commands
(`add_docks`, `add_dock`, `open_in`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QDockWidget

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.app import dock_layout
from napari_cdse.gui.app.dock_layout import DockLayout
from napari_cdse.gui.app.dock_tabs import WholeTabNames
from napari_cdse.gui.canvas.napari_private.window import without_binding_notice
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.dock_sight import dock_of
from napari_cdse.gui.workspace import workspace_for

if TYPE_CHECKING:
    from pathlib import Path

    from qtpy.QtWidgets import QWidget

PLUGIN = "napari-cdse"
NAMES = ("Micrographs", "Retrain", "Gallery", "Particle")
"""Docks of a new window, in the order in which they are added."""
_TABBED = (
    "Retrain",
    "Gallery",
    "Annotators",
    "Population",
    "Endmembers",
    "Spectrum",
)
ALL_NAMES = ("Micrographs", "Particle", *_TABBED)
_GOOD_SIZE = QSize(1600, 1000)
"""Size of a new window in screen pixels, if the screen is large enough."""
_DOCKS_SHARE = 0.2
"""Least width of the docks, as a share of the window's."""


def open_window(
    path: Path | None = None,
    show: bool = True,
    place: Path | None = None,
    *,
    kept: bool = False,
) -> napari.Viewer:
    """Open a viewer with our docks, and a folder or project in it.

    Parameters
    ----------
    path : Path, optional
        Folder of micrographs, one micrograph, or project file.
    show : bool
        Whether to show the window.
    place : Path, optional
        Folder for the project file, if not the one of the micrographs.
    kept : bool
        Whether to restore the docks of the last window, and store them for the next.
    """
    without_binding_notice()
    viewer = napari.Viewer(title="napari-cdse", show=show, show_welcome_screen=False)
    docks = add_docks(viewer)
    _fit_to_screen(viewer)
    if not (kept and _restore_docks(viewer)):
        _give_room(viewer, docks["Particle"])
    if path is not None:
        workspace_for(viewer).open_project(path, place)
    return viewer


def _restore_docks(viewer: napari.Viewer) -> bool:
    """Restore the docks of the last window; False if there is nothing to restore."""
    file = dock_layout.default_file()
    layout = DockLayout(main_window(viewer), ALL_NAMES, file)
    restored = layout.restore(lambda name: add_dock(viewer, name))
    # Restoring may have shown the empty bar, or hidden one with messages.
    workspace_for(viewer).message_bar.refresh()
    return restored


def run() -> None:
    """Run the event loop until the last window is closed."""
    napari.run()


def add_docks(viewer: napari.Viewer) -> dict[str, QWidget]:
    """Add the docks of a new window that are missing; return all by name."""
    docks = {name: add_dock(viewer, name) for name in NAMES}
    add_dock(viewer, NAMES[0])
    return docks


def add_dock(viewer: napari.Viewer, name: str) -> QWidget:
    """Add one of our docks, or raise it if it is there.

    All but Particle are tabs of one place, since a small screen has no room for more
    than two docks above each other.
    """
    size = main_window(viewer).size()
    WholeTabNames.of(main_window(viewer))
    widget: QWidget
    dock, widget = viewer.window.add_plugin_dock_widget(
        PLUGIN, name, tabify=name in _TABBED
    )
    # The titles are those of the tabs, which need to be short.
    dock.setWindowTitle(name)
    if name in _TABBED:
        _put_among_tabs(viewer, dock, size)
    dock.show()
    dock.raise_()
    return widget


def _put_among_tabs(viewer: napari.Viewer, dock: QDockWidget, size: QSize) -> None:
    """Put a dock among our tabs; napari tabs it with the dock added last.

    That may enlarge a small window, which is set back to ``size``.
    """
    window = main_window(viewer)
    for other in window.findChildren(QDockWidget):
        is_tab = other.windowTitle() in (NAMES[0], *_TABBED)
        if is_tab and other is not dock and not other.isFloating():
            if dock not in window.tabifiedDockWidgets(other):
                window.tabifyDockWidget(other, dock)
                window.layout().activate()
                window.resize(size)
            return


def open_in(viewer: napari.Viewer | None, path: Path) -> None:
    """Open a project in an open viewer, with our docks."""
    if viewer is None:
        raise CdseError("There is no napari window to open the project in.")
    add_docks(viewer)
    workspace_for(viewer).open_project(path)


def _fit_to_screen(viewer: napari.Viewer) -> None:
    """Enlarge a window so that the docks have room, and keep it on the screen."""
    window = main_window(viewer)
    screen = window.screen().availableGeometry()
    window.resize(window.size().expandedTo(_GOOD_SIZE).boundedTo(screen.size()))
    place = window.frameGeometry()
    if not screen.contains(place):
        window.move(screen.topLeft())


def _give_room(viewer: napari.Viewer, widget: QWidget) -> None:
    """Let one dock have the height of its size hint; those above it scroll instead.

    In a large window all docks also become wider.
    """
    dock = dock_of(widget)
    if dock is None:
        return
    window, height = main_window(viewer), widget.sizeHint().height()
    width = max(dock.width(), round(_DOCKS_SHARE * window.width()))
    window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
    window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)
