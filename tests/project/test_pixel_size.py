"""The pixel size that a person sets: for one, for the folder, undone, taken back."""

import pytest

from napari_cdse.core.errors import ParameterError
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.project import Project
from tests.project_tools import (
    A,
    Heard,
    circles,
    hand_over,
    put_circles,
    restarted,
    write_picture,
)


def by_person(size_nm: float) -> PixelSize:
    return PixelSize(size_nm, PixelSizeSource.PERSON)


def test_a_persons_pixel_size_holds_for_the_folder_and_what_comes_later(project):
    heard = Heard(project)
    project.micrographs.set_pixel_size(0.05)
    assert project.selection.micrograph.pixel_size_nm == 0.05
    assert project.selection.micrograph.pixel_size_source == "person"
    assert heard.of("pixels_changed") == [0]
    write_picture(project.folder / "m20.png", 20)
    other = Project.create_or_open(project.folder)
    assert [each.pixel_size_nm for each in other.micrographs.entries] == [0.05] * 4
    other.micrographs.set_pixel_size(0.03, [3])
    assert other.micrographs.pixel_size(3) == by_person(0.03)
    assert other.micrographs.pixel_size(0) == by_person(0.05)
    other.close()


def test_taking_the_pixel_size_back_wants_the_file_anew(project):
    project.micrographs.set_pixel_size(0.05)
    heard = Heard(project)
    project.micrographs.set_pixel_size(None, [0])
    assert project.selection.micrograph is None
    assert heard.of("opened") == [0]
    assert project.micrographs.pixel_size(0) is None


def test_an_impossible_pixel_size_is_refused(project):
    with pytest.raises(ParameterError, match="not possible"):
        project.micrographs.set_pixel_size(37.0)
    assert project.micrographs.pixel_size(0) is None


def test_a_pixel_size_is_undone_for_one_and_for_the_folder(project):
    project.micrographs.set_pixel_size(0.05, [0])
    project.micrographs.set_pixel_size(0.04)
    assert project.history.undo_summary == "Pixel size of the folder: 0.04 nm"
    assert [each.pixel_size_nm for each in project.micrographs.entries] == [0.04] * 3
    project.history.undo()
    assert [each.pixel_size_nm for each in project.micrographs.entries] == [
        0.05,
        None,
        None,
    ]
    assert project.selection.micrograph.pixel_size_nm == 0.05
    assert project.history.undo_summary == "Pixel size of 1 micrograph: 0.05 nm"
    project.history.redo()
    again = restarted(project)
    assert [each.pixel_size_nm for each in again.micrographs.entries] == [0.04] * 3
    again.close()


def test_an_undone_pixel_size_of_the_folder_is_not_given_to_new_files(project, folder):
    project.micrographs.set_pixel_size(0.04)
    project.history.undo()
    write_picture(folder / "m11.png", 11)
    again = Project.create_or_open(folder)
    assert [each.pixel_size_nm for each in again.micrographs.entries] == [None] * 4
    again.close()


def test_undoing_the_first_pixel_size_wants_the_file_anew(project):
    project.micrographs.set_pixel_size(0.05, [0])
    heard = Heard(project)
    project.history.undo()
    assert heard.of("opened") == [0]
    assert project.selection.micrograph is None
    assert project.micrographs.pixel_size(0) is None


def test_the_same_pixel_size_again_is_no_step(project):
    project.micrographs.set_pixel_size(0.05)
    project.history.undo()
    project.history.redo()
    project.micrographs.set_pixel_size(0.05)
    project.history.undo()
    assert not project.history.can_undo


def test_a_pixel_size_of_the_folder_keeps_no_moved_file_from_being_found(
    project, folder
):
    put_circles(project, [A])
    project.close()
    (folder / "m1.png").rename(folder / "renamed.png")
    again = Project.create_or_open(folder)
    again.micrographs.set_pixel_size(0.04)
    names = [each.name for each in again.micrographs.entries]
    hand_over(again, names.index("renamed.png"))
    assert [each.name for each in again.micrographs.entries] == [
        "m2.png",
        "m10.png",
        "renamed.png",
    ]
    assert circles(again, 2) == {A}
    again.history.undo()
    assert [each.pixel_size_nm for each in again.micrographs.entries][:2] == [
        None,
        None,
    ]
    again.close()


def test_a_search_at_another_pixel_size_than_the_present_one_is_told(project):
    put_circles(project, [A])
    assert project.detections.other_scale(0) is None
    assert project.detections.other_scale(1) is None
    project.micrographs.set_pixel_size(0.05)
    assert project.detections.other_scale(0) == 0.04
    assert project.detections.other_scale(1) is None
    project.history.undo()
    assert project.detections.other_scale(0) is None
