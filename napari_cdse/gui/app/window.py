"""Open the whole window with viewer and docks, also from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari
from qtpy.QtCore import QEventLoop, QSize, Qt, QTimer
from qtpy.QtWidgets import QApplication, QDialog, QDockWidget

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.app import dock_layout
from napari_cdse.gui.app.dock_layout import DockLayout
from napari_cdse.gui.canvas.napari_private.window import without_binding_notice
from napari_cdse.gui.particle.card import ParticleCard
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.dock_sight import dock_of
from napari_cdse.gui.workspace import workspace_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from qtpy.QtCore import SignalInstance
    from qtpy.QtWidgets import QWidget

    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.workspace import Workspace

PLUGIN = "napari-cdse"
NAMES = ("Micrographs", "Retrain", "Gallery", "Particle")
_IN_ONE_PLACE = (
    "Retrain",
    "Gallery",
    "Annotators",
    "Population",
    "Endmembers",
    "Spectrum",
)
ALL_NAMES = ("Micrographs", "Particle", *_IN_ONE_PLACE)
_GOOD_SIZE = QSize(1600, 1000)
_PICTURE_SIZE = QSize(1600, 1000)
_DOCKS_SHARE = 0.2
"""Of a large screen's width."""
_PATIENCE_MS = 300_000


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
        Where the project file of a folder lies, if not in that folder.
    kept : bool
        Whether the docks are as the last window was left, and kept for the next one.
    """
    without_binding_notice()
    viewer = napari.Viewer(title="napari-cdse", show=show, show_welcome_screen=False)
    docks = add_docks(viewer)
    _fit_to_screen(viewer)
    if not (kept and _as_left(viewer)):
        _give_room(viewer, docks["Particle"])
    if path is not None:
        workspace_for(viewer).open_project(path, place)
    return viewer


def _as_left(viewer: napari.Viewer) -> bool:
    """Lay the docks out as they were left; True if that is known."""
    file = dock_layout.default_file()
    layout = DockLayout(main_window(viewer), ALL_NAMES, file)
    restored = layout.restore(lambda name: add_dock(viewer, name))
    # The bar is up where there is something to read, and only there.
    workspace_for(viewer).message_bar.refresh()
    return restored


def run() -> None:
    """Hand over to the user until the last window is closed."""
    napari.run()


def open_demo(folder: Path, screenshot: Path | None = None) -> None:
    """Open the sample project, detect and classify, show it ready for review.

    Parameters
    ----------
    folder : Path
        The sample project.
    screenshot : Path, optional
        Save the window's picture there and close it again.

    Raises
    ------
    CdseError
        When the picture cannot be made.
    """
    viewer = open_window(folder, kept=screenshot is None)
    workspace = workspace_for(viewer)
    if screenshot is None:
        prepare(workspace)
        run()
        return
    window = main_window(viewer)
    persons_size = window.size()
    window.resize(_PICTURE_SIZE)
    try:
        wait_until_shown(workspace.session)
        prepare(workspace)
        wait_until_measured(viewer)
        _save_picture(viewer, screenshot)
    finally:
        # napari remembers the size of its last window for the next one.
        window.resize(persons_size)
        viewer.close()


def add_docks(viewer: napari.Viewer) -> dict[str, QWidget]:
    """Dock what is not there yet; the docks come by name."""
    docks = {name: add_dock(viewer, name) for name in NAMES}
    add_dock(viewer, NAMES[0])
    return docks


def add_dock(viewer: napari.Viewer, name: str) -> QWidget:
    """Dock one of our widgets, or bring forward the one that is there.

    All but Particle share a place: one looks at them by turns, and a small screen has
    no room for more than two docks above each other.
    """
    size = main_window(viewer).size()
    widget: QWidget
    dock, widget = viewer.window.add_plugin_dock_widget(
        PLUGIN, name, tabify=name in _IN_ONE_PLACE
    )
    # With the plugin's name in them the tabs would not fit beside each other.
    dock.setWindowTitle(name)
    if name in _IN_ONE_PLACE:
        _put_beside(viewer, dock, size)
    dock.show()
    dock.raise_()
    return widget


def _put_beside(viewer: napari.Viewer, dock: QDockWidget, size: QSize) -> None:
    """Put a dock among those that share a place; napari takes the one docked last.

    That may have made a small window grow: it gets the size back that it had.
    """
    window = main_window(viewer)
    for other in window.findChildren(QDockWidget):
        shares = other.windowTitle() in (NAMES[0], *_IN_ONE_PLACE)
        if shares and other is not dock and not other.isFloating():
            if dock not in window.tabifiedDockWidgets(other):
                window.tabifyDockWidget(other, dock)
                window.layout().activate()
                window.resize(size)
            return


def open_in(viewer: napari.Viewer | None, path: Path) -> None:
    """Open a project in a viewer that is there."""
    if viewer is None:
        raise CdseError("There is no napari window to open the project in.")
    add_docks(viewer)
    workspace_for(viewer).open_project(path)


def _fit_to_screen(viewer: napari.Viewer) -> None:
    """Give the docks room, and keep all of the window on the screen."""
    window = main_window(viewer)
    screen = window.screen().availableGeometry()
    window.resize(window.size().expandedTo(_GOOD_SIZE).boundedTo(screen.size()))
    place = window.frameGeometry()
    if not screen.contains(place):
        window.move(screen.topLeft())


def _give_room(viewer: napari.Viewer, widget: QWidget) -> None:
    """Let one dock be as high as it would like; those above it shrink and scroll.

    On a large screen all of them become broader.
    """
    dock = dock_of(widget)
    if dock is None:
        return
    window, height = main_window(viewer), widget.sizeHint().height()
    width = max(dock.width(), round(_DOCKS_SHARE * window.width()))
    window.resizeDocks([dock], [height], Qt.Orientation.Vertical)
    window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)


def wait_until_shown(session: Session) -> None:
    """Run the window until the first micrograph has been read."""
    if session.micrograph is None:
        wait(session.opened, lambda: session.micrograph is not None)


def prepare(workspace: Workspace) -> None:
    """Detect in what was not analysed yet, and go to the first particle."""
    session = workspace.session
    todo = [one.index for one in session.entries if not one.analysed]
    if todo:
        job = workspace.detection.analyse(todo)
        if job is not None:
            wait(job.finished, lambda: not job.running)
    if session.closed:
        return
    workspace.navigation.go_on()
    wait_until_shown(session)
    workspace.canvas.see_whole()


def wait_until_measured(viewer: napari.Viewer) -> None:
    """Let the card's worker come to its end, well or badly."""
    runner = workspace_for(viewer).session.runner
    card = add_dock(viewer, "Particle").findChild(ParticleCard)
    if card is not None:
        wait(runner.changed, lambda: card.analysis.idle and not runner.jobs)


def wait(signal: SignalInstance, done: Callable[[], bool]) -> None:
    """Run the window until something is done."""
    loop = QEventLoop()
    limit = QTimer()
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    limit.start(_PATIENCE_MS)
    signal.connect(lambda *_: loop.quit() if done() else None)
    while not done() and limit.isActive():
        loop.exec()


def _save_picture(viewer: napari.Viewer, path: Path) -> None:
    _dismiss_notices(viewer)
    try:
        viewer.screenshot(str(path), canvas_only=False, flash=False)
    except OSError as error:
        raise CdseError(
            f"The picture cannot be written to {path} ({error.strerror}); "
            "name another place."
        ) from error


def _dismiss_notices(viewer: napari.Viewer) -> None:
    for dialog in main_window(viewer).findChildren(QDialog):
        if dialog.metaObject().className() == "NapariQtNotification":
            dialog.close()
    QApplication.processEvents()
