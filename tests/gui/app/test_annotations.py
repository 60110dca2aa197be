"""Annotations of other programs, dropped on the window or chosen, and exported."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_cdse.core.records import Circle
from napari_cdse.gui.app import commands, window
from napari_cdse.gui.controllers.annotation_import import AnnotationImport
from napari_cdse.gui.session import notifications
from napari_cdse.gui.session.standing_messages import StandingMessages
from napari_cdse.io.annotations.formats import read_annotations
from tests.gui.conftest import SIGNAL_MS, particle_ids, settle
from tests.gui.dropping import drop
from tests.gui.micrographs.test_export import export
from tests.project.test_import_annotations import coco_file

NEW = Circle(120.0, 40.0, 20.0)


@pytest.fixture
def annotations(workspace, tmp_path):
    """A new circle with a class, and one in a picture that is not there."""
    name = workspace.project.micrographs.entries[0].name
    coco_file(tmp_path / "b.json", (NEW, "yes"), image="elsewhere.png")
    return coco_file(tmp_path / "a.json", (NEW, "yes"), image=name)


def imported(workspace):
    return [
        each
        for each in workspace.project.particles.current
        if each.annotation and each.annotation.origin == "imported"
    ]


def test_files_dropped_on_the_dock_come_in_and_what_does_not_fit_stands_there(
    workspace, annotations, qtbot
):
    dock = window.add_dock(workspace.viewer, "Micrographs")
    assert drop(dock, annotations, annotations.with_name("b.json"))
    qtbot.waitUntil(lambda: bool(imported(workspace)), timeout=SIGNAL_MS)
    settle(workspace, qtbot)
    (particle,) = imported(workspace)
    assert particle.circle == NEW
    shown = workspace.project.particles.current
    assert len(workspace.canvas.particles.layer.data) == len(shown)
    told = [each.sentence for each in workspace.session.messages.shown]
    assert any("there is no micrograph elsewhere.png" in each for each in told)
    workspace.history.undo()
    assert imported(workspace) == []


@pytest.mark.parametrize(("number", "more"), [(5, 0), (6, 1), (8, 3)])
def test_five_sentences_on_what_did_not_fit_are_shown_and_the_rest_counted(
    qapp, number, more
):
    messages = StandingMessages()
    session = SimpleNamespace(messages=messages)
    taken = SimpleNamespace(_session=session)
    AnnotationImport._show_problems(taken, [f"Not {at}." for at in range(number)])
    (message,) = messages.shown
    wanted = "Not 0. Not 1. Not 2. Not 3. Not 4."
    if more:
        wanted += f" There are {more} more of these; `napari-cdse import` lists all."
    assert message.sentence == wanted
    # What fits leaves no sentence of the files before.
    AnnotationImport._show_problems(taken, [])
    assert messages.shown == ()


def test_a_file_opened_in_napari_comes_into_the_open_project(
    workspace, annotations, qtbot
):
    workspace.viewer.open(annotations, plugin="napari-cdse")
    settle(workspace, qtbot)
    assert len(imported(workspace)) == 1


def test_the_menu_asks_for_files(workspace, annotations, qtbot, monkeypatch):
    monkeypatch.setattr(commands, "ask_annotations", lambda *_: [annotations])
    commands.import_annotations(workspace.viewer)
    settle(workspace, qtbot)
    assert len(imported(workspace)) == 1


@pytest.mark.parametrize("name", ["saved.json", "saved.zip"])
def test_the_layer_is_saved_for_other_programs_with_its_classes(
    workspace, tmp_path, qtbot, name
):
    first = workspace.project.particles.current[0]
    workspace.project.edits.label([first.id], "no")
    settle(workspace, qtbot)
    path = tmp_path / name
    workspace.canvas.particles.layer.save(str(path), plugin="napari-cdse")
    (shape,) = read_annotations(path, lambda _name: None).shapes
    assert shape.name == "no"
    wanted = first.circle
    assert shape.circle.row_px == pytest.approx(wanted.row_px, abs=0.01)
    assert shape.circle.col_px == pytest.approx(wanted.col_px, abs=0.01)
    assert shape.circle.radius_px == pytest.approx(wanted.radius_px, abs=0.01)


def test_without_a_project_the_menu_says_so(viewer, monkeypatch):
    said = []
    monkeypatch.setattr(notifications, "warn", said.append)
    commands.import_annotations(viewer)
    assert "open a folder of micrographs first" in said[0]


def test_export_writes_the_formats_that_are_ticked(workspace, qtbot, tmp_path):
    workspace.project.edits.label(particle_ids(workspace)[:1], "yes")
    button = window.add_dock(workspace.viewer, "Micrographs").view.export
    button.formats["imagej"].setChecked(True)
    export(workspace, qtbot, tmp_path / "out")
    (made,) = (tmp_path / "out" / "imagej").iterdir()
    assert made.name.endswith("_RoiSet.zip")
    assert not (tmp_path / "out" / "yolo").exists()
