"""Show the sample project ready for review, and save a picture of its window.

The functions that wait run Qt's event loop; `tests.pictures` draws the pictures of the
guide with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEventLoop, QSize, QTimer
from qtpy.QtWidgets import QApplication, QDialog

from napari_cdse.core.errors import CdseError
from napari_cdse.gui.app.window import add_dock, open_window, run
from napari_cdse.gui.particle.card import ParticleCard
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.workspace import workspace_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from qtpy.QtCore import SignalInstance

    from napari_cdse.gui.session.session import Session
    from napari_cdse.gui.workspace import Workspace

PICTURE_SIZE = QSize(1600, 1000)
"""Size of the window in pictures, in screen pixels."""
_PATIENCE_MS = 300_000
"""Longest wait for a detection or a measurement; far longer than any that was seen."""


def open_demo(folder: Path, screenshot: Path | None = None) -> None:
    """Open the sample project, detect and classify in it, and show the first particle.

    Parameters
    ----------
    folder : Path
        The sample project.
    screenshot : Path, optional
        Write a picture of the window there, and close the window.

    Raises
    ------
    CdseError
        If the picture cannot be written.
    """
    viewer = open_window(folder, kept=screenshot is None)
    workspace = workspace_for(viewer)
    if screenshot is None:
        prepare(workspace)
        run()
        return
    window = main_window(viewer)
    usual_size = window.size()
    window.resize(PICTURE_SIZE)
    try:
        wait_until_shown(workspace.session)
        prepare(workspace)
        wait_until_measured(viewer)
        _save_picture(viewer, screenshot)
    finally:
        # napari remembers the size of its last window for the next one.
        window.resize(usual_size)
        viewer.close()


def wait_until_shown(session: Session) -> None:
    """Run the event loop until the first micrograph has been read."""
    if session.micrograph is None:
        wait(session.opened, lambda: session.micrograph is not None)


def prepare(workspace: Workspace) -> None:
    """Detect in all micrographs not analysed yet, and go to the first particle."""
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
    """Run the event loop until the card of the particle has been measured."""
    runner = workspace_for(viewer).session.runner
    card = add_dock(viewer, "Particle").findChild(ParticleCard)
    if card is not None:
        wait(runner.changed, lambda: card.analysis.idle and not runner.jobs)


def wait(signal: SignalInstance, done: Callable[[], bool]) -> None:
    """Run the event loop until ``done`` is true, which is checked at each signal."""
    loop = QEventLoop()
    limit = QTimer()
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    limit.start(_PATIENCE_MS)
    signal.connect(lambda *_: loop.quit() if done() else None)
    while not done() and limit.isActive():
        loop.exec()


def _save_picture(viewer: napari.Viewer, path: Path) -> None:
    dismiss_notices(viewer)
    try:
        viewer.screenshot(str(path), canvas_only=False, flash=False)
    except OSError as error:
        raise CdseError(
            f"The picture cannot be written to {path} ({error.strerror}); "
            "name another place."
        ) from error


def dismiss_notices(viewer: napari.Viewer) -> None:
    """Close napari's notifications, so that they cover nothing in a picture."""
    for dialog in main_window(viewer).findChildren(QDialog):
        if dialog.metaObject().className() == "NapariQtNotification":
            dialog.close()
    QApplication.processEvents()
