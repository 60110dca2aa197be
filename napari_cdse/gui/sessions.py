"""One session for each viewer, found again as long as the viewer lives."""

from __future__ import annotations

import atexit
import weakref
from typing import TYPE_CHECKING

from napari_cdse.gui.session.session import Session

if TYPE_CHECKING:
    from napari import Viewer

_SESSIONS: weakref.WeakKeyDictionary[Viewer, Session] = weakref.WeakKeyDictionary()


def _close_all() -> None:
    """Close what a script left open when it ended or failed half-way.

    Qt deletes timers, jobs and windows at the exit in any order, and a session could
    not close any more. Qt was imported before this module, so its turn comes later.
    """
    for session in tuple(_SESSIONS.values()):
        session.close()


atexit.register(_close_all)


def session_for(viewer: Viewer) -> Session:
    """Give the viewer's session, a new one where there is none yet.

    Parameters
    ----------
    viewer : Viewer
        napari hands its widgets a proxy; the session works on the viewer itself.
    """
    real = getattr(viewer, "__wrapped__", viewer)
    session = _SESSIONS.get(real)
    if session is None or session.closed:
        session = Session(real)
        _SESSIONS[real] = session
    return session
