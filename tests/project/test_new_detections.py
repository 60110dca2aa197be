"""Another detection in a micrograph that a person has worked on."""

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.core.records import Circle
from tests.project_tools import A, B, C, circles, put_circles

ESTIMATED = PixelSize(0.04, PixelSizeSource.ESTIMATED, 0.01)


def test_a_new_detection_leaves_labels_and_moved_circles(project):
    first, second = put_circles(project, [A, B])
    project.edits.label([first], "yes")
    project.edits.reshape({second: Circle(62.0, 72.0, 12.0)})
    shifted = [Circle(31.0, 31.0, 10.0), Circle(61.0, 71.0, 12.0), C]
    put_circles(project, shifted)
    assert circles(project) == {A, Circle(62.0, 72.0, 12.0), C}
    assert project.particles.get(first).label == "yes"


def test_a_removed_circle_does_not_come_back(project):
    first, _ = put_circles(project, [A, B])
    project.edits.remove([first])
    put_circles(project, [A, B])
    assert circles(project) == {B}
    put_circles(project, [Circle(32.0, 31.0, 10.0), B])
    assert circles(project) == {B}


def test_undoing_a_removal_after_a_detection_brings_a_circle_back(project):
    first, _ = put_circles(project, [A, B])
    project.edits.remove([first])
    newer = Circle(31.0, 30.0, 10.0)
    put_circles(project, [newer, B])
    project.history.undo()
    assert circles(project) == {newer, B}
    project.history.redo()
    assert circles(project) == {B}


def test_redoing_a_label_after_a_detection_makes_the_proposal_yield(project):
    (first,) = put_circles(project, [A])
    project.edits.label([first], "yes")
    project.history.undo()
    newer = Circle(31.0, 30.0, 10.0)
    put_circles(project, [newer])
    project.history.redo()
    assert circles(project) == {A}
    assert project.particles.get(first).label == "yes"


def test_relabelling_after_a_detection_does_not_wake_the_proposal(project):
    (first,) = put_circles(project, [A])
    project.edits.label([first], "yes")
    put_circles(project, [Circle(31.0, 30.0, 10.0)])
    project.edits.label([first], "no")
    assert circles(project) == {A}


def test_touching_proposals_of_one_detection_all_stay(project):
    near = Circle(30.0, 36.0, 10.0)
    first, _ = put_circles(project, [A, near])
    project.edits.label([first], "yes")
    assert circles(project) == {A, near}
    put_circles(project, [A, near])
    assert circles(project) == {A, near}


def test_drawing_over_a_proposal_hides_nothing_until_the_next_detection(project):
    put_circles(project, [A])
    over = Circle(31.0, 30.0, 10.0)
    project.edits.draw(over, "yes")
    assert circles(project) == {A, over}
    put_circles(project, [A])
    assert circles(project) == {over}


def test_a_neighbour_that_hardly_overlaps_is_a_particle_of_its_own(project):
    (first,) = put_circles(project, [A])
    project.edits.label([first], "yes")
    neighbour = Circle(30.0, 44.0, 10.0)
    put_circles(project, [neighbour])
    assert circles(project) == {A, neighbour}


def test_what_is_analysed_must_belong_to_the_project(project):
    with pytest.raises(StoreError, match="no micrograph of this project"):
        project.detections.put("another", None, [])


def test_an_estimated_scale_is_no_pixel_size_of_the_micrograph(project):
    put_circles(project, [A])
    assert project.micrographs.pixel_size(0) == ESTIMATED
    assert project.selection.micrograph.pixel_size_nm is None
