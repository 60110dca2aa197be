"""Pictures of the window and of every dock, dark and light: ``make pictures``.

Opens the sample project, detects and classifies, retrains a small forest, and saves
what a person would then see into a folder (default: ``docs/pictures``).
"""

import argparse
import io
import tempfile
from collections.abc import Callable, Iterator
from math import hypot
from pathlib import Path

import napari
from PIL import Image
from qtpy.QtCore import QBuffer, QIODevice
from qtpy.QtWidgets import QApplication, QWidget

from napari_cdse.core.params import ForestParams
from napari_cdse.gui.app import demo, window
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.workspace import Workspace, workspace_for
from napari_cdse.sample import sample_project_folder

THEMES = ("dark", "light")
DOCKS = (*window.NAMES, "Annotators", "Population", "Spectrum")
TREES = 30
COLOURS = 256
LARGEST_PX = 1400
SMALL_PX = 600
COMPARISON_PX = (1280, 720)


def whole(viewer: napari.Viewer) -> Iterator[tuple[str, QWidget]]:
    """Give the window with the docks that it begins with."""
    yield "window", main_window(viewer)


def docks(viewer: napari.Viewer) -> Iterator[tuple[str, QWidget]]:
    """Put each dock in front, in turn."""
    for name in DOCKS:
        widget = window.add_dock(viewer, name)
        if name == "Population":
            # It would wait until hands rest.
            widget.view.refresh()
        if name == "Spectrum":
            widget.view.go_to_particle()
        settle(viewer)
        yield name.lower(), widget
        if name == "Retrain":
            yield from comparison(viewer, widget)


def comparison(viewer: napari.Viewer, dock: QWidget) -> Iterator[tuple[str, QWidget]]:
    """Show old and new forest in their window, with all pictures."""
    dock.view.compare()
    comparison_window = dock.view.compared
    comparison_window.resize(*COMPARISON_PX)
    settle(viewer)
    yield "comparison", comparison_window
    comparison_window.hide()


def settle(viewer: napari.Viewer) -> None:
    """Run the window until no worker has anything to do."""
    workspace = workspace_for(viewer)
    for _ in range(3):
        QApplication.processEvents()
        _until(workspace, lambda: not workspace.session.runner.jobs)
    demo.wait_until_measured(viewer)
    QApplication.processEvents()


def _until(workspace: Workspace, done: Callable[[], bool]) -> None:
    demo.wait(workspace.session.runner.changed, done)


def save(widget: QWidget, path: Path) -> None:
    """Write a widget as a small PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().save(buffer, "PNG")
    picture = Image.open(io.BytesIO(bytes(buffer.data()))).convert("RGB")
    picture.thumbnail((LARGEST_PX, LARGEST_PX))
    if picture.width > SMALL_PX:
        # The default method spends all colours on the speckle's grays.
        picture = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE)
    picture.save(path, optimize=True)


def prepare(viewer: napari.Viewer) -> None:
    """Detect in all, judge a few, retrain, and stop at a resolved particle."""
    workspace = workspace_for(viewer)
    demo.wait_until_shown(workspace.session)
    demo.prepare(workspace)
    for label in ("no", "yes", "null"):
        workspace.review.label(label)
        settle(viewer)
    job = workspace.training.retrain(ForestParams(trees=TREES))
    if job is not None:
        demo.wait(job.finished, lambda: not job.running)
    rows, cols = workspace.session.micrograph.shape
    defects = [one for one in workspace.project.particles.current if one.label == "yes"]
    middle = min(
        defects,
        key=lambda one: hypot(
            one.circle.row_px - rows / 2, one.circle.col_px - cols / 2
        ),
    )
    workspace.selection.go_to(middle.id, "hand")
    settle(viewer)
    workspace.canvas.see_whole()


def main() -> None:
    parser = argparse.ArgumentParser(description="Picture every dock.")
    parser.add_argument("out", nargs="?", type=Path, default=Path("docs/pictures"))
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        viewer = window.open_window(sample_project_folder(Path(folder)))
        main_window(viewer).resize(demo.PICTURE_SIZE)
        prepare(viewer)
        # Docks that were opened for a picture would be in the next one of the window.
        for pictures in (whole, docks):
            for theme in THEMES:
                viewer.theme = theme
                settle(viewer)
                for name, widget in pictures(viewer):
                    demo.dismiss_notices(viewer)
                    save(widget, out / f"{name}-{theme}.png")
        viewer.close()


if __name__ == "__main__":
    main()
