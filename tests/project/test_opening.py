"""Folders and files becoming projects; projects that may only be looked at."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from napari_cdse.core.errors import (
    CdseError,
    FolderNotWritable,
    MicrographError,
    ProjectUnreadable,
    StoreError,
)
from napari_cdse.core.records import Circle
from napari_cdse.io.images.micrograph_file import read_micrograph
from napari_cdse.project import Project
from tests.project_tools import (
    Heard,
    hand_over,
    put_circles,
    write_folder,
    write_picture,
)

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)


def test_a_folder_becomes_a_project_in_natural_order(folder):
    project = Project.create_or_open(folder)
    assert [each.name for each in project.micrographs.entries] == [
        "m1.png",
        "m2.png",
        "m10.png",
    ]
    assert project.path == folder / "napari-cdse.cdse"
    assert project.selection.index is None
    assert [each.id for each in project.micrographs.entries] == [None] * 3
    project.close()


def test_opening_reads_no_micrograph(folder, monkeypatch):
    def refuse(*_args, **_values):
        raise AssertionError("a micrograph was opened")

    monkeypatch.setattr("napari_cdse.io.images.micrograph_file.open_file", refuse)
    project = Project.create_or_open(folder)
    assert len(project.micrographs.entries) == 3
    project.close()


def test_the_folder_may_be_opened_by_its_project_file_and_by_its_pictures(folder):
    project = Project.create_or_open(folder)
    project.selection.open(1)
    project.edits.draw(A, "yes")
    path = project.path
    project.close()
    for source in (path, str(folder), [folder / "m1.png", folder / "m2.png"]):
        again = Project.create_or_open(source)
        assert again.path == path
        assert again.particles.counts()["yes"] == 1
        assert again.resume_point.index == 1
        again.close()


def test_chosen_pictures_alone_make_a_project_of_these(folder):
    project = Project.create_or_open([folder / "m2.png"])
    assert [each.name for each in project.micrographs.entries] == ["m2.png"]
    project.close()


def test_new_pictures_join_and_keep_the_order(folder):
    project = Project.create_or_open(folder)
    hand_over(project, 2)
    drawn = project.edits.draw(A)
    project.close()
    write_picture(folder / "m3.png", 33)
    again = Project.create_or_open(folder)
    assert [each.name for each in again.micrographs.entries][2:] == [
        "m3.png",
        "m10.png",
    ]
    assert again.particles.micrograph_of(drawn) == 3
    again.close()


@pytest.mark.parametrize(
    ("name", "says"),
    [("dots.xyz", "is of no format that is known here"), ("dots.tif", "not what its")],
)
def test_a_file_that_is_no_micrograph_says_which_formats_are(tmp_path, name, says):
    (tmp_path / name).write_bytes(b"nothing that anybody knows")
    opens = read_micrograph if name.endswith(".tif") else Project.create_or_open
    with pytest.raises(MicrographError) as caught:
        opens(tmp_path / name)
    told = str(caught.value)
    assert told.startswith(name)
    assert says in told
    assert all(one in told for one in ("PNG", "TIFF", "DM4", "save it as TIFF"))


def test_a_folder_without_micrographs_gets_no_project(tmp_path):
    (tmp_path / "notes.md").write_text("nothing here")
    with pytest.raises(StoreError, match=r"no micrograph in .*\.dm4") as refused:
        Project.create_or_open(tmp_path)
    assert str(refused.value).count("choose") == 1
    with pytest.raises(CdseError):
        Project.create_or_open(tmp_path / "gone")
    with pytest.raises(StoreError, match="Nothing was chosen"):
        Project.create_or_open([])
    assert [each.name for each in tmp_path.iterdir()] == ["notes.md"]


def test_the_project_file_may_lie_elsewhere(folder, tmp_path):
    place = tmp_path / "mine.cdse"
    project = Project.create_or_open(folder, place)
    hand_over(project)
    project.edits.draw(A, "no")
    project.close()
    again = Project.create_or_open(place)
    assert again.particles.counts()["no"] == 1
    assert again.micrographs.entries[0].path.resolve() == folder / "m1.png"
    assert not (folder / "napari-cdse.cdse").exists()
    again.close()


def test_a_project_that_may_not_be_written_can_be_looked_at(folder, monkeypatch):
    project = Project.create_or_open(folder)
    hand_over(project)
    first, _ = put_circles(project, [A, B])
    project.edits.label([first], "yes")
    project.close()
    monkeypatch.setattr("napari_cdse.io.store.database._may_write", lambda _path: False)
    looking = Project.create_or_open(folder)
    assert looking.read_only
    assert "looking only" in looking.notices[0]
    hand_over(looking)
    heard = Heard(looking)
    with pytest.raises(StoreError, match="may not be written"):
        looking.edits.label([first], "no")
    assert looking.particles.get(first).label == "yes"
    assert heard.of("particles_changed") == [None]
    looking.close()


def test_a_folder_that_may_not_be_written_gets_its_project_elsewhere(
    open_folder, tmp_path, without_rights
):
    write_folder(open_folder)
    for each in open_folder.iterdir():
        each.chmod(0o644)
    with without_rights():
        with pytest.raises(FolderNotWritable, match="choose another folder") as caught:
            Project.create_or_open(open_folder)
        assert caught.value.folder == open_folder
        with tempfile.TemporaryDirectory() as elsewhere:
            place = Path(elsewhere, "mine.cdse")
            project = Project.create_or_open(open_folder, place)
            project.selection.open(0)
            project.edits.draw(A, "yes")
            project.close()
            again = Project.create_or_open(open_folder, place)
            assert not again.read_only
            assert again.particles.counts()["yes"] == 1
            assert again.micrographs.entries[0].path.resolve() == open_folder / "m1.png"
            again.close()


def test_a_project_that_may_only_be_looked_at_can_be_copied(
    open_folder, without_rights
):
    project = Project.create_or_open(write_folder(open_folder))
    hand_over(project)
    first, _ = put_circles(project, [A, B])
    project.edits.label([first], "yes")
    project.close()
    for each in open_folder.iterdir():
        each.chmod(0o644)
    with without_rights(), tempfile.TemporaryDirectory() as elsewhere:
        looking = Project.create_or_open(open_folder)
        assert looking.read_only
        place = Path(elsewhere, "sub", "mine.cdse")
        with pytest.raises(FolderNotWritable):
            looking.copy_to(place)
        place.parent.mkdir()
        looking.copy_to(place)
        with pytest.raises(StoreError, match="is there already"):
            looking.copy_to(place)
        looking.close()
        copy = Project.create_or_open(place)
        assert copy.notices == ()
        assert [each.problem for each in copy.micrographs.entries] == [None] * 3
        assert copy.particles.get(first).label == "yes"
        hand_over(copy)
        assert copy.history.undo() == "Label 1 circle yes"
        copy.close()
        again = Project.create_or_open(open_folder)
        assert again.particles.get(first).label == "yes"
        again.close()


def test_a_folder_of_a_microscopes_own_files_says_to_export_them(tmp_path):
    (tmp_path / "0001.tvips").write_bytes(b"\0\0\0\3")
    with pytest.raises(StoreError, match=r"0001\.tvips.*TIFF"):
        Project.create_or_open(tmp_path)


def test_a_name_that_no_project_can_keep_is_left_out_and_told(folder):
    (folder / "m1.png").rename(folder / os.fsdecode(b"m\xff.png"))
    project = Project.create_or_open(folder)
    assert [each.name for each in project.micrographs.entries] == ["m2.png", "m10.png"]
    assert project.notices[0].startswith(r"m\udcff.png is left out: a name with bytes")
    project.close()
    (folder / "m2.png").rename(folder / os.fsdecode(b"n\xff.png"))
    again = Project.create_or_open(folder)
    assert r"m\udcff.png and 1 more are left out" in again.notices[0]
    assert again.micrographs.entries[0].problem is not None
    again.close()


def test_a_renamed_file_that_no_project_can_keep_is_called_missing(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    project.edits.draw(A, "yes")
    project.close()
    (folder / "m1.png").rename(folder / os.fsdecode(b"m\xff.png"))
    again = Project.create_or_open(folder)
    assert any("m1.png is missing; its labels are kept" in n for n in again.notices)
    assert again.particles.counts()["yes"] == 1
    again.close()


def test_a_place_that_cannot_be_looked_at_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(StoreError, match=r"There is no micrograph in .*too long"):
        Project.create_or_open(tmp_path / ("x" * 300))


def test_an_emptied_file_is_no_new_project_where_work_was(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    project.edits.draw(A, "yes")
    project.close()
    Project.create_or_open(folder).close()
    project.path.write_bytes(b"")
    for source in (folder, project.path):
        with pytest.raises(ProjectUnreadable, match=r"is empty.*\(1 label\)"):
            Project.create_or_open(source)
    shutil.rmtree(f"{project.path}-backups")
    # So does one that was killed while it was made.
    Project.create_or_open(folder).close()
