"""Circles drawn, moved, reshaped and removed, each gesture one step."""

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Circle
from napari_cdse.project import Drawing, Gesture, Project
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
    project.reshape({first: C})
    particle = project.particle(first)
    assert particle.circle == C
    assert particle.annotation.label is None
    assert not particle.by_person
    assert particle.prediction is None
    assert project.unclassified() == (first,)


def test_a_prediction_holds_again_when_the_move_is_undone(project):
    use_model(project)
    (first,) = put_circles(project, [A], MODEL)
    project.reshape({first: C})
    project.put_predictions(MODEL, [prediction(first, MODEL, "null")])
    assert project.particle(first).label == "null"
    project.undo()
    assert project.particle(first).label == "yes"
    project.redo()
    assert project.particle(first).label == "null"
    assert project.unclassified() == ()


def test_a_prediction_that_comes_late_is_kept_for_the_old_circle(project):
    use_model(project)
    (first,) = put_circles(project, [A])
    project.reshape({first: C})
    project.put_predictions(MODEL, [prediction(first, MODEL, "no")], {first: A})
    assert project.unclassified() == (first,)
    project.undo()
    assert project.particle(first).label == "no"


def test_a_drawn_circle_stays_drawn(project):
    drawn = project.draw(C, "yes")
    project.reshape({drawn: B})
    project.label([drawn], "no")
    particle = project.particle(drawn)
    assert (particle.circle, particle.label) == (B, "no")
    assert particle.annotation.origin == "drawn"


@pytest.mark.parametrize(
    "circle",
    [Circle(1.0, 1.0, 0.0), Circle(float("nan"), 1.0, 5.0), Circle(1.0, 1.0, -3.0)],
)
def test_a_circle_without_place_or_size_is_refused(project, circle):
    with pytest.raises(StoreError, match="radius above 0"):
        project.draw(circle)
    assert project.particles == ()
    assert not project.can_undo


def test_one_gesture_is_one_step(project):
    first, second, third = put_circles(project, [A, B, C])
    away = Circle(70.0, 20.0, 8.0)
    gesture = Gesture(
        labelled={first: "yes"},
        drawn=[Drawing(away, "no", id="mine")],
        reshaped={second: Circle(61.0, 71.0, 12.0)},
        removed=[third],
    )
    assert project.apply(gesture) == ("mine",)
    assert circles(project) == {A, away, Circle(61.0, 71.0, 12.0)}
    assert project.undo() == (
        "Draw 1 circle, reshape 1 circle, remove 1 circle, label 1 circle yes"
    )
    assert circles(project) == {A, B, C}
    project.redo()
    assert project.particle("mine").label == "no"


def test_a_circle_that_is_gone_cannot_be_edited(project, listening):
    (first,) = put_circles(project, [A])
    project.remove([first])
    listening.calls.clear()
    with pytest.raises(StoreError, match="no longer in the project"):
        project.label([first], "yes")
    assert listening.of("particles_changed") == [None]


def test_no_circle_is_drawn_without_a_micrograph(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path))
    with pytest.raises(StoreError, match="No micrograph is open"):
        project.draw(A)
    project.close()


def test_a_new_circle_cannot_take_the_id_of_another(project):
    (first,) = put_circles(project, [A])
    with pytest.raises(StoreError, match="id of another"):
        project.apply(Gesture(drawn=[Drawing(B, id=first)]))
    assert circles(project) == {A}


def test_no_circle_is_drawn_or_moved_beside_the_micrograph(project):
    (first,) = put_circles(project, [A])
    rows, columns = project.shape(0)
    for row, col in ((-2, 30), (30, -2), (rows + 1, 30), (30, columns + 1)):
        circle = Circle(float(row), float(col), 10.0)
        with pytest.raises(StoreError, match="beside the micrograph"):
            project.draw(circle)
        with pytest.raises(StoreError, match="beside the micrograph"):
            project.reshape({first: circle})
    assert not project.can_undo
    project.draw(Circle(0.0, columns - 1.0, 10.0))
