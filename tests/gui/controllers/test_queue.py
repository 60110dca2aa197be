"""The queue and the audit in a real viewer, by real keys."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_cdse.gui.particle.queue_row import ORDERS, STOPS
from tests.gui.conftest import (
    click,
    particle_ids,
    press,
    put_circles,
    settle,
    standing,
    wait_for_pixels,
)
from tests.gui.showing import docks, in_step, labels, shown

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def audited(workspace, qtbot, forest):
    """A workspace in whose second micrograph every particle was drawn by lot."""
    workspace.project.edits.label(particle_ids(workspace), "no")
    workspace.project.audits.share = 1
    workspace.navigation.open_micrograph(1)
    wait_for_pixels(workspace, qtbot)
    put_circles(workspace, forest)
    settle(workspace, qtbot)
    return workspace


def test_a_key_defers_and_goes_on(workspace, qtbot):
    ids = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_Period)
    press(workspace, qtbot, Qt.Key.Key_J)
    assert workspace.project.particles.find(ids[3]).deferred
    assert labels(workspace) == [None] * 5
    assert workspace.project.selection.particle_id == ids[2]
    assert shown(workspace)[ids[3]] == ("yes", "Y? later", False)
    in_step(workspace)
    dock = docks(workspace.viewer)["Particle"]
    assert "1 left for later" in dock.queue.done.toolTip()
    workspace.project.selection.select(ids[3])
    assert "left for later" in dock.card.words.text()
    press(workspace, qtbot, Qt.Key.Key_Z, CTRL)
    assert not workspace.project.particles.find(ids[3]).deferred
    assert shown(workspace)[ids[3]] == ("yes", "Y?", False)


def test_the_current_particle_alone_is_drawn_broad_and_opaque(workspace, qtbot):
    layer = workspace.canvas.particles.layer

    def outstanding() -> list[str]:
        widths, alphas = np.array(layer.edge_width), layer.edge_color[:, 3]
        usual = np.median(widths), np.median(alphas)
        more = (widths > 1.2 * usual[0]) & (alphas > usual[1])
        assert (more == (widths != usual[0])).all()
        return list(layer.features["particle_id"][more])

    assert outstanding() == []
    for _ in range(3):
        press(workspace, qtbot, Qt.Key.Key_Period)
        assert outstanding() == [workspace.project.selection.particle_id]
    workspace.project.selection.select(None)
    assert outstanding() == []


def test_back_goes_to_the_particle_seen_before(workspace, qtbot):
    ids = particle_ids(workspace)
    for _ in range(2):
        press(workspace, qtbot, Qt.Key.Key_Period)
    assert workspace.project.selection.particle_id == ids[2]
    click(workspace, qtbot, 60, 60)
    press(workspace, qtbot, Qt.Key.Key_Y)
    # The particle that she left for the click is the next.
    assert workspace.project.selection.particle_id == ids[2]
    press(workspace, qtbot, Qt.Key.Key_Comma)
    assert workspace.project.selection.particle_id == ids[3]
    press(workspace, qtbot, Qt.Key.Key_Comma)
    assert workspace.project.selection.particle_id == ids[3]
    assert "began" in workspace.viewer.status


def test_the_row_sets_order_and_filter(workspace, qtbot):
    ids = particle_ids(workspace)
    row = docks(workspace.viewer)["Particle"].queue
    assert (row.order.count(), row.which.count()) == (len(ORDERS), len(STOPS))
    row.order.setCurrentIndex(3)
    row.order.activated.emit(3)
    assert workspace.navigation.order == "confidence"
    press(workspace, qtbot, Qt.Key.Key_Period)
    assert workspace.project.selection.particle_id in (ids[0], ids[4])
    workspace.project.edits.defer([ids[1]])
    row.which.setCurrentIndex(1)
    row.which.activated.emit(1)
    press(workspace, qtbot, Qt.Key.Key_Period)
    assert workspace.project.selection.particle_id == ids[1]
    press(workspace, qtbot, Qt.Key.Key_Period)
    assert workspace.project.selection.particle_id == ids[1]
    assert "left for later" in workspace.viewer.status


def test_nothing_gives_a_hidden_prediction_away(audited, qtbot):
    workspace = audited
    ids = particle_ids(workspace)
    assert all(workspace.project.audits.hides(one) for one in ids)
    assert set(shown(workspace).values()) == {("unlabelled", "?", False)}
    styles = [
        (color.tolist(), width)
        for color, width in zip(
            workspace.canvas.particles.layer.edge_color,
            workspace.canvas.particles.layer.edge_width,
            strict=True,
        )
    ]
    assert all(style_of == styles[0] for style_of in styles)
    dock = docks(workspace.viewer)["Particle"]
    for one in ids:
        workspace.project.selection.select(one)
        assert not any(number.text() for number in dock.card.bars.numbers.values())
        assert "judge it before" in dock.card.words.text()


def test_a_hidden_prediction_cannot_be_accepted_but_is_there_after_the_label(
    audited, qtbot
):
    workspace = audited
    ids = particle_ids(workspace)
    press(workspace, qtbot, Qt.Key.Key_Period)
    here = workspace.project.selection.particle_id
    press(workspace, qtbot, Qt.Key.Key_K)
    assert labels(workspace) == [None] * 5
    assert workspace.project.selection.particle_id == here
    assert any(
        "before the forest's word is shown" in one for one in standing(workspace)
    )
    press(workspace, qtbot, Qt.Key.Key_N)
    annotation = workspace.project.particles.find(here).annotation
    assert (annotation.label, annotation.selected_by) == ("no", "audit")
    assert (annotation.selection_chance, annotation.prediction_seen) == (1.0, False)
    assert annotation.shown is not None
    press(workspace, qtbot, Qt.Key.Key_Comma)
    dock = docks(workspace.viewer)["Particle"]
    assert workspace.project.selection.particle_id == here
    assert all(number.text() for number in dock.card.bars.numbers.values())
    assert not workspace.project.audits.hides(here)
    assert len([one for one in ids if workspace.project.audits.hides(one)]) == 4


def test_one_chosen_by_a_click_is_no_audit(audited, qtbot):
    workspace = audited
    ids = particle_ids(workspace)
    workspace.canvas.layers.see_whole()
    click(workspace, qtbot, 170, 220)
    assert workspace.project.selection.particle_id == ids[4]
    press(workspace, qtbot, Qt.Key.Key_O)
    annotation = workspace.project.particles.find(ids[4]).annotation
    assert (annotation.label, annotation.selected_by) == ("empty", "hand")
    assert not annotation.prediction_seen
    assert workspace.project.audits.labels() == []
