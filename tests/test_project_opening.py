"""Folders and files becoming projects: label files, and stores that fail."""

import os
import tempfile
from pathlib import Path

import pytest

from napari_cdse.core.errors import CdseError, FolderNotWritable, StoreError
from napari_cdse.core.records import Circle
from napari_cdse.io.label_file import write_label_file
from napari_cdse.io.store import Store
from napari_cdse.project import Project
from tests.project_tools import (
    SHAPE,
    Heard,
    hand_over,
    put_circles,
    write_folder,
    write_picture,
)

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "sample")


@pytest.fixture
def labelled(tmp_path):
    """The origin's layout: two of three micrographs have label files."""
    root = tmp_path / "labelled"
    write_folder(root / "images")
    texts = root / "text_files"
    texts.mkdir()
    write_label_file(texts / "m1.txt", [A, B], ["yes", "empty"], SHAPE)
    write_label_file(texts / "m2.txt", [], [], SHAPE)
    return root


def reopened(project):
    path = project.path
    project.close()
    return Project.create_or_open(path)


def test_a_folder_becomes_a_project_in_natural_order(folder):
    project = Project.create_or_open(folder)
    assert [each.name for each in project.entries] == ["m1.png", "m2.png", "m10.png"]
    assert project.path == folder / "napari-cdse.cdse"
    assert project.current is None
    assert [each.id for each in project.entries] == [None] * 3
    project.close()


def test_opening_reads_no_micrograph(folder, monkeypatch):
    def refuse(*_args, **_values):
        raise AssertionError("a micrograph was opened")

    monkeypatch.setattr("napari_cdse.io.micrograph_file.open_file", refuse)
    project = Project.create_or_open(folder)
    assert len(project.entries) == 3
    project.close()


def test_the_folder_may_be_opened_by_its_project_file_and_by_its_pictures(folder):
    project = Project.create_or_open(folder)
    project.open(1)
    project.draw(A, "yes")
    path = project.path
    project.close()
    for source in (path, str(folder), [folder / "m1.png", folder / "m2.png"]):
        again = Project.create_or_open(source)
        assert again.path == path
        assert again.counts()["yes"] == 1
        assert again.last_opened == 1
        again.close()


def test_chosen_pictures_alone_make_a_project_of_these(folder):
    project = Project.create_or_open([folder / "m2.png"])
    assert [each.name for each in project.entries] == ["m2.png"]
    project.close()


def test_new_pictures_join_and_keep_the_order(folder):
    project = Project.create_or_open(folder)
    hand_over(project, 2)
    drawn = project.draw(A)
    project.close()
    write_picture(folder / "m3.png", 33)
    again = Project.create_or_open(folder)
    assert [each.name for each in again.entries][2:] == ["m3.png", "m10.png"]
    assert again.index_of(drawn) == 3
    again.close()


def test_a_folder_without_micrographs_gets_no_project(tmp_path):
    (tmp_path / "notes.md").write_text("nothing here")
    with pytest.raises(StoreError, match="no micrograph in"):
        Project.create_or_open(tmp_path)
    with pytest.raises(CdseError):
        Project.create_or_open(tmp_path / "gone")
    with pytest.raises(StoreError, match="Nothing was chosen"):
        Project.create_or_open([])
    assert [each.name for each in tmp_path.iterdir()] == ["notes.md"]


def test_the_project_file_may_lie_elsewhere(folder, tmp_path):
    place = tmp_path / "mine.cdse"
    project = Project.create_or_open(folder, place)
    hand_over(project)
    project.draw(A, "no")
    project.close()
    again = Project.create_or_open(place)
    assert again.counts()["no"] == 1
    assert again.entries[0].path.resolve() == folder / "m1.png"
    assert not (folder / "napari-cdse.cdse").exists()
    again.close()


def test_a_project_that_may_not_be_written_can_be_looked_at(folder, monkeypatch):
    project = Project.create_or_open(folder)
    hand_over(project)
    first, _ = put_circles(project, [A, B])
    project.label([first], "yes")
    project.close()
    monkeypatch.setattr("napari_cdse.io.database._may_write", lambda _path: False)
    looking = Project.create_or_open(folder)
    assert looking.read_only
    assert "looking only" in looking.notices[0]
    hand_over(looking)
    heard = Heard(looking)
    with pytest.raises(StoreError, match="may not be written"):
        looking.label([first], "no")
    assert looking.particle(first).label == "yes"
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
            project.open(0)
            project.draw(A, "yes")
            project.close()
            again = Project.create_or_open(open_folder, place)
            assert not again.read_only
            assert again.counts()["yes"] == 1
            assert again.entries[0].path.resolve() == open_folder / "m1.png"
            again.close()


def test_a_project_that_may_only_be_looked_at_can_be_copied(
    open_folder, without_rights
):
    project = Project.create_or_open(write_folder(open_folder))
    hand_over(project)
    first, _ = put_circles(project, [A, B])
    project.label([first], "yes")
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
        assert [each.problem for each in copy.entries] == [None] * 3
        assert copy.particle(first).label == "yes"
        hand_over(copy)
        assert copy.undo() == "Label 1 circle yes"
        copy.close()
        again = Project.create_or_open(open_folder)
        assert again.particle(first).label == "yes"
        again.close()


# Label files


def test_label_files_become_annotations_once(labelled):
    project = Project.create_or_open(labelled)
    assert project.notices == ()
    assert project.path == labelled / "napari-cdse.cdse"
    assert [each.reviewed for each in project.entries] == [2, 0, 0]
    assert [each.looked_at for each in project.entries] == [True, True, False]
    annotations = [each.annotation for each in project.particles_of(0)]
    assert {(each.circle, each.label) for each in annotations} == {
        (A, "yes"),
        (B, "empty"),
    }
    assert {(each.origin, each.annotator) for each in annotations} == {
        ("imported", "m1.txt")
    }
    project.close()
    again = Project.create_or_open(labelled)
    assert len(again.particles_of(0)) == 2
    again.close()


def test_imported_labels_can_train_before_any_picture_was_opened(labelled):
    project = Project.create_or_open(labelled)
    (item,) = project.labelled()
    assert (item.path, item.id) == (labelled / "images" / "m1.png", None)
    assert sorted(item.labels) == ["empty", "yes"]
    project.close()


def test_undo_does_not_reach_an_import(labelled):
    project = Project.create_or_open(labelled)
    assert not project.can_undo
    assert project.undo() is None
    hand_over(project)
    first = project.particles[0].id
    project.label([first], "null")
    assert project.particle(first).annotation.origin == "corrected"
    project.undo()
    assert project.undo() is None
    assert project.particle(first).annotation.origin == "imported"
    assert project.counts() == {"yes": 1, "no": 0, "null": 0, "empty": 1}
    project.close()


def test_a_later_import_does_not_stand_in_the_way_of_undo(labelled):
    project = Project.create_or_open(labelled)
    hand_over(project)
    project.draw(Circle(20.0, 100.0, 8.0), "no")
    project.close()
    write_label_file(labelled / "text_files" / "m10.txt", [A], ["null"], SHAPE)
    again = Project.create_or_open(labelled)
    assert again.counts()["null"] == 1
    assert again.undo() == "Draw 1 circle"
    assert again.counts() == {"yes": 1, "no": 0, "null": 1, "empty": 1}
    again.close()


def test_imported_labels_get_the_micrographs_id_when_it_is_read(labelled):
    project = Project.create_or_open(labelled)
    hand_over(project)
    first = project.particles[0]
    assert first.annotation.micrograph_id == project.micrograph.id
    assert project.entries[0].shape == SHAPE
    again = reopened(project)
    assert again.particle(first.id) == first
    again.close()


def test_a_detection_yields_to_imported_labels(labelled):
    project = Project.create_or_open(labelled)
    hand_over(project)
    free = Circle(20.0, 110.0, 9.0)
    put_circles(project, [Circle(31.0, 41.0, 10.0), free])
    assert {each.circle for each in project.particles} == {A, B, free}
    project.close()


def test_labels_of_what_was_found_already_make_no_second_circle(labelled):
    text = labelled / "text_files" / "m1.txt"
    kept = text.rename(labelled / "m1.kept")
    project = Project.create_or_open(labelled)
    hand_over(project)
    found = put_circles(project, [Circle(31.0, 41.0, 10.0), Circle(20.0, 110.0, 9.0)])
    project.close()
    kept.rename(text)
    again = Project.create_or_open(labelled)
    shown = {each.id: (each.circle, each.label) for each in again.particles_of(0)}
    assert len(shown) == 3
    assert shown[found[0]] == (A, "yes")
    assert shown[found[1]][1] is None
    assert (B, "empty") in shown.values()
    again.close()


def test_labels_that_come_later_do_not_stand_above_a_persons(labelled):
    text = labelled / "text_files" / "m1.txt"
    kept = text.rename(labelled / "m1.kept")
    project = Project.create_or_open(labelled)
    hand_over(project)
    first, second = put_circles(project, [A, B])
    project.annotator = "Ada"
    project.label([first], "no")
    project.remove([second])
    project.close()
    kept.rename(text)
    again = Project.create_or_open(labelled)
    assert [(each.id, each.label) for each in again.particles_of(0)] == [(first, "no")]
    labels = {name: each.label for name, each in again.labels_of(first).items()}
    assert labels == {"label files": "yes", "Ada": "no"}
    assert again.disagreements() == (first,)
    again.undo()
    again.undo()
    under = [(each.id, each.label) for each in again.particles_of(0)]
    assert sorted(under) == sorted([(first, "yes"), (second, "empty")])
    third = reopened(again)
    assert [(each.id, each.label) for each in third.particles_of(0)] == under
    assert third.redo() == "Label 1 circle no"
    assert third.particle(first).label == "no"
    third.close()


def test_a_bad_label_file_is_told_and_the_others_are_imported(labelled):
    texts = labelled / "text_files"
    (texts / "m10.txt").write_text("Particle Location:\n[1.0, x]\n")
    write_label_file(texts / "m99.txt", [A], ["no"], SHAPE)
    project = Project.create_or_open(labelled)
    assert any("m10.txt, line 2" in each for each in project.notices)
    assert any(
        "m99.txt" in each and "No micrograph" in each for each in project.notices
    )
    assert project.counts()["yes"] == 1
    project.close()


def test_labels_that_nobody_reviewed_are_no_annotations(labelled):
    text = labelled / "text_files" / "m10.txt"
    write_label_file(text, [A], ["no"], SHAPE)
    text.write_text(text.read_text() + "Review:\nnot reviewed\n")
    project = Project.create_or_open(labelled)
    assert any("not reviewed" in each for each in project.notices)
    assert project.counts()["no"] == 0
    project.close()


def test_labels_of_another_image_are_left_out_when_the_picture_is_read(labelled):
    write_label_file(labelled / "text_files" / "m10.txt", [A], ["no"], (64, 80))
    project = Project.create_or_open(labelled)
    assert project.counts()["no"] == 1
    heard = Heard(project)
    hand_over(project, 2)
    assert "64 x 80" in heard.of("notice")[0]
    assert "90 x 140" in heard.of("notice")[0]
    assert project.particles == ()
    assert project.counts() == {"yes": 1, "no": 0, "null": 0, "empty": 1}
    again = reopened(project)
    assert again.counts()["no"] == 0
    hand_over(again, 2)
    assert again.particles == ()
    again.close()


def test_labels_of_another_image_that_were_worked_on_are_the_persons(labelled):
    write_label_file(labelled / "text_files" / "m10.txt", [A], ["no"], (64, 80))
    project = Project.create_or_open(labelled)
    project.open(2)
    project.label([project.particles[0].id], "yes")
    heard = Heard(project)
    hand_over(project, 2)
    assert "check its circles" in heard.of("notice")[0]
    assert project.particles[0].label == "yes"
    project.close()


# Problems


def test_a_problem_of_a_file_is_shown_until_it_can_be_read(folder):
    project = Project.create_or_open(folder)
    project.set_problem(1, "m2.png is empty.")
    assert project.entries[1].problem == "m2.png is empty."
    hand_over(project, 1)
    assert project.entries[1].problem is None
    project.close()


# A store that fails while a project is open


def test_a_full_disk_puts_the_screen_back_to_what_is_stored(folder):
    project = Project.create_or_open(folder)
    hand_over(project)
    first, _ = put_circles(project, [A, B])
    project.label([first], "yes")
    database = project._store._database
    ((pages,),) = database.rows("PRAGMA page_count")
    database.execute(f"PRAGMA max_page_count = {pages}")
    drawn: list[str] = []
    heard = Heard(project)
    with pytest.raises(StoreError, match="disk is full"):
        drawn.extend(project.draw(Circle(50.0, 10.0 + n, 5.0)) for n in range(1000))
    assert heard.of("particles_changed")[-1] is None
    shown = project.particles
    assert len(shown) > 2
    again = reopened(project)
    assert again.particles_of(0) == shown
    for _ in shown[2:]:
        again.undo()
    assert again.undo() == "Label 1 circle yes"
    again.close()


def test_closing_never_fails(folder):
    project = Project.create_or_open(folder)
    project._store._database.execute("PRAGMA max_page_count = 1")
    project.close()
    project.close()


def test_opening_a_damaged_project_leaves_no_lock_behind(folder):
    Project.create_or_open(folder).close()
    store = Store.open(folder / "napari-cdse.cdse")
    with store.transaction():
        store._database.execute("UPDATE head SET edit_id = NULL")
        store._database.execute("DELETE FROM head")
    store.close()
    with pytest.raises(StoreError, match="damaged"):
        Project.create_or_open(folder)
    os.rename(folder / "napari-cdse.cdse", folder / "kept.cdse")
