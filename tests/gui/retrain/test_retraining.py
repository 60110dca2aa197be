"""Retraining in the dock: keep, reject, keep both, what flips, what fails."""

from __future__ import annotations

from dataclasses import replace

from qtpy.QtCore import Qt

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.features import cache as known
from napari_cdse.core.features import compute_features
from napari_cdse.core.params import ForestParams
from napari_cdse.core.review.blind_audit import audit
from napari_cdse.gui.session import notifications as notices
from napari_cdse.gui.sessions import session_for
from napari_cdse.io.models.model_file import load_model, save_model
from napari_cdse.project import EditRequest
from tests.gui.conftest import (
    SIGNAL_MS,
    open_folder,
    particle_ids,
    press,
    put_circles,
    settle,
    wait_for_pixels,
)
from tests.gui.showing import FEW_TREES, docks, in_step, retrained


def test_retrain_and_keep(labelled, qtbot, forest):
    session = labelled
    assert session.project.models.active_id == forest.card.id
    dock = retrained(session, qtbot)
    outcome = session.trainer.outcome
    # Nothing has changed before she decides.
    assert session.project.models.active_id == forest.card.id
    assert outcome.model.card.parent == forest.card.id
    assert "particles would change class" in dock.comparison.flips.text()
    assert dock.comparison.note.text()
    assert outcome.compared == 15
    qtbot.mouseClick(dock.keep, Qt.MouseButton.LeftButton)
    settle(session, qtbot)
    assert session.project.models.active_id == outcome.model.card.id
    for index in range(3):
        assert not session.project.detections.unclassified(index)
        for one in session.project.particles.of(index):
            assert one.prediction.model_id == outcome.model.card.id
    assert session.project.particles.counts() == {
        "yes": 3,
        "no": 6,
        "null": 3,
        "empty": 3,
    }
    assert dock.decision.isHidden()
    in_step(session)
    # What the first one learnt here is replaced by what the second one does.
    retrained(session, qtbot, replace(FEW_TREES, seed=1))
    assert len(session.trainer.outcome.model.training) == len(outcome.model.training)


def test_a_second_retraining_computes_no_feature_anew(labelled, qtbot, monkeypatch):
    session = labelled
    asked = []

    def count(micrograph, circles, *rest):
        asked.append(len(circles))
        return compute_features(micrograph, circles, *rest)

    monkeypatch.setattr(known, "compute_features", count)
    first = retrained(session, qtbot) and session.trainer.outcome
    # Five particles in three micrographs, with their copies and views.
    assert sum(asked) >= 3 * 5 * 5
    asked.clear()
    second = retrained(session, qtbot) and session.trainer.outcome
    assert asked == []
    assert second.model.card.id == first.model.card.id
    # A moved circle is another particle to the forest.
    project = session.project
    particle = project.particles.current[0]
    circle = replace(particle.circle, row_px=particle.circle.row_px + 2)
    project.edits.apply(EditRequest(reshaped={particle.id: circle}))
    settle(session, qtbot)
    retrained(session, qtbot)
    assert 0 < sum(asked) <= FEW_TREES.copies + 1 + 5


def test_retrain_and_reject_and_cancel(labelled, qtbot, forest):
    session = labelled
    dock = retrained(session, qtbot)
    new = session.trainer.outcome.model.card.id
    qtbot.mouseClick(dock.reject, Qt.MouseButton.LeftButton)
    assert session.project.models.active_id == forest.card.id
    assert session.project.models.role(new) == "rejected"
    assert session.trainer.outcome is None
    for one in session.project.particles.current:
        assert one.prediction.model_id == forest.card.id
    # And one that is cancelled leaves everything as it was, too.
    session.trainer.retrain(ForestParams(trees=5000, folds=5))
    job = session.trainer.job
    job.progressed.connect(lambda _share: session.runner.cancel(job))
    qtbot.waitUntil(lambda: session.trainer.job is None, timeout=3 * SIGNAL_MS)
    assert session.trainer.outcome is None
    assert session.project.models.active_id == forest.card.id


def test_what_an_audit_told_stands_in_the_dock(viewer, folder, qtbot, forest):
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    session.project.audits.share = 1.0
    put_circles(session, forest)
    dock = docks(viewer)["Retrain"]
    says = dock.audit.says
    qtbot.waitUntil(lambda: "0 of at least 20" in says.text(), timeout=SIGNAL_MS)
    press(session, qtbot, Qt.Key.Key_Period)
    press(session, qtbot, Qt.Key.Key_N)
    settle(session, qtbot)
    assert len(session.project.audits.labels()) == 1
    told = audit(session.project.audits.labels(), forest.card.id).note
    qtbot.waitUntil(lambda: says.text() == told, timeout=SIGNAL_MS)


def test_keep_both_then_take_turns(labelled, qtbot, forest):
    session, project = labelled, labelled.project
    dock = retrained(session, qtbot)
    new = session.trainer.outcome.model.card.id
    dock.name.setText("mine")
    qtbot.mouseClick(dock.keep_both, Qt.MouseButton.LeftButton)
    settle(session, qtbot)
    assert project.models.active_id == forest.card.id
    assert dock.decision.isHidden()
    names = [dock.forests.forests.itemText(i) for i in range(2)]
    assert names == ["small", "mine"]
    dock.forests.forests.activated.emit(1)
    settle(session, qtbot)
    assert project.models.active_id == new
    assert project.models.active.card.name == "mine"
    assert not project.detections.unclassified(2)
    assert dock.forests.back.text() == "Back to small"
    dock.forests.back.trigger()
    settle(session, qtbot)
    assert project.models.active_id == forest.card.id
    for one in project.particles.current:
        assert one.prediction.model_id == forest.card.id
    in_step(session)


def test_a_click_on_what_flips_goes_there(labelled, qtbot):
    session = labelled
    dock = retrained(session, qtbot)
    outcome = session.trainer.outcome
    wanted = {
        one.particle_id
        for found in outcome.predicted
        for one in found.predictions
        if one.label != session.project.particles.find(one.particle_id).prediction.label
    }
    assert wanted == {one.particle_id for one in outcome.flips}
    assert wanted
    elsewhere = next(
        at
        for at, one in enumerate(outcome.flips)
        if session.project.particles.micrograph_of(one.particle_id)
        != session.project.selection.index
    )
    table = dock.comparison.flip_list
    table.scrollTo(table.model().index(elsewhere, 0))
    place = table.visualRect(table.model().index(elsewhere, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    wait_for_pixels(session, qtbot)
    assert session.project.selection.particle_id == outcome.flips[elsewhere].particle_id
    press(session, qtbot, Qt.Key.Key_Y)
    labelled_now = session.project.particles.find(outcome.flips[elsewhere].particle_id)
    assert labelled_now.annotation.selected_by == "hand"


def test_a_fit_that_fails_leaves_everything_as_it_was(session, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(notices, "warn", told.append)
    project, before = session.project, session.project.particles.current
    project.edits.label([particle_ids(session)[0]], "yes")
    dock = docks(session.viewer)["Retrain"]
    dock.onto.setChecked(False)
    active, models = project.models.active_id, project.models.cards
    qtbot.mouseClick(dock.retrain, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.trainer.job is None, timeout=SIGNAL_MS)
    assert "at least two classes" in told[0]
    assert (project.models.active_id, project.models.cards) == (active, models)
    assert session.trainer.outcome is None
    assert dock.retrain.isEnabled()
    assert [one.prediction for one in project.particles.current] == [
        one.prediction for one in before
    ]


def test_the_same_labels_again_change_nothing(labelled, qtbot):
    session, project = labelled, labelled.project
    dock = retrained(session, qtbot)
    qtbot.mouseClick(dock.keep, Qt.MouseButton.LeftButton)
    settle(session, qtbot)
    active = project.models.active_id
    session.trainer.retrain(replace(FEW_TREES, features="bragg"))
    qtbot.waitUntil(lambda: session.trainer.job is None, timeout=3 * SIGNAL_MS)
    assert session.trainer.outcome is None
    assert project.models.active_id == active
    assert project.models.role(active) == "kept"


def test_a_forest_goes_to_a_file_and_comes_back(session, qtbot, tmp_path, forest):
    path = tmp_path / "mine.skops"
    session.trainer.save(path)
    settle(session, qtbot)
    assert load_model(path).card == forest.card
    other = fit(forest.training, ForestParams(trees=5, copies=0), name="other")
    save_model(other, path)
    session.trainer.load(path)
    settle(session, qtbot)
    assert session.project.models.active.card.name == "other"
    assert not session.project.detections.unclassified()
