"""Base of docks: builds a dock's view with the workspace of its viewer."""

from typing import ClassVar

from napari.viewer import Viewer

from napari_cdse.gui.widgets.fitting_scroll_area import LEAST_LINES
from napari_cdse.gui.widgets.project_dock import ProjectDock, ProjectView
from napari_cdse.gui.workspace.registry import workspace_for
from napari_cdse.gui.workspace.workspace import Workspace


class WorkspaceView(ProjectView):
    """Base of the views of docks.

    Parameters
    ----------
    workspace : Workspace
        Its parts do what the view's controls ask for.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._session = workspace.session


class WorkspaceDock(ProjectDock):
    """A dock of one viewer; a subclass names the class of its view.

    Parameters
    ----------
    napari_viewer : Viewer
        napari passes the viewer to the parameter of this name.

    Attributes
    ----------
    view_class : type
        Class of the view of an open project.
    least_lines : int
        Least height of that view, in lines of text.
    takes_room : bool
        See `ProjectDock`.
    """

    view_class: ClassVar[type[WorkspaceView]]
    least_lines: ClassVar[int] = LEAST_LINES
    takes_room: ClassVar[bool] = False

    def __init__(self, napari_viewer: Viewer) -> None:
        workspace = workspace_for(napari_viewer)
        super().__init__(
            workspace.session,
            self.view_class(workspace),
            workspace.opening,
            least_lines=self.least_lines,
            takes_room=self.takes_room,
        )
