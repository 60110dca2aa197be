"""Detection in a worker: what it gives, what fails, Cancel, what is marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image
from qtpy.QtCore import Qt

from napari_cdse.core.classifier.forest import fit
from napari_cdse.core.errors import ModelError
from napari_cdse.core.params import ForestParams
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.io.models.model_file import save_model
from napari_cdse.pipeline import analyse
from tests.drawn_particles import speckle
from tests.gui.conftest import (
    open_folder,
    particle_ids,
    settle,
    standing,
    wait_for_pixels,
)
from tests.gui.showing import docks, in_step


def test_detection_gives_what_a_script_gets(viewer, folder, qtbot, forest):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    dock = docks(viewer)["Micrographs"]
    qtbot.mouseClick(dock.detect_one, Qt.MouseButton.LeftButton)
    assert not dock.progress.isHidden()
    settle(workspace, qtbot)
    assert dock.progress.bar.isHidden()
    micrograph = read_micrograph(folder / "dots_0.png")
    params = workspace.project.settings.detection
    expected = analyse(micrograph, forest, params)
    shown = {one.id: one for one in workspace.project.particles.current}
    assert set(shown) == {one.id for one in expected.candidates}
    assert shown
    for one in expected.predictions:
        assert shown[one.particle_id].prediction == one
    assert [layer.name for layer in workspace.canvas.layers.maps] == [
        one.name for one in expected.detection.maps
    ]
    in_step(workspace)


def test_what_cannot_be_opened_cannot_be_detected_alone(viewer, folder, qtbot):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    (folder / "dots_1.png").unlink()
    dock = docks(viewer)["Micrographs"]
    for index, there in ((0, True), (1, False), (2, True)):
        workspace.navigation.open_micrograph(index)
        settle(workspace, qtbot)
        assert (workspace.session.micrograph is not None) == there
        assert dock.detect_one.isEnabled() == there
        assert dock.detect_all.isEnabled()


def test_detect_all_marks_what_fails_and_does_the_rest(viewer, folder, qtbot):
    bare = speckle((200, 200), 3)
    Image.fromarray(bare.clip(0, 255).astype(np.uint8)).save(folder / "dots_8.png")
    Image.fromarray(np.full((200, 200), 7, np.uint8)).save(folder / "dots_9.png")
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    workspace.detection.detect_all()
    settle(workspace, qtbot)
    assert [one.analysed for one in workspace.session.entries] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert workspace.session.entries[4].problem
    dock = docks(viewer)["Micrographs"]
    assert dock.model.index(4, 0).data().startswith("\u26a0")
    found = [
        one
        for entry in range(4)
        for one in workspace.project.particles.of(entry)
        if one.prediction.label != "empty"
    ]
    outcome = dock.progress.title.text()
    assert outcome == (
        f"4 micrographs, {len(found)} particles, 4 with an unsure or assumed pixel "
        "size, 1 not done (the table says why)."
    )


def test_a_file_that_can_not_be_read_when_another_forest_is_asked_is_marked(
    workspace, qtbot, tmp_path, forest
):
    dock = docks(workspace.viewer)["Micrographs"]
    path = tmp_path / "other.skops"
    save_model(fit(forest.training, ForestParams(trees=5, copies=0)), path)
    workspace.navigation.open_micrograph(2)
    wait_for_pixels(workspace, qtbot)
    entry = workspace.session.entries[0]
    entry.path.write_bytes(b"no picture any more")
    workspace.training.load(path)
    settle(workspace, qtbot)
    assert workspace.project.models.active_id != forest.card.id
    assert workspace.project.detections.unclassified(0)
    assert "dots_0.png" in workspace.session.entries[0].problem
    row = dock.model.index(0, 0)
    assert row.data().startswith("\u26a0")
    assert workspace.session.entries[0].problem in row.data(Qt.ItemDataRole.ToolTipRole)


def test_cancel_stops_and_keeps_what_was_done(viewer, folder, qtbot):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)
    workspace.detection.detect_all()
    job = workspace.session.runner.heavy
    job.produced.connect(lambda _found: workspace.session.runner.cancel(job))
    settle(workspace, qtbot)
    assert sum(one.analysed for one in workspace.session.entries) == 1
    outcome = docks(viewer)["Micrographs"].progress.title.text()
    assert outcome.startswith("Stopped at 1 of 3: 1 micrograph, ")


def test_what_is_unlike_the_training_set_is_marked(workspace, qtbot):
    project = workspace.project
    said = [replace(one.prediction, novelty=2.0) for one in project.particles.current]
    project.detections.put_predictions(project.models.active_id, said)
    shown = docks(workspace.viewer)
    workspace.session.micrographs_changed.emit()
    first = shown["Micrographs"].model.index(0, 0)
    assert first.data().startswith("\u25c7")
    assert "5 of its 5 circles" in first.data(Qt.ItemDataRole.ToolTipRole)
    assert "5 of its 5 circles" in shown["Micrographs"].problem.text()
    project.selection.select(particle_ids(workspace)[0])
    told = shown["Particle"].card.words.text()
    assert "unlike anything in the forest's training set" in told


def test_a_forest_that_is_of_no_use_is_told_once_and_circles_are_found(
    viewer, folder, qtbot, monkeypatch
):
    workspace = workspace_for(viewer)
    open_folder(workspace, folder, qtbot)

    def refuse(_models):
        raise ModelError("This forest asks for other features.")

    monkeypatch.setattr(type(workspace.project.models), "active", property(refuse))
    for _ in range(2):
        workspace.detection.analyse([0])
        settle(workspace, qtbot)
    said = "This forest asks for other features. Circles are found, but not classified."
    assert standing(workspace).count(said) == 1
    assert workspace.project.particles.of(0)
    assert all(one.prediction is None for one in workspace.project.particles.of(0))


def test_another_pixel_size_is_told_until_all_is_found_and_classified_anew(
    workspace, qtbot
):
    # What the search of that size gave is replaced; a judged circle stays, and its
    # class is asked for anew, since a forest goes by lengths in nm.
    dock, project = docks(workspace.viewer)["Micrographs"], workspace.project
    due = dock.pixel_size.due
    workspace.detection.detect_current()
    settle(workspace, qtbot)
    assert due.isHidden()
    judged = project.particles.current[0].id
    project.edits.label([judged], "no")
    before = project.particles.get(judged).prediction
    searched_nm = project.micrographs.pixel_size(0).nm
    project.micrographs.set_pixel_size(1.3 * searched_nm, [0])
    settle(workspace, qtbot)
    assert f"those of {searched_nm:.4g} nm/px" in due.text()
    assert not due.isHidden()
    qtbot.mouseClick(dock.detect_one, Qt.MouseButton.LeftButton)
    settle(workspace, qtbot)
    assert due.isHidden()
    now = project.particles.get(judged)
    assert now.label == "no"
    assert now.prediction.probabilities != before.probabilities
