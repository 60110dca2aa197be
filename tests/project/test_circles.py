"""Circles drawn, moved, reshaped and removed, each gesture one step."""

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Circle
from napari_cdse.project import Drawing, EditRequest, Project
from tests.project_tools import (
    MODEL,
    A,
    B,
    C,
    circles,
    prediction,
    put_circles,
    use_model,
    write_folder,
)


def test_moving_a_proposal_keeps_its_class_the_forests(project):
    use_model(project)
    (first,) = put_circles(project, [A], MODEL)
    project.edits.reshape({first: C})
    particle = project.particles.get(first)
    assert particle.circle == C
    assert particle.annotation.label is None
    assert not particle.by_person
    assert particle.prediction is None
    assert project.detections.unclassified() == (first,)


def test_a_prediction_holds_again_when_the_move_is_undone(project):
    use_model(project)
    (first,) = put_circles(project, [A], MODEL)
    project.edits.reshape({first: C})
    project.detections.put_predictions(MODEL, [prediction(first, MODEL, "null")])
    assert project.particles.get(first).label == "null"
    project.history.undo()
    assert project.particles.get(first).label == "yes"
    project.history.redo()
    assert project.particles.get(first).label == "null"
    assert project.detections.unclassified() == ()


def test_a_prediction_that_comes_late_is_kept_for_the_old_circle(project):
    use_model(project)
    (first,) = put_circles(project, [A])
    project.edits.reshape({first: C})
    project.detections.put_predictions(
        MODEL, [prediction(first, MODEL, "no")], {first: A}
    )
    assert project.detections.unclassified() == (first,)
    project.history.undo()
    assert project.particles.get(first).label == "no"


def test_a_drawn_circle_stays_drawn(project):
    drawn = project.edits.draw(C, "yes")
    project.edits.reshape({drawn: B})
    project.edits.label([drawn], "no")
    particle = project.particles.get(drawn)
    assert (particle.circle, particle.label) == (B, "no")
    assert particle.annotation.origin == "drawn"


@pytest.mark.parametrize(
    "circle",
    [Circle(1.0, 1.0, 0.0), Circle(float("nan"), 1.0, 5.0), Circle(1.0, 1.0, -3.0)],
)
def test_a_circle_without_place_or_size_is_refused(project, circle):
    with pytest.raises(StoreError, match="radius above 0"):
        project.edits.draw(circle)
    assert project.particles.current == ()
    assert not project.history.can_undo


def test_one_gesture_is_one_step(project):
    first, second, third = put_circles(project, [A, B, C])
    away = Circle(70.0, 20.0, 8.0)
    gesture = EditRequest(
        labelled={first: "yes"},
        drawn=[Drawing(away, "no", id="mine")],
        reshaped={second: Circle(61.0, 71.0, 12.0)},
        removed=[third],
    )
    assert project.edits.apply(gesture) == ("mine",)
    assert circles(project) == {A, away, Circle(61.0, 71.0, 12.0)}
    assert project.history.undo() == (
        "Draw 1 circle, reshape 1 circle, remove 1 circle, label 1 circle yes"
    )
    assert circles(project) == {A, B, C}
    project.history.redo()
    assert project.particles.get("mine").label == "no"


def test_a_circle_that_is_gone_cannot_be_edited(project, listening):
    (first,) = put_circles(project, [A])
    project.edits.remove([first])
    listening.calls.clear()
    with pytest.raises(StoreError, match="no longer in the project"):
        project.edits.label([first], "yes")
    assert listening.of("particles_changed") == [None]


def test_no_circle_is_drawn_without_a_micrograph(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path))
    with pytest.raises(StoreError, match="No micrograph is open"):
        project.edits.draw(A)
    project.close()


def test_a_new_circle_cannot_take_the_id_of_another(project):
    (first,) = put_circles(project, [A])
    with pytest.raises(StoreError, match="id of another"):
        project.edits.apply(EditRequest(drawn=[Drawing(B, id=first)]))
    assert circles(project) == {A}


def test_no_circle_is_drawn_or_moved_beside_the_micrograph(project):
    (first,) = put_circles(project, [A])
    rows, columns = project.micrographs.shape(0)
    for row, col in ((-2, 30), (30, -2), (rows + 1, 30), (30, columns + 1)):
        circle = Circle(float(row), float(col), 10.0)
        with pytest.raises(StoreError, match="beside the micrograph"):
            project.edits.draw(circle)
        with pytest.raises(StoreError, match="beside the micrograph"):
            project.edits.reshape({first: circle})
    assert not project.history.can_undo
    project.edits.draw(Circle(0.0, columns - 1.0, 10.0))
