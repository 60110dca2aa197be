"""Which micrographs a detection in all is due for."""

from dataclasses import replace

import pytest

from napari_cdse.core.records import Circle
from napari_cdse.project import Project
from tests.project_tools import hand_over, put_circles, small_model, write_folder

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)
FOREST = small_model(1, "forest")


@pytest.fixture
def project(tmp_path):
    """Three micrographs; what is found in them is classified by a forest in use."""
    project = Project.create_or_open(write_folder(tmp_path))
    project.models.add(FOREST)
    project.models.keep(FOREST.card.id)
    yield project
    project.close()


def detect(project, *indices):
    for index in indices:
        hand_over(project, index)
        put_circles(project, [A, B], FOREST.card.id)


def test_goes_on_where_it_was_stopped_also_after_a_restart(project):
    assert project.detections.due() == [0, 1, 2]
    detect(project, 0, 1)
    assert project.detections.due() == [2]
    project.close()
    again = Project.create_or_open(project.path)
    assert again.detections.due() == [2]
    again.close()


def test_looks_at_all_anew_when_all_is_done(project):
    detect(project, 0, 1, 2)
    assert project.detections.due() == [0, 1, 2]


def test_other_parameters_are_due_everywhere(project):
    detect(project, 0, 1)
    project.settings.detection = replace(project.settings.detection, false_alarms=1.0)
    assert project.detections.due() == [0, 1, 2]


def test_another_pixel_size_is_due_where_it_was_given(project):
    detect(project, 0, 1, 2)
    project.micrographs.set_pixel_size(0.05, [1])
    assert project.detections.due() == [1]


def test_a_circle_without_the_forests_word_is_due(project):
    detect(project, 0, 1, 2)
    project.edits.draw(Circle(20.0, 100.0, 9.0))
    assert project.detections.due() == [2]


def test_what_is_left_out_is_never_due_and_a_broken_file_not_alone(project):
    detect(project, 0)
    project.exclusions.set_excluded(2, "drift")
    assert project.detections.due() == [1]
    assert project.detections.due(broken=[1]) == [0, 1]
