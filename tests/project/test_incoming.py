"""What a user drops, sorted by what it is, and label files that join by their name."""

import pytest

from napari_cdse.core.records import Circle
from napari_cdse.io.labels.label_file import write_label_file
from napari_cdse.project import Project, sort_incoming
from tests.project_tools import SHAPE, write_folder

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "work")


@pytest.fixture
def label_file(tmp_path):
    place = tmp_path / "elsewhere"
    place.mkdir()
    write_label_file(place / "m2.txt", [A, B], ["yes", "no"], SHAPE)
    return place / "m2.txt"


def test_each_thing_is_sorted_by_what_it_is(folder, label_file, tmp_path):
    note, table = tmp_path / "note.txt", tmp_path / "table.csv"
    note.write_text("Dear diary")
    table.write_text("a,b")
    (tmp_path / "empty").mkdir()
    project = tmp_path / "x.cdse"
    picture = folder / "m1.png"
    coco = tmp_path / "coco.json"
    coco.write_text("{}")
    paths = [note, table, tmp_path / "empty", project, picture, folder, label_file]
    found = sort_incoming(paths)
    assert found.projects == (project,)
    assert found.folders == (folder,)
    assert found.micrographs == (picture,)
    assert found.labels == (label_file,)
    assert found.others == (note, table, tmp_path / "empty")
    assert not found.is_ours
    assert sort_incoming([folder, label_file]).is_ours
    found = sort_incoming([coco, picture])
    assert found.annotations == (coco,)
    # They need micrographs that are there, so no project is made of them.
    assert (found.can_join, found.is_ours) == (True, False)


def test_a_chosen_label_file_joins_the_micrograph_that_it_is_named_after(
    folder, label_file
):
    project = Project.create_or_open(folder)
    project.close()
    project = Project.create_or_open([label_file], project.path)
    assert project.notices == ()
    (second,) = (e.index for e in project.micrographs.entries if e.path.stem == "m2")
    said = {(one.circle, one.label) for one in project.particles.of(second)}
    assert said == {(A, "yes"), (B, "no")}
    project.close()
    again = Project.create_or_open([label_file], project.path)
    (notice,) = again.notices
    assert notice.startswith("The labels of m2.png were imported before, from m2.txt")
    assert len(again.particles.of(second)) == 2
    again.close()


def test_a_label_file_of_no_micrograph_is_named(folder, label_file):
    Project.create_or_open(folder).close()
    stray = label_file.with_name("other.txt")
    label_file.rename(stray)
    project = Project.create_or_open([stray], folder / "napari-cdse.cdse")
    (notice,) = project.notices
    assert notice.startswith("No micrograph of the project is named as other.txt is")
    project.close()
