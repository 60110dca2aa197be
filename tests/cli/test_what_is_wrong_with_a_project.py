"""Commands say what is wrong with a project before they say its numbers."""

import pytest

from napari_cdse.cli import main
from napari_cdse.project import Project
from tests.io.store.stores import change_file
from tests.project_tools import write_judged_folder

COMMANDS = {
    "export": ["--out", "{out}/results"],
    "report": ["--out", "{out}/page.html"],
    "samples": [],
    "agreement": [],
    "compare": ["--by-project"],
    "train": ["--out", "{out}/m.skops", "--folds", "2", "--trees", "3"],
}


@pytest.fixture
def folder(tmp_path):
    return write_judged_folder(tmp_path / "may")


def said_by(command, folder, tmp_path, capsys):
    flags = [each.format(out=tmp_path) for each in COMMANDS[command]]
    main([command, str(folder / "napari-cdse.cdse"), *flags])
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_what_could_not_be_read_of_it_is_told(folder, tmp_path, capsys, command):
    lost = "UPDATE micrographs SET key = 77 WHERE key = 1"
    change_file(folder / "napari-cdse.cdse", "PRAGMA foreign_keys = OFF", lost)
    first = said_by(command, folder, tmp_path, capsys)[0]
    assert "1 of the micrographs with labels cannot be read (number 1)" in first


@pytest.mark.parametrize("command", COMMANDS)
def test_that_all_of_it_is_left_out_is_told(folder, tmp_path, capsys, command):
    project = Project.create_or_open(folder)
    project.exclusions.set_excluded(0, "blurred")
    project.close()
    some = said_by(command, folder, tmp_path, capsys)
    assert not [line for line in some if "left out" in line]
    project = Project.create_or_open(folder)
    project.exclusions.set_excluded(1, "drifted")
    project.close()
    first = said_by(command, folder, tmp_path, capsys)[0]
    assert first == (
        "napari-cdse.cdse: All 2 micrographs are left out, so that nothing in it "
        "counts; take in again in the window what shall count."
    )
