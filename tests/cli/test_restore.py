"""``napari-cdse restore``, and what commands say of files beside a project."""

import shutil

import pytest

from napari_cdse.cli import main
from napari_cdse.core.records import Circle
from napari_cdse.project import Project
from tests.project_tools import hand_over, write_folder

GRID = [Circle(20.0 + 30 * n, 30.0, 8.0) for n in range(3)]


@pytest.fixture
def path(tmp_path):
    """A project that was worked on in three sittings, one label each."""
    folder = write_folder(tmp_path / "sample", ["m1.png"])
    for circle in GRID:
        project = Project.create_or_open(folder)
        hand_over(project)
        project.edits.draw(circle, "yes")
        project.close()
    return project.path


def n_labels(path):
    project = Project.create_or_open(path)
    try:
        return project.particles.counts()["yes"]
    finally:
        project.close()


def listed(capsys, *words):
    assert main(["restore", *words, "--list"]) == 0
    return [line.split("  ") for line in capsys.readouterr().out.splitlines()]


def test_the_newest_backup_takes_the_place_of_a_damaged_project(path, capsys):
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 3000)
    assert main(["export", str(path), "--out", str(path.parent / "out")]) == 1
    assert "napari-cdse restore" in capsys.readouterr().err
    before = path.read_bytes()
    rows = listed(capsys, str(path.parent))
    assert [row[2] for row in rows] == ["2 labels", "1 label"]
    assert path.read_bytes() == before
    assert main(["restore", str(path)]) == 0
    told = capsys.readouterr().out
    assert f"is the backup {rows[0][0]} now, with 2 labels" in told
    (aside,) = path.with_name(f"{path.name}-backups").glob("set-aside-*")
    assert str(aside) in told
    assert aside.read_bytes() == before
    assert n_labels(path) == 2


def test_a_named_backup_is_put_back_and_that_can_be_put_back_too(path, capsys):
    rows = listed(capsys, str(path))
    assert main(["restore", str(path), "--backup", rows[1][0]]) == 0
    assert n_labels(path) == 1
    (aside,) = path.with_name(f"{path.name}-backups").glob("set-aside-*")
    assert main(["restore", str(path), "--backup", aside.name]) == 0
    assert n_labels(path) == 3


def test_a_damaged_backup_is_passed_over_and_said(path, capsys):
    newest, older = (row[0] for row in listed(capsys, str(path)))
    file = path.with_name(f"{path.name}-backups") / newest
    file.write_bytes(file.read_bytes()[:9000])
    assert main(["restore", str(path)]) == 0
    told = capsys.readouterr()
    assert newest in told.err
    assert f"is the backup {older} now" in told.out


@pytest.mark.parametrize("name", ["gone.cdse", "../../m1.png", "2026"])
def test_what_is_no_backup_is_not_put_back(path, capsys, name):
    before = path.read_bytes()
    assert main(["restore", str(path), "--backup", name]) == 1
    assert "There is no backup" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_a_project_without_backups_is_left_alone(tmp_path, capsys):
    assert main(["restore", str(tmp_path)]) == 1
    assert "There is no backup of napari-cdse.cdse" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_conflict_copy_is_named_with_its_labels(path, capsys):
    shutil.copy(path, path.with_name("napari-cdse-DESKTOP-7.cdse"))
    project = Project.create_or_open(path)
    hand_over(project)
    project.edits.draw(Circle(20.0, 80.0, 8.0), "yes")
    project.close()
    assert main(["export", str(path), "--out", str(path.parent / "out")]) == 0
    told = capsys.readouterr().err
    assert (
        "Beside napari-cdse.cdse (4 labels) lies another project file: "
        "napari-cdse-DESKTOP-7.cdse (3 labels)" in told
    )


def test_a_folder_without_the_usual_project_says_what_it_has(path, capsys):
    path.rename(path.with_name("napari-cdse (conflicted copy 2026-11-28).cdse"))
    assert main(["export", str(path.parent), "--out", str(path.parent / "out")]) == 1
    told = capsys.readouterr().err
    assert "napari-cdse (conflicted copy 2026-11-28).cdse (3 labels)" in told
    assert "(2 labels); `napari-cdse restore" in told
