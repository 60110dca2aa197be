"""Another method shows what it found before; what people did stays."""

from dataclasses import replace

import pytest

from napari_cdse.core.records import Candidate, Circle
from napari_cdse.project import Project
from tests.project_tools import (
    detection,
    hand_over,
    prediction,
    small_model,
    write_folder,
)

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)
C = Circle(80.0, 30.0, 9.0)
FOREST = small_model(1, "forest")


@pytest.fixture
def project(tmp_path):
    """Three micrographs, searched by two methods; the second one skips the last."""
    project = Project.create_or_open(write_folder(tmp_path))
    project.models.add(FOREST)
    project.models.keep(FOREST.card.id)
    for index in (0, 1, 2):
        search(project, "bragg", [A, B], index)
    for index in (0, 1):
        search(project, "unet", [C], index)
    yield project
    project.close()


def choose(project, **changes):
    project.settings.detection = replace(project.settings.detection, **changes)


def search(project, method, circles, index):
    hand_over(project, index)
    choose(project, method=method)
    name = project.micrographs.entries[index].id
    found = [Candidate.propose(name, each, method, 1.0) for each in circles]
    said = [prediction(each.id, FOREST.card.id, "yes") for each in found]
    project.detections.put(name, detection(circles, method), found, said)


def shown(project, index=0):
    project.selection.open(index)
    return {each.circle for each in project.particles.current}


def test_the_other_method_shows_its_circles_and_their_classes_at_once(project):
    assert shown(project) == {C}
    choose(project, method="bragg")
    assert project.detections.bring_back() == 2
    assert shown(project) == {A, B}
    assert {each.prediction.label for each in project.particles.current} == {"yes"}
    choose(project, method="unet")
    assert project.detections.bring_back() == 3 - 1
    assert shown(project) == {C}
    # Where it was never asked, the other one's circles stay.
    assert shown(project, 2) == {A, B}


def test_what_came_back_is_there_after_a_restart_and_not_due(project):
    choose(project, method="bragg")
    assert project.detections.due() == [0, 1]
    project.detections.bring_back()
    project.close()
    again = Project.create_or_open(project.path)
    assert shown(again) == {A, B}
    # None is due any more, so that a search in all is one anew.
    assert again.detections.due() == [0, 1, 2]
    assert {each["found_by"] for each in again.detections.settings_used()} == {"bragg"}
    again.close()


def test_labels_and_drawn_circles_stay(project):
    project.selection.open(0)
    (particle,) = project.particles.current
    project.edits.label([particle.id], "no")
    project.edits.draw(Circle(20.0, 90.0, 9.0))
    choose(project, method="bragg")
    project.detections.bring_back()
    circles = shown(project)
    assert {A, B, C, Circle(20.0, 90.0, 9.0)} == circles
    kept = {each.circle: each.label for each in project.particles.current}
    assert kept[C] == "no"


def test_other_settings_of_the_same_method_do_not_come_back(project):
    choose(project, method="bragg", false_alarms=2.0)
    assert project.detections.bring_back() == 0
    assert shown(project) == {C}


def test_a_search_at_another_pixel_size_does_not_come_back(project):
    project.micrographs.set_pixel_size(0.05, [1])
    choose(project, method="bragg")
    assert project.detections.bring_back() == 1


def test_what_a_method_does_not_read_makes_nothing_due(project):
    assert project.detections.due() == [2]
    choose(project, endmembers=5)
    assert project.detections.due() == [2]
    choose(project, false_alarms=5.0)
    assert project.detections.due() == [0, 1, 2]
