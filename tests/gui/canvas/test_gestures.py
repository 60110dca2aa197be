"""Each gesture on a Shapes layer is one edit or none, and undo takes it back.

One viewer for all of them: each must leave layer and project in step, and undo must
lead back to where it began.
"""

from __future__ import annotations

import numpy as np

from napari_cdse.gui.micrographs.history_buttons import HistoryButtons
from napari_cdse.gui.session.viewer_window import main_window
from tests.gui.canvas_input import LEFT, CanvasInput
from tests.gui.conftest import (
    CIRCLES,
    particle_ids,
    settle,
)
from tests.gui.gestures import GESTURES, REFUSED
from tests.gui.showing import in_step, labels


def test_every_gesture_is_one_edit_or_none_and_undo_takes_it_back(
    workspace, qtbot, monkeypatch
):
    told: list[str] = []
    monkeypatch.setattr(workspace.canvas.particles, "_warn", told.append)
    user = CanvasInput(workspace, qtbot)
    project, ids = workspace.project, particle_ids(workspace)
    workspace.project.selection.select(ids[0])
    buttons = main_window(workspace.viewer).findChild(HistoryButtons)
    for gesture, summary in GESTURES.items():
        workspace.viewer.layers.selection.active = user.layer
        gesture(user)
        settle(workspace, qtbot)
        workspace.canvas.particles.check()
        settle(workspace, qtbot)
        name = gesture.__name__
        in_step(workspace)
        dressed_by_class(workspace)
        assert project.history.undo_summary == summary, name
        assert buttons.undo.isEnabled() == (summary is not None), name
        assert [one for one in told if REFUSED.get(gesture, "") in one] == told, name
        assert len(told) == (gesture in REFUSED), name
        if summary is not None:
            assert buttons.undo.toolTip() == f"Undo: {summary} (Ctrl+Z)"
            qtbot.mouseClick(buttons.undo, LEFT)
            settle(workspace, qtbot)
        assert not project.history.can_undo, name
        assert {one.id: one.circle for one in project.particles.current} == dict(
            zip(ids, CIRCLES, strict=True)
        ), name
        assert labels(workspace) == [None] * 5, name
        in_step(workspace)
        told.clear()
        user.layer.mode = "pan_zoom"
        user.layer.selected_data = set()


def dressed_by_class(workspace) -> None:
    """Every outline has the colour of its class, and every letter says it."""
    canvas = workspace.canvas
    layer, styles = canvas.particles.layer, canvas._project_particles.styles(None)
    wanted = [styles[one] for one in layer.features["particle_id"]]
    assert list(layer.features["letter"]) == [one.letter for one in wanted]
    for at_, one in enumerate(wanted):
        drawn = layer.edge_color[at_]
        np.testing.assert_allclose(drawn, one.rgba, atol=0.01)
