"""Retraining in the dock: keep, reject, keep both, what flips, what fails."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qtpy.QtCore import Qt

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.features import cache as known
from napari_cdse.core.features import compute_features
from napari_cdse.core.params import ForestParams
from napari_cdse.core.review.blind_audit import audit
from napari_cdse.gui.app import window
from napari_cdse.gui.retrain import model_row
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.models.model_file import load_model, save_model
from napari_cdse.project import EditRequest
from napari_cdse.tasks.training import _judged_draws
from tests.gui.conftest import (
    SIGNAL_MS,
    open_folder,
    particle_ids,
    press,
    put_circles,
    settle,
    standing,
    wait_for_pixels,
)
from tests.gui.showing import (
    FEW_TREES,
    docks,
    in_sight,
    in_step,
    make_roomy,
    retrained,
    rows,
)


def test_it_reads_from_top_to_bottom_before_and_after(labelled, qtbot):
    dock = docks(labelled.viewer)["Retrain"]
    window.add_dock(labelled.viewer, "Retrain")
    make_roomy(dock, labelled.viewer)
    dock.parameters.expand(animate=False)
    dock.study_fold.expand(animate=False)
    qtbot.waitUntil(lambda: in_sight(dock.studies.features), timeout=SIGNAL_MS)
    told = rows(dock)
    assert told[:6] == [
        ["In use", "small", "More"],
        ["Blind audit: share of particles", "0 %"],
        ["Review to", "learn"],
        [
            "No particle is drawn for the audit, so how often the forest is right "
            "stays unknown."
        ],
        ["Your labels: 3 yes, 6 no, 3 null, 3 empty"],
        ["Retrain"],
    ]
    assert told[6:8] == [
        ["How the forest is trained"],
        ["Learn on top of the forest in use"],
    ]
    assert told[-2:] == [
        ["What could be better"],
        ["Try settings", "Weigh features"],
    ]
    retrained(labelled, qtbot)
    window.add_dock(labelled.viewer, "Retrain")
    qtbot.waitUntil(lambda: in_sight(dock.decision.keep_old), timeout=SIGNAL_MS)
    told = rows(dock)
    assert told[0] == ["In use", "small", "More"]
    assert not any("Blind audit" in row[0] for row in told)
    name = labelled.training.outcome.model.card.name
    assert told[-3:] == [
        ["Compare\u2026"],
        ["New forest", name],
        ["Use new", "Keep both", "Keep old"],
    ]


def test_retrain_and_keep(labelled, qtbot, forest):
    workspace = labelled
    assert workspace.project.models.active_id == forest.card.id
    dock = retrained(workspace, qtbot)
    outcome = workspace.training.outcome
    # Nothing has changed before she decides.
    assert workspace.project.models.active_id == forest.card.id
    assert outcome.model.card.parent == forest.card.id
    assert "particles would change class" in dock.comparison.changes.text()
    assert outcome.comparison.sentence in dock.comparison.headline.text()
    assert outcome.compared == 15
    qtbot.mouseClick(dock.decision.use_new, Qt.MouseButton.LeftButton)
    settle(workspace, qtbot)
    assert workspace.project.models.active_id == outcome.model.card.id
    for index in range(3):
        assert not workspace.project.detections.unclassified(index)
        for one in workspace.project.particles.of(index):
            assert one.prediction.model_id == outcome.model.card.id
    assert workspace.project.particles.counts() == {
        "yes": 3,
        "no": 6,
        "null": 3,
        "empty": 3,
    }
    assert dock.decision.isHidden()
    in_step(workspace)
    # What the first one learnt here is replaced by what the second one does.
    retrained(workspace, qtbot, replace(FEW_TREES, seed=1))
    assert len(workspace.training.outcome.model.training) == len(outcome.model.training)


def test_a_project_for_looking_starts_nothing_that_it_could_not_keep(labelled, qtbot):
    """Minutes of training or detection would end with that sentence."""
    dock = docks(labelled.viewer)["Retrain"]
    labelled.project._store._database.read_only = True
    qtbot.mouseClick(dock.retrain, Qt.MouseButton.LeftButton)
    assert labelled.training.job is None
    (told,) = standing(labelled)
    assert "may not be written; copy the project" in told
    assert labelled.detection.analyse([0, 1, 2]) is None
    assert labelled.session.runner.heavy is None
    assert dock.retrain.isEnabled()


def test_a_second_retraining_computes_no_feature_anew(labelled, qtbot, monkeypatch):
    workspace = labelled
    asked = []

    def count(micrograph, circles, *rest):
        asked.append(len(circles))
        return compute_features(micrograph, circles, *rest)

    monkeypatch.setattr(known, "compute_features", count)
    first = retrained(workspace, qtbot) and workspace.training.outcome
    # Five particles in three micrographs, with their copies and views.
    assert sum(asked) >= 3 * 5 * 5
    asked.clear()
    second = retrained(workspace, qtbot) and workspace.training.outcome
    assert asked == []
    assert second.model.card.id == first.model.card.id
    # A moved circle is another particle to the forest.
    project = workspace.project
    particle = project.particles.current[0]
    circle = replace(particle.circle, row_px=particle.circle.row_px + 2)
    project.edits.apply(EditRequest(reshaped={particle.id: circle}))
    settle(workspace, qtbot)
    retrained(workspace, qtbot)
    assert 0 < sum(asked) <= FEW_TREES.copies + 1 + 5


def test_retrain_and_reject_and_cancel(labelled, qtbot, forest):
    workspace = labelled
    dock = retrained(workspace, qtbot)
    new = workspace.training.outcome.model.card.id
    qtbot.mouseClick(dock.decision.keep_old, Qt.MouseButton.LeftButton)
    assert workspace.project.models.active_id == forest.card.id
    assert workspace.project.models.role(new) == "rejected"
    assert workspace.training.outcome is None
    for one in workspace.project.particles.current:
        assert one.prediction.model_id == forest.card.id
    # And one that is cancelled leaves everything as it was, too.
    workspace.training.retrain(ForestParams(trees=5000, folds=5))
    job = workspace.training.job
    job.progressed.connect(lambda _share: workspace.session.runner.cancel(job))
    qtbot.waitUntil(lambda: workspace.training.job is None, timeout=3 * SIGNAL_MS)
    assert workspace.training.outcome is None
    assert workspace.project.models.active_id == forest.card.id


def test_what_an_audit_told_stands_in_the_dock(viewer, folder, qtbot, forest):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    workspace.project.audits.share = 1.0
    put_circles(workspace, forest)
    dock = docks(viewer)["Retrain"]
    says = dock.audit.accuracy
    qtbot.waitUntil(lambda: "0 of at least 20" in says.text(), timeout=SIGNAL_MS)
    press(workspace, qtbot, Qt.Key.Key_Period)
    press(workspace, qtbot, Qt.Key.Key_N)
    settle(workspace, qtbot)
    assert len(workspace.project.audits.labels()) == 1
    told = audit(workspace.project.audits.labels(), forest.card.id).note
    qtbot.waitUntil(lambda: says.text() == f"{told} 5 are drawn.", timeout=SIGNAL_MS)


def test_a_retraining_counts_draws_as_the_number_of_the_project_does(
    workspace, qtbot, forest
):
    """Also those that wait for a label, and those whose circle was deleted."""
    project = workspace.project
    words = ("yes", "no", "null", "no", "empty")
    for index in range(3):
        workspace.navigation.open_micrograph(index)
        wait_for_pixels(workspace, qtbot)
        if index:
            project.audits.share = 1.0
            put_circles(workspace, forest)
        for one, word in zip(particle_ids(workspace), words[: 5 - index], strict=False):
            project.edits.label([one], word, selected_by="queue")
    # Judged again with the forest's word in view, and deleted.
    first, *_, last = particle_ids(workspace)
    project.edits.label([first], "no", selected_by="queue")
    project.edits.remove([last], selected_by="queue")
    settle(workspace, qtbot)
    wanted = project.statistics.visible_defects()
    assert (wanted.n_draws, wanted.n_removed, wanted.n_unanswered) == (10, 1, 2)
    retrained(workspace, qtbot)
    answers = _judged_draws(workspace.training._request(FEW_TREES, onto=True))
    assert answers[first] == (1.0, "yes")
    assert len(answers) == 10 - 2
    told = workspace.training.outcome.fraction
    for found in (told.old, told.new):
        for name in ("n_particles", "n_draws", "n_removed", "n_unanswered", "labels"):
            assert getattr(found, name) == getattr(wanted, name)
    assert told.old.fraction == pytest.approx(wanted.fraction, abs=0.05)
    # Once none is asked any more, the eight answers stand for all ten draws.
    project.audits.share = 0
    answers = _judged_draws(workspace.training._request(FEW_TREES, onto=True))
    assert sum(1 / each.chance for each in answers.values()) == pytest.approx(10)


def test_keep_both_then_take_turns(labelled, qtbot, forest):
    workspace, project = labelled, labelled.project
    dock = retrained(workspace, qtbot)
    new = workspace.training.outcome.model.card.id
    dock.decision.name.setText("mine")
    qtbot.mouseClick(dock.decision.keep_both, Qt.MouseButton.LeftButton)
    settle(workspace, qtbot)
    assert project.models.active_id == forest.card.id
    assert dock.decision.isHidden()
    names = [dock.forests.forests.itemText(i) for i in range(2)]
    assert names == ["small", "mine"]
    dock.forests.forests.activated.emit(1)
    settle(workspace, qtbot)
    assert project.models.active_id == new
    assert project.models.active.card.name == "mine"
    assert not project.detections.unclassified(2)
    assert dock.forests.back.text() == "Back to small"
    dock.forests.back.trigger()
    settle(workspace, qtbot)
    assert project.models.active_id == forest.card.id
    for one in project.particles.current:
        assert one.prediction.model_id == forest.card.id
    in_step(workspace)


def test_a_fit_that_fails_leaves_everything_as_it_was(workspace, qtbot, monkeypatch):
    project, before = workspace.project, workspace.project.particles.current
    project.edits.label([particle_ids(workspace)[0]], "yes")
    dock = docks(workspace.viewer)["Retrain"]
    dock.onto.setChecked(False)
    active, models = project.models.active_id, project.models.cards
    qtbot.mouseClick(dock.retrain, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.training.job is None, timeout=SIGNAL_MS)
    assert any("at least two classes" in one for one in standing(workspace))
    assert (project.models.active_id, project.models.cards) == (active, models)
    assert workspace.training.outcome is None
    assert dock.retrain.isEnabled()
    assert [one.prediction for one in project.particles.current] == [
        one.prediction for one in before
    ]


def test_a_file_that_is_no_forest_is_refused_until_that_is_read(
    workspace, qtbot, tmp_path
):
    project, active = workspace.project, workspace.project.models.active.card.id
    (tmp_path / "no.skops").write_bytes(b"no archive")
    job = workspace.training.load(tmp_path / "no.skops")
    qtbot.waitUntil(lambda: not job.running, timeout=SIGNAL_MS)
    (told,) = workspace.message_bar.sentences
    assert "no.skops" in told
    assert (project.models.active_id, len(project.models.cards)) == (active, 1)


def test_the_same_labels_again_change_nothing(labelled, qtbot):
    workspace, project = labelled, labelled.project
    dock = retrained(workspace, qtbot)
    qtbot.mouseClick(dock.decision.use_new, Qt.MouseButton.LeftButton)
    settle(workspace, qtbot)
    active = project.models.active_id
    workspace.training.retrain(replace(FEW_TREES, features="bragg"))
    qtbot.waitUntil(lambda: workspace.training.job is None, timeout=3 * SIGNAL_MS)
    assert workspace.training.outcome is None
    assert project.models.active_id == active
    assert project.models.role(active) == "kept"


def test_the_menu_renames_saves_and_takes_forests(
    workspace, qtbot, tmp_path, forest, monkeypatch
):
    project = workspace.project
    row = docks(workspace.viewer)["Retrain"].forests
    actions = {one.text(): one for one in row.more.menu().actions()}
    path, asked = tmp_path / "of a colleague.skops", []
    save_model(
        fit(forest.training, ForestParams(trees=5, copies=0), name="b/c: 2"), path
    )
    # The one that came with the program keeps its name, and there is none before it.
    assert not row.naming.isEnabled()
    assert not row.back.isEnabled()
    assert row.saving.isEnabled()

    def answering(answer):
        return lambda *given: (asked.append(given), answer)[1]

    for name, answer in (("ask_forest", None), ("ask_forest", path)):
        monkeypatch.setattr(model_row, name, answering(answer))
        actions["Use one from a file\u2026"].trigger()
        settle(workspace, qtbot)
        assert (project.models.active_id == forest.card.id) == (answer is None)
    assert row.forests.currentText() == "b/c: 2"
    assert row.back.isEnabled()
    assert row.naming.isEnabled()
    asked.clear()
    for name, said in ((None, "b/c: 2"), ("b/c: 3", "b/c: 3")):
        monkeypatch.setattr(model_row, "ask_name", answering(name))
        row.naming.trigger()
        settle(workspace, qtbot)
        assert project.models.active.card.name == said
        assert row.forests.currentText() == said
    assert asked == [(row, "b/c: 2")] * 2
    asked.clear()
    # What no file may be called by is replaced; the rest of the name stays.
    mine = tmp_path / "mine.skops"
    for answer in (None, mine):
        monkeypatch.setattr(model_row, "ask_where", answering(answer))
        row.saving.trigger()
        settle(workspace, qtbot)
    assert asked == [(row, str(project.folder / "b_c_ 3.skops"))] * 2
    assert load_model(mine).card.id == project.models.active_id


def test_a_forest_goes_to_a_file_and_comes_back(workspace, qtbot, tmp_path, forest):
    path = tmp_path / "mine.skops"
    workspace.training.save(path)
    settle(workspace, qtbot)
    assert load_model(path).card == forest.card
    other = fit(forest.training, ForestParams(trees=5, copies=0), name="other")
    save_model(other, path)
    workspace.training.load(path)
    settle(workspace, qtbot)
    assert workspace.project.models.active.card.name == "other"
    assert not workspace.project.detections.unclassified()
