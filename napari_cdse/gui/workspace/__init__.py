"""All parts of one window except the docks, and how they are connected.

- `workspace`: builds the parts and connects them
- `project_link`: passes the open project's signals on to them
- `registry`: the workspace of each viewer
- `dock`: base of the docks
"""

from napari_cdse.gui.workspace.registry import with_project, workspace_for
from napari_cdse.gui.workspace.workspace import Workspace

__all__ = ["Workspace", "with_project", "workspace_for"]
