"""A gallery in a window: what it shows, its keys and clicks."""

from __future__ import annotations

from qtpy.QtCore import QPoint, Qt

from tests.gui.conftest import (
    CIRCLES,
    SIGNAL_MS,
    settle,
    wait_for_pixels,
)
from tests.project_tools import put_circles as put_elsewhere

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def ready(dock, workspace, qtbot) -> None:
    """Wait until the dock is shown and what is in view has its picture."""

    def pictured() -> None:
        assert dock.in_sight
        arrangement = dock.model.arrangement
        rows = dock.view.rows_in_view()
        assert all(dock.thumbnails.picture(arrangement.at(row)) for row in rows)

    qtbot.waitUntil(pictured, timeout=SIGNAL_MS)
    settle(workspace, qtbot)


def shown(dock) -> list[str]:
    """Give the ids in the order they are shown."""
    return [one.id for one in dock.model.arrangement.rows]


def middle(dock, particle_id: str) -> QPoint:
    """Scroll to a particle; return the middle of its cell."""
    row = dock.model.arrangement.row_of(particle_id)
    index = dock.model.index(row)
    dock.view.scrollTo(index)
    return dock.view.visualRect(index).center()


def click(dock, qtbot, particle_id: str, modifier=PLAIN) -> None:
    """Click on a particle's picture."""
    place = middle(dock, particle_id)
    qtbot.mouseClick(dock.view.viewport(), LEFT, modifier, place)


def key(dock, qtbot, which, modifier=PLAIN) -> None:
    """Press a key while the gallery has the focus."""
    qtbot.keyClick(dock.view, which, modifier)


def analysed_elsewhere(workspace, qtbot) -> list[str]:
    """Put one particle into the second micrograph, and come back to the first."""
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    project = workspace.project
    ids = put_elsewhere(project, [CIRCLES[0]], project.models.active_id)
    workspace.navigation.open_micrograph(0)
    wait_for_pixels(workspace, qtbot)
    return ids
