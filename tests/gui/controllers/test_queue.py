"""The queue and the audit in a real viewer, by real keys."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_cdse.gui.particle.queue_row import ORDERS, STOPS
from napari_cdse.gui.session import notifications as notices
from tests.gui.conftest import (
    click,
    particle_ids,
    press,
    put_circles,
    settle,
    wait_for_pixels,
)
from tests.gui.showing import docks, in_step, labels, shown

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def audited(session, qtbot, forest):
    """A session in whose second micrograph every particle was drawn by lot."""
    session.project.edits.label(particle_ids(session), "no")
    session.project.audits.share = 1
    session.open_micrograph(1)
    wait_for_pixels(session, qtbot)
    put_circles(session, forest)
    settle(session, qtbot)
    return session


def test_a_key_defers_and_goes_on(session, qtbot):
    ids = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_Period)
    press(session, qtbot, Qt.Key.Key_J)
    assert session.project.particles.find(ids[3]).deferred
    assert labels(session) == [None] * 5
    assert session.project.selection.particle_id == ids[2]
    assert shown(session)[ids[3]] == ("yes", "Y? later", False)
    in_step(session)
    dock = docks(session.viewer)["Particle"]
    assert "1 left for later" in dock.queue.done.toolTip()
    session.project.selection.select(ids[3])
    assert "left for later" in dock.card.says.text()
    press(session, qtbot, Qt.Key.Key_Z, CTRL)
    assert not session.project.particles.find(ids[3]).deferred
    assert shown(session)[ids[3]] == ("yes", "Y?", False)


def test_back_goes_to_the_particle_seen_before(session, qtbot):
    ids = particle_ids(session)
    for _ in range(2):
        press(session, qtbot, Qt.Key.Key_Period)
    assert session.project.selection.particle_id == ids[2]
    click(session, qtbot, 60, 60)
    press(session, qtbot, Qt.Key.Key_Y)
    # The particle that she left for the click is the next.
    assert session.project.selection.particle_id == ids[2]
    press(session, qtbot, Qt.Key.Key_Comma)
    assert session.project.selection.particle_id == ids[3]
    press(session, qtbot, Qt.Key.Key_Comma)
    assert session.project.selection.particle_id == ids[3]
    assert "began" in session.viewer.status


def test_the_row_sets_order_and_filter(session, qtbot):
    ids = particle_ids(session)
    row = docks(session.viewer)["Particle"].queue
    assert (row.order.count(), row.which.count()) == (len(ORDERS), len(STOPS))
    row.order.setCurrentIndex(3)
    row.order.activated.emit(3)
    assert session.review.order == "confidence"
    press(session, qtbot, Qt.Key.Key_Period)
    assert session.project.selection.particle_id in (ids[0], ids[4])
    session.project.edits.defer([ids[1]])
    row.which.setCurrentIndex(1)
    row.which.activated.emit(1)
    press(session, qtbot, Qt.Key.Key_Period)
    assert session.project.selection.particle_id == ids[1]
    press(session, qtbot, Qt.Key.Key_Period)
    assert session.project.selection.particle_id == ids[1]
    assert "left for later" in session.viewer.status


def test_nothing_gives_a_hidden_prediction_away(audited, qtbot):
    session = audited
    ids = particle_ids(session)
    assert all(session.review.hides(one) for one in ids)
    assert set(shown(session).values()) == {("unlabelled", "?", False)}
    looks = [
        (color.tolist(), width)
        for color, width in zip(
            session.view.layer.edge_color, session.view.layer.edge_width, strict=True
        )
    ]
    assert all(look == looks[0] for look in looks)
    dock = docks(session.viewer)["Particle"]
    for one in ids:
        session.project.selection.select(one)
        assert not any(number.text() for number in dock.card.bars.numbers.values())
        assert "judge it before" in dock.card.says.text()


def test_a_hidden_prediction_cannot_be_accepted_but_is_there_after_the_label(
    audited, qtbot, monkeypatch
):
    session = audited
    told = []
    monkeypatch.setattr(notices, "warn", told.append)
    ids = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_Period)
    here = session.project.selection.particle_id
    press(session, qtbot, Qt.Key.Key_K)
    assert labels(session) == [None] * 5
    assert session.project.selection.particle_id == here
    assert "before the forest's word is shown" in told[0]
    press(session, qtbot, Qt.Key.Key_N)
    annotation = session.project.particles.find(here).annotation
    assert (annotation.label, annotation.selected_by) == ("no", "audit")
    assert (annotation.selection_chance, annotation.prediction_seen) == (1.0, False)
    assert annotation.shown is not None
    press(session, qtbot, Qt.Key.Key_Comma)
    dock = docks(session.viewer)["Particle"]
    assert session.project.selection.particle_id == here
    assert all(number.text() for number in dock.card.bars.numbers.values())
    assert not session.review.hides(here)
    assert len([one for one in ids if session.review.hides(one)]) == 4


def test_one_chosen_by_a_click_is_no_audit(audited, qtbot):
    session = audited
    ids = particle_ids(session)
    session.scene.see_whole()
    click(session, qtbot, 170, 220)
    assert session.project.selection.particle_id == ids[4]
    press(session, qtbot, Qt.Key.Key_O)
    annotation = session.project.particles.find(ids[4]).annotation
    assert (annotation.label, annotation.selected_by) == ("empty", "hand")
    assert not annotation.prediction_seen
    assert session.project.audits.labels() == []
