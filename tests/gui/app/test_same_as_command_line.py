"""``napari-cdse predict`` and the window give identical circles and probabilities."""

from __future__ import annotations

import csv
from dataclasses import fields

import numpy as np
from qtpy.QtCore import Qt

from napari_cdse.cli import main
from napari_cdse.core.classifier.tree_arrays import Forest
from napari_cdse.core.params import ForestParams
from napari_cdse.core.records import CLASSES
from napari_cdse.gui.app import window
from napari_cdse.gui.opening import open_project
from napari_cdse.gui.workspace import workspace_for
from napari_cdse.io.models.model_file import load_model
from napari_cdse.resources import default_model_path
from tests.gui.conftest import SIGNAL_MS, open_folder, settle, wait_for_pixels

NUMBERS = ("x_px", "y_px", "radius_px", *(f"p_{name}" for name in CLASSES))


def written(out) -> dict[str, list[str]]:
    """Numbers of each particle in the table, as they stand there."""
    with (out / "particles.csv").open(newline="") as file:
        return {
            row["particle"]: [row[name] for name in NUMBERS]
            for row in csv.DictReader(file)
        }


def shown(project) -> dict[str, list[str]]:
    """The same of each particle in the window's project."""
    found = {}
    for entry in project.micrographs.entries:
        for one in project.particles.of(entry.index):
            circle = one.circle
            place = (circle.col_px, circle.row_px, circle.radius_px)
            numbers = (*place, *one.prediction.probabilities)
            found[one.id] = [f"{number:.10g}" for number in numbers]
    return found


def test_window_and_command_line_give_the_same(
    viewer, picture_folder, tmp_path, qtbot, monkeypatch
):
    out = tmp_path / "out"
    assert main(["predict", str(picture_folder), "--out", str(out)]) == 0
    model = load_model(default_model_path())
    monkeypatch.setattr(open_project, "shipped_model", lambda: model)
    workspace = workspace_for(viewer)
    open_folder(workspace, picture_folder, qtbot)
    dock = window.add_dock(viewer, "Micrographs").view
    qtbot.mouseClick(dock.detect_all, Qt.MouseButton.LeftButton)
    settle(workspace, qtbot)
    expected = written(out)
    assert len(expected) >= 8
    assert shown(workspace.project) == expected


def test_window_and_command_line_train_the_same_forest(
    viewer, labelled_folder, tmp_path, qtbot, monkeypatch
):
    """The same labels and settings: the same forest, to the last node."""
    model = load_model(default_model_path())
    monkeypatch.setattr(open_project, "shipped_model", lambda: model)
    workspace = workspace_for(viewer)
    open_folder(workspace, labelled_folder, qtbot)
    for entry in workspace.session.entries:
        workspace.navigation.open_micrograph(entry.index)
        wait_for_pixels(workspace, qtbot)
    workspace.training.retrain(ForestParams(trees=12, copies=1, folds=2))
    qtbot.waitUntil(lambda: workspace.training.job is None, timeout=3 * SIGNAL_MS)
    here = workspace.training.outcome.model
    out = tmp_path / "there.skops"
    few = ["--trees", "12", "--copies", "1", "--folds", "2"]
    onto = ["--onto", str(default_model_path())]
    project = str(workspace.project.path)
    assert main(["train", project, "--out", str(out), *onto, *few]) == 0
    there = load_model(out)
    assert there.card.id == here.card.id
    assert there.training.digest() == here.training.digest()
    for part in fields(Forest):
        one, other = getattr(here.forest, part.name), getattr(there.forest, part.name)
        np.testing.assert_array_equal(one, other)
    # And what the command line made works in the window.
    workspace.training.load(out)
    settle(workspace, qtbot)
    assert workspace.project.models.active_id == there.card.id
