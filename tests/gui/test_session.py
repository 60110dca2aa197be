"""Workers, projects, retraining, closing and opening again, with a real viewer."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt, QThreadPool

from napari_cdse.batch import analyse
from napari_cdse.core import validation
from napari_cdse.core.audit import audit
from napari_cdse.core.errors import StoreError
from napari_cdse.core.forest import fit
from napari_cdse.core.params import ForestParams
from napari_cdse.gui import notices, window
from napari_cdse.gui.sessions import session_for
from napari_cdse.io.micrograph_file import read_micrograph
from napari_cdse.io.model_file import load_model, save_model
from tests.gui.conftest import (
    PIXEL_NM,
    SIGNAL_MS,
    open_folder,
    particle_ids,
    press,
    put_circles,
    settle,
    wait_for_pixels,
)
from tests.gui.test_review import in_step, labels

FEW_TREES = ForestParams(trees=10, copies=1, folds=2)


def docks(viewer) -> dict:
    return {name: window.add_dock(viewer, name) for name in window.NAMES}


def finished(job, qtbot) -> None:
    """Wait for the end of a job."""
    qtbot.waitUntil(lambda: not job.running and not job.cancelled, timeout=SIGNAL_MS)


# --- docks and layers ---------------------------------------------------------


def test_an_empty_window_says_what_to_do(viewer):
    shown = docks(viewer)
    assert shown["Micrographs"].pages.currentIndex() == 0
    assert "sample project" in shown["Particle"].card.says.text()
    assert not shown["Micrographs"].detect_all.isEnabled()
    assert not shown["Retrain"].retrain.isEnabled()


def test_docks_of_one_viewer_share_one_session(viewer):
    shown = docks(viewer)
    assert {id(one.session) for one in shown.values()} == {id(session_for(viewer))}


def test_the_map_lies_over_the_micrograph(session):
    (layer,) = session.scene.maps
    # The bright sample stands for the place (10 + 3 * 20, 10 + 4 * 20) px.
    peak = np.argwhere(layer.data == 1.0)[0]
    scale = session.scene.image.scale[0]
    assert np.allclose(layer.data_to_world(peak), np.array([70.0, 90.0]) * scale)
    assert session.scene.image.data_to_world((70, 90)) == layer.data_to_world(peak)


def test_a_pixel_size_calibrates_all_layers(session, qtbot):
    assert {str(layer.units[0]) for layer in session.scene.layers} == {"pixel"}
    assert not session.viewer.canvas.overlays.scale_bar.visible
    dock = docks(session.viewer)["Micrographs"]
    assert "estimated" in dock.pixel_size.says.text()
    dock.pixel_size.field.setValue(PIXEL_NM)
    qtbot.mouseClick(dock.pixel_size.button, Qt.MouseButton.LeftButton)
    settle(session, qtbot)
    assert {str(layer.units[0]) for layer in session.scene.layers} == {"nanometer"}
    assert session.scene.image.scale == pytest.approx((PIXEL_NM, PIXEL_NM))
    assert session.viewer.canvas.overlays.scale_bar.visible
    assert "set by hand" in dock.pixel_size.says.text()
    in_step(session)
    (layer,) = session.scene.maps
    assert layer.data_to_world((3, 4)) == pytest.approx((70 * PIXEL_NM, 90 * PIXEL_NM))


def test_a_transform_of_the_whole_layer_is_undone(session):
    session.view.layer.translate = (5, 5)
    session.view.layer.scale = (2, 2)
    session.stage.check()
    assert tuple(session.view.layer.translate) == (0, 0)
    assert tuple(session.view.layer.scale) == (1, 1)


def test_deleting_our_layer_deletes_no_particle(session, qtbot):
    session.viewer.layers.remove(session.scene.particles)
    assert len(session.project.particles) == 5
    assert session.view is None
    session.open_micrograph(session.project.current)
    wait_for_pixels(session, qtbot)
    in_step(session)


# --- workers ------------------------------------------------------------------


def test_detection_gives_what_a_script_gets(viewer, folder, qtbot, forest):
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    dock = docks(viewer)["Micrographs"]
    qtbot.mouseClick(dock.detect_one, Qt.MouseButton.LeftButton)
    assert not dock.progress.isHidden()
    settle(session, qtbot)
    assert dock.progress.isHidden()
    micrograph = read_micrograph(folder / "dots_0.png")
    params = session.project.detection_params
    expected = analyse(micrograph, forest, params)
    shown = {one.id: one for one in session.project.particles}
    assert set(shown) == {one.id for one in expected.candidates}
    assert shown
    for one in expected.predictions:
        assert shown[one.particle_id].prediction == one
    assert [layer.name for layer in session.scene.maps] == [
        one.name for one in expected.detection.maps
    ]
    in_step(session)


def test_detect_all_marks_what_fails_and_does_the_rest(viewer, folder, qtbot):
    Image.fromarray(np.full((200, 200), 7, np.uint8)).save(folder / "dots_9.png")
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    session.detect_all()
    settle(session, qtbot)
    assert [one.analysed for one in session.entries] == [True, True, True, False]
    assert session.entries[3].problem
    dock = docks(viewer)["Micrographs"]
    assert dock.model.index(3, 0).data().startswith("\u26a0")


def test_cancel_stops_and_keeps_what_was_done(viewer, folder, qtbot):
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    session.detect_all()
    job = session.runner.heavy
    job.produced.connect(lambda _found: session.runner.cancel(job))
    settle(session, qtbot)
    assert sum(one.analysed for one in session.entries) == 1


def test_an_unreadable_micrograph_is_named_and_the_others_open(viewer, folder, qtbot):
    (folder / "dots_0.png").write_bytes(b"no picture")
    session = session_for(viewer)
    session.open_project(folder)
    qtbot.waitUntil(lambda: session.entries[0].problem is not None, timeout=SIGNAL_MS)
    assert session.view is None
    press(session, qtbot, Qt.Key.Key_PageDown)
    wait_for_pixels(session, qtbot)
    assert session.project.current == 1
    assert session.scene.image is not None


def test_what_was_read_too_late_is_dropped(viewer, folder, qtbot):
    session = session_for(viewer)
    session.open_project(folder)
    for index in (1, 2, 0, 2):
        session.open_micrograph(index)
    wait_for_pixels(session, qtbot)
    assert session.project.current == 2
    assert session.scene.image.name == "dots_2"
    expected = read_micrograph(folder / "dots_2.png").pixels
    np.testing.assert_array_equal(session.scene.image.data, expected)


# --- the store ----------------------------------------------------------------


def test_close_and_open_again(session, viewer, folder, qtbot):
    ids = particle_ids(session)
    press(session, qtbot, Qt.Key.Key_Period)
    press(session, qtbot, Qt.Key.Key_Y)
    session.project.remove([ids[1]])
    before = {one.id: one for one in session.project.particles}
    session.open_project(folder)
    wait_for_pixels(session, qtbot)
    assert {one.id: one for one in session.project.particles} == before
    in_step(session)
    # The undo history is there, too.
    control = Qt.KeyboardModifier.ControlModifier
    press(session, qtbot, Qt.Key.Key_Z, control)
    assert session.project.find(ids[1]) is not None
    press(session, qtbot, Qt.Key.Key_Z, control)
    assert labels(session) == [None] * 5
    in_step(session)


def test_undo_goes_to_the_micrograph_where_it_was(session, qtbot, forest):
    ids = particle_ids(session)
    session.project.label([ids[0]], "no")
    press(session, qtbot, Qt.Key.Key_PageDown)
    wait_for_pixels(session, qtbot)
    assert session.project.current == 1
    press(session, qtbot, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    wait_for_pixels(session, qtbot)
    assert session.project.current == 0
    assert labels(session) == [None] * 5
    in_step(session)


def test_a_full_disk_is_told_and_the_layer_repaired(session, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(notices, "show_error", told.append)
    monkeypatch.setattr(notices, "warn", told.append)

    def full(*_args):
        raise StoreError("The disk is full; make room and repeat the step.")

    monkeypatch.setattr(type(session.project._store.edits), "append", full)
    layer = session.view.layer
    session.view._tell = told.append
    layer.selected_data = {0}
    layer.remove_selected()
    settle(session, qtbot)
    assert layer.nshapes == 5
    in_step(session)
    session.project.select(particle_ids(session)[0])
    press(session, qtbot, Qt.Key.Key_Y)
    assert labels(session) == [None] * 5
    in_step(session)
    assert len(told) == 2
    assert "full" in told[0]


# --- retraining ---------------------------------------------------------------


@pytest.fixture
def labelled(session, qtbot, forest):
    """Three micrographs whose five particles each a person has labelled."""
    words = ("yes", "no", "null", "no", "empty")
    for index in range(3):
        session.open_micrograph(index)
        wait_for_pixels(session, qtbot)
        if index:
            put_circles(session, forest)
        for one, word in zip(particle_ids(session), words, strict=True):
            session.project.label([one], word)
    settle(session, qtbot)
    return session


def retrained(session, qtbot, params=FEW_TREES):
    """Press Retrain and wait for the outcome."""
    dock = docks(session.viewer)["Retrain"]
    dock.form.set_value(params)
    qtbot.mouseClick(dock.retrain, Qt.MouseButton.LeftButton)
    assert not dock.retrain.isEnabled()
    qtbot.waitUntil(lambda: session.trainer.job is None, timeout=3 * SIGNAL_MS)
    assert session.trainer.outcome is not None
    return dock


def test_retrain_and_keep(labelled, qtbot, forest):
    session = labelled
    assert session.project.active_model_id == forest.card.id
    dock = retrained(session, qtbot)
    outcome = session.trainer.outcome
    # Nothing has changed before she decides.
    assert session.project.active_model_id == forest.card.id
    assert outcome.model.card.parent == forest.card.id
    assert "particles would change class" in dock.comparison.flips.text()
    assert dock.comparison.note.text()
    assert outcome.compared == 15
    qtbot.mouseClick(dock.keep, Qt.MouseButton.LeftButton)
    settle(session, qtbot)
    assert session.project.active_model_id == outcome.model.card.id
    for index in range(3):
        assert not session.project.unclassified(index)
        for one in session.project.particles_of(index):
            assert one.prediction.model_id == outcome.model.card.id
    assert session.project.counts() == {"yes": 3, "no": 6, "null": 3, "empty": 3}
    assert dock.decision.isHidden()
    in_step(session)
    # What the first one learnt here is replaced by what the second one does.
    retrained(session, qtbot, replace(FEW_TREES, seed=1))
    assert len(session.trainer.outcome.model.training) == len(outcome.model.training)


def test_retrain_and_reject_and_cancel(labelled, qtbot, forest):
    session = labelled
    dock = retrained(session, qtbot)
    new = session.trainer.outcome.model.card.id
    qtbot.mouseClick(dock.reject, Qt.MouseButton.LeftButton)
    assert session.project.active_model_id == forest.card.id
    assert session.project.model_role(new) == "rejected"
    assert session.trainer.outcome is None
    for one in session.project.particles:
        assert one.prediction.model_id == forest.card.id
    # And one that is cancelled leaves everything as it was, too.
    session.trainer.retrain(ForestParams(trees=5000, folds=5))
    job = session.trainer.job
    job.progressed.connect(lambda _share: session.runner.cancel(job))
    qtbot.waitUntil(lambda: session.trainer.job is None, timeout=3 * SIGNAL_MS)
    assert session.trainer.outcome is None
    assert session.project.active_model_id == forest.card.id


def test_what_an_audit_told_stands_in_the_dock(viewer, folder, qtbot, forest):
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    session.project.audit_share = 1.0
    put_circles(session, forest)
    dock = docks(viewer)["Retrain"]
    says = dock.audit.says
    qtbot.waitUntil(lambda: "0 of at least 20" in says.text(), timeout=SIGNAL_MS)
    press(session, qtbot, Qt.Key.Key_Period)
    press(session, qtbot, Qt.Key.Key_N)
    settle(session, qtbot)
    assert len(session.project.audited()) == 1
    told = audit(session.project.audited(), forest.card.id).note
    qtbot.waitUntil(lambda: says.text() == told, timeout=SIGNAL_MS)


def test_what_is_too_little_to_study_is_said(labelled, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(notices, "warn", told.append)
    session = labelled
    dock = docks(session.viewer)["Retrain"]
    dock.studies.settings.click()
    assert not dock.studies.features.isEnabled()
    qtbot.waitUntil(lambda: session.trainer.job is None, timeout=3 * SIGNAL_MS)
    assert "at least 5 labels each of two classes" in told[0]
    assert dock.studies.features.isEnabled()
    retrained(session, qtbot)
    # The same sentence is not said twice.
    assert session.trainer.forecast.sentence == dock.comparison.note.text()
    assert "No score yet" in dock.comparison.note.text()
    assert dock.ahead.isHidden()


def test_settings_and_features_are_studied_in_the_dock(labelled, qtbot, monkeypatch):
    monkeypatch.setattr(validation, "MIN_PER_CLASS", 2)
    session = labelled
    dock = docks(session.viewer)["Retrain"]
    dock.form.set_value(FEW_TREES)
    for button in (dock.studies.settings, dock.studies.features):
        button.click()
        qtbot.waitUntil(lambda: session.trainer.job is None, timeout=3 * SIGNAL_MS)
    assert dock.studies.words.text() == session.trainer.tuning.sentence
    assert dock.studies.table.rowCount() > 10
    assert dock.studies.importance.rows[0].name in (
        one.name for one in session.trainer.importance.families
    )
    chosen = session.trainer.tuning.trials[0].params
    dock.studies.chosen.emit(chosen)
    assert dock.form.value().trees == chosen.trees
    assert dock.form.value().criterion == chosen.criterion


def test_keep_both_then_take_turns(labelled, qtbot, forest):
    session, project = labelled, labelled.project
    dock = retrained(session, qtbot)
    new = session.trainer.outcome.model.card.id
    dock.name.setText("mine")
    qtbot.mouseClick(dock.keep_both, Qt.MouseButton.LeftButton)
    settle(session, qtbot)
    assert project.active_model_id == forest.card.id
    assert dock.decision.isHidden()
    names = [dock.forests.forests.itemText(i) for i in range(2)]
    assert names == ["small", "mine"]
    dock.forests.forests.activated.emit(1)
    settle(session, qtbot)
    assert project.active_model_id == new
    assert project.active_model.card.name == "mine"
    assert not project.unclassified(2)
    assert dock.forests.back.text() == "Back to small"
    dock.forests.back.trigger()
    settle(session, qtbot)
    assert project.active_model_id == forest.card.id
    for one in project.particles:
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
        if one.label != session.project.find(one.particle_id).prediction.label
    }
    assert wanted == {one.particle_id for one in outcome.flips}
    assert wanted
    elsewhere = next(
        at
        for at, one in enumerate(outcome.flips)
        if session.project.index_of(one.particle_id) != session.project.current
    )
    table = dock.comparison.flip_list
    table.scrollTo(table.model().index(elsewhere, 0))
    place = table.visualRect(table.model().index(elsewhere, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    wait_for_pixels(session, qtbot)
    assert session.project.selected == outcome.flips[elsewhere].particle_id
    press(session, qtbot, Qt.Key.Key_Y)
    labelled_now = session.project.find(outcome.flips[elsewhere].particle_id)
    assert labelled_now.annotation.selected_by == "hand"


def test_a_fit_that_fails_leaves_everything_as_it_was(session, qtbot, monkeypatch):
    told = []
    monkeypatch.setattr(notices, "warn", told.append)
    project, before = session.project, session.project.particles
    project.label([particle_ids(session)[0]], "yes")
    dock = docks(session.viewer)["Retrain"]
    dock.onto.setChecked(False)
    active, models = project.active_model_id, project.models
    qtbot.mouseClick(dock.retrain, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.trainer.job is None, timeout=SIGNAL_MS)
    assert "at least two classes" in told[0]
    assert (project.active_model_id, project.models) == (active, models)
    assert session.trainer.outcome is None
    assert dock.retrain.isEnabled()
    assert [one.prediction for one in project.particles] == [
        one.prediction for one in before
    ]


def test_the_same_labels_again_change_nothing(labelled, qtbot):
    session, project = labelled, labelled.project
    dock = retrained(session, qtbot)
    qtbot.mouseClick(dock.keep, Qt.MouseButton.LeftButton)
    settle(session, qtbot)
    active = project.active_model_id
    session.trainer.retrain(replace(FEW_TREES, features="bragg"))
    qtbot.waitUntil(lambda: session.trainer.job is None, timeout=3 * SIGNAL_MS)
    assert session.trainer.outcome is None
    assert project.active_model_id == active
    assert project.model_role(active) == "kept"


def test_a_forest_goes_to_a_file_and_comes_back(session, qtbot, tmp_path, forest):
    path = tmp_path / "mine.skops"
    session.trainer.save(path)
    settle(session, qtbot)
    assert load_model(path).card == forest.card
    other = fit(forest.training, ForestParams(trees=5, copies=0), name="other")
    save_model(other, path)
    session.trainer.load(path)
    settle(session, qtbot)
    assert session.project.active_model.card.name == "other"
    assert not session.project.unclassified()


def test_what_is_unlike_the_training_set_is_marked(session, qtbot):
    project = session.project
    said = [replace(one.prediction, novelty=2.0) for one in project.particles]
    project.put_predictions(project.active_model_id, said)
    shown = docks(session.viewer)
    session.micrographs_changed.emit()
    first = shown["Micrographs"].model.index(0, 0)
    assert first.data().startswith("\u25c7")
    assert "5 of its 5 circles" in first.data(Qt.ItemDataRole.ToolTipRole)
    assert "5 of its 5 circles" in shown["Micrographs"].problem.text()
    project.select(particle_ids(session)[0])
    assert "learnt from nothing like it" in shown["Particle"].card.says.text()


# --- closing ------------------------------------------------------------------


def test_closing_during_work_leaves_no_thread(viewer, folder, qtbot):
    session = session_for(viewer)
    open_folder(session, folder, qtbot)
    session.detect_all()
    path = session.project.path
    viewer.close()
    qtbot.waitUntil(lambda: session.closed, timeout=SIGNAL_MS)
    assert session.project is None
    qtbot.waitUntil(
        lambda: QThreadPool.globalInstance().activeThreadCount() == 0,
        timeout=SIGNAL_MS,
    )
    with sqlite3.connect(path) as store:
        assert store.execute("pragma integrity_check").fetchone() == ("ok",)


def test_the_demo_draws_its_picture(folder, tmp_path, make_napari_viewer, monkeypatch):
    monkeypatch.setattr(window.napari, "Viewer", make_napari_viewer)
    save, measured = window._save_picture, []

    def look_and_save(viewer, path):
        measured.append(docks(viewer)["Particle"].card.measured)
        save(viewer, path)

    monkeypatch.setattr(window, "_save_picture", look_and_save)
    picture = tmp_path / "window.png"
    window.open_demo(folder, picture)
    assert measured == [True]
    assert np.asarray(Image.open(picture)).std() > 5
