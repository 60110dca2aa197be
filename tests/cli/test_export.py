"""Which project ``export`` takes."""

from __future__ import annotations

import json

import pytest

from napari_cdse.cli import main
from napari_cdse.core.records import Circle
from napari_cdse.project import Project
from tests.project_tools import hand_over, write_folder


@pytest.fixture
def folder(tmp_path):
    folder = write_folder(tmp_path / "sample")
    project = Project.create_or_open(folder)
    hand_over(project)
    project.edits.draw(Circle(30.0, 40.0, 10.0), "yes")
    project.close()
    return folder


def test_the_folder_stands_for_the_project_in_it(folder, tmp_path):
    assert main(["export", str(folder), "--out", str(tmp_path / "out")]) == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["classes"] == {"yes": 1, "no": 0, "null": 0, "empty": 0}


@pytest.mark.parametrize("name", ["m1.png", ".", "nowhere.cdse"])
def test_nothing_is_made_of_what_is_no_project(folder, tmp_path, capsys, name):
    (folder / "napari-cdse.cdse").unlink()
    before = sorted(folder.iterdir())
    status = main(["export", str(folder / name), "--out", str(tmp_path / "out")])
    assert status != 0
    assert "There is no project" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before
    assert not (tmp_path / "out").exists()
