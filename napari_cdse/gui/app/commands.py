"""Functions of the menu entries, named in ``napari.yaml``."""

from napari.viewer import Viewer

from napari_cdse.gui.app.window import add_dock, add_docks, open_in
from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.viewer_window import main_window
from napari_cdse.gui.widgets.dialogs import (
    ask_annotations,
    ask_folder,
    ask_project,
)
from napari_cdse.gui.workspace import with_project, workspace_for


def choose_folder(viewer: Viewer) -> None:
    """Ask for a folder of micrographs and open it."""
    folder = ask_folder(main_window(viewer))
    if folder is not None:
        open_in(viewer, folder)


def choose_project(viewer: Viewer) -> None:
    """Ask for a project file and open it."""
    file = ask_project(main_window(viewer))
    if file is not None:
        open_in(viewer, file)


def import_annotations(viewer: Viewer) -> None:
    """Ask for annotation files of other programs and import them into the project."""
    workspace = with_project(viewer)
    if workspace is None:
        notifications.warn(
            "There is no project to import into; open a folder of micrographs first."
        )
        return
    files = ask_annotations(main_window(viewer), workspace.project.folder)
    if files:
        workspace.annotation_import.start(files)


def open_sample_project(viewer: Viewer) -> None:
    """Open the sample project, as a copy that the user may change."""
    add_docks(viewer)
    workspace_for(viewer).open_sample()


def show_docks(viewer: Viewer) -> None:
    """Show all our docks."""
    add_docks(viewer)


def show_annotators(viewer: Viewer) -> None:
    """Show the dock that compares annotators."""
    add_dock(viewer, "Annotators")


def show_population(viewer: Viewer) -> None:
    """Show the dock of the visible-defect fraction and its figures."""
    add_dock(viewer, "Population")


def show_spectrum(viewer: Viewer) -> None:
    """Show the dock of the spectrum of any region."""
    add_dock(viewer, "Spectrum")


def show_retrain(viewer: Viewer) -> None:
    """Show the dock that trains forests."""
    add_dock(viewer, "Retrain")
