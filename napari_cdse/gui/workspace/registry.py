"""The workspace of each viewer."""

from __future__ import annotations

import atexit
import weakref
from typing import TYPE_CHECKING

from napari_cdse.gui.workspace.workspace import Workspace

if TYPE_CHECKING:
    from napari import Viewer

_WORKSPACES: weakref.WeakKeyDictionary[Viewer, Workspace] = weakref.WeakKeyDictionary()


def workspace_for(viewer: Viewer) -> Workspace:
    """Return the viewer's workspace; create it if there is none.

    Parameters
    ----------
    viewer : Viewer
        May be the proxy that napari passes to widgets.
    """
    real = _without_proxy(viewer)
    workspace = _WORKSPACES.get(real)
    if workspace is None or workspace.session.closed:
        workspace = Workspace(real)
        _WORKSPACES[real] = workspace
    return workspace


def with_project(viewer: Viewer | None) -> Workspace | None:
    """Return the viewer's workspace if there is one with an open project."""
    workspace = None if viewer is None else _WORKSPACES.get(_without_proxy(viewer))
    if workspace is None or not workspace.session.is_open:
        return None
    return workspace


def _without_proxy(viewer: Viewer) -> Viewer:
    """Return the viewer itself; napari passes a proxy to widgets."""
    real: Viewer = getattr(viewer, "__wrapped__", viewer)
    return real


def _close_all() -> None:
    """Close all workspaces when Python exits.

    A script may end without closing its window. Qt then deletes timers, jobs and
    windows in any order, after which a workspace can't be closed; this runs before it,
    as functions registered later run first, and Qt was imported before this module.
    """
    for workspace in tuple(_WORKSPACES.values()):
        workspace.close()


atexit.register(_close_all)
