"""What a window shows, as tests look at it."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt

from napari_cdse.core.params import ForestParams
from napari_cdse.gui.app import window
from tests.gui.conftest import SIGNAL_MS, particle_ids

FEW_TREES = ForestParams(trees=10, copies=1, folds=2)


def docks(viewer) -> dict:
    """Give the docks that open together, by name."""
    return {name: window.add_dock(viewer, name) for name in window.NAMES}


def labels(session) -> list[str | None]:
    """Labels of the known particles as a person gave them."""
    found = [session.project.particles.find(one) for one in particle_ids(session)]
    return [one.annotation.label if one.annotation else None for one in found]


def shown(session) -> dict[str, tuple[str, str, bool]]:
    """What the layer's features say, by particle."""
    table = session.view.layer.features
    return {
        row["particle_id"]: (row["class"], row["letter"], row["by_person"])
        for _, row in table.iterrows()
    }


def in_step(session) -> None:
    """The layer shows exactly what the project holds."""
    layer, project = session.view.layer, session.project
    assert len(layer.features) == layer.nshapes == len(project.particles.current)
    wanted = {
        one.id: (one.label or "unlabelled", one.by_person)
        for one in project.particles.current
    }
    assert {k: (v[0], v[2]) for k, v in shown(session).items()} == wanted
    for vertices, particle_id in zip(
        layer.data, layer.features["particle_id"], strict=True
    ):
        circle = project.particles.get(particle_id).circle
        np.testing.assert_allclose(
            vertices.mean(axis=0), (circle.row_px, circle.col_px), atol=1e-3
        )
        np.testing.assert_allclose(
            np.ptp(vertices, axis=0), 2 * circle.radius_px, atol=1e-3
        )


def retrained(session, qtbot, params=FEW_TREES):
    """Press Retrain and wait for the outcome."""
    dock = docks(session.viewer)["Retrain"]
    dock.form.set_value(params)
    qtbot.mouseClick(dock.retrain, Qt.MouseButton.LeftButton)
    assert not dock.retrain.isEnabled()
    qtbot.waitUntil(lambda: session.trainer.job is None, timeout=3 * SIGNAL_MS)
    assert session.trainer.outcome is not None
    return dock
