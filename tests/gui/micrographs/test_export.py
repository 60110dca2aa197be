"""Results from the window: the same files that the command writes."""

from __future__ import annotations

import json

import pytest

from napari_cdse.cli import main
from napari_cdse.gui.app import window
from napari_cdse.gui.micrographs import export_button
from napari_cdse.gui.session import notifications
from tests.gui.conftest import particle_ids, settle, standing


@pytest.fixture
def said(monkeypatch):
    """What the window says of what went well."""
    said = []
    monkeypatch.setattr(notifications, "inform", said.append)
    return said


def export(workspace, qtbot, monkeypatch, folder, action=0):
    """Choose from the button's menu, and a folder in the dialog."""
    monkeypatch.setattr(export_button, "ask_results", lambda _parent, _beside: folder)
    button = window.add_dock(workspace.viewer, "Micrographs").view.export
    assert button.isEnabled()
    button.menu().actions()[action].trigger()
    settle(workspace, qtbot)


@pytest.mark.parametrize("flags", [[], ["--include-predictions"]])
def test_the_button_writes_what_the_command_writes(
    workspace, qtbot, monkeypatch, tmp_path, said, flags
):
    project, ids = workspace.project, particle_ids(workspace)
    project.edits.label(ids[:1], "yes")
    project.edits.label(ids[1:3], "no")
    by_hand, by_command = tmp_path / "by hand", tmp_path / "by command"
    export(workspace, qtbot, monkeypatch, by_hand, action=len(flags))
    command = ["export", str(project.path), "--out", str(by_command), *flags]
    assert main(command) == 0
    for name in ("particles.csv", "labels.csv", "summary.json", "labels/dots_0.txt"):
        assert (by_hand / name).read_bytes() == (by_command / name).read_bytes()
    rows = (by_hand / "particles.csv").read_text().splitlines()
    assert len(rows) == 1 + (5 if flags else 3)
    (told,) = said
    summary = json.loads((by_hand / "summary.json").read_text("utf-8"))
    assert summary["visible_defects"]["sentence"] in told
    assert ("2 are the forest's, not reviewed" in told) == bool(flags)
    assert str(by_hand) in told
    assert standing(workspace) == []


def test_a_folder_that_cannot_be_made_is_named(
    workspace, qtbot, monkeypatch, tmp_path, said
):
    workspace.project.edits.label(particle_ids(workspace)[:1], "yes")
    (tmp_path / "taken").write_text("a file")
    export(workspace, qtbot, monkeypatch, tmp_path / "taken")
    (told,) = standing(workspace)
    assert "taken" in told
    assert said == []


def test_no_folder_chosen_writes_nothing(workspace, qtbot, monkeypatch, said):
    export(workspace, qtbot, monkeypatch, None)
    assert (said, standing(workspace)) == ([], [])


def test_without_a_project_there_is_nothing_to_export(viewer):
    assert not window.add_dock(viewer, "Micrographs").view.export.isVisible()
