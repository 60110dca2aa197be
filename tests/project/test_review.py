"""The queue of review over a whole project: on, back, later, filters."""

import pytest

from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.project import Project
from tests.project_tools import (
    MODEL,
    A,
    B,
    C,
    hand_over,
    prediction,
    put_circles,
    use_model,
)


@pytest.fixture
def project(project):
    """A forest is in use."""
    use_model(project)
    return project


@pytest.fixture
def five(project):
    """Ids of five particles in two micrographs, as the queue brings them up."""
    first, second = put_circles(project, [A, B])
    hand_over(project, 1)
    third, fourth, fifth = put_circles(project, [A, B, C])
    ids = [third, second, fifth, first, fourth]
    doubt = zip(ids, (0.26, 0.4, 0.6, 0.8, 0.98), strict=True)
    project.detections.put_predictions(
        MODEL,
        [
            prediction(one, MODEL, CLASSES[at % 4], sure)
            for at, (one, sure) in enumerate(doubt)
        ],
    )
    # The most doubtful of all, the others beside it, then the other micrograph.
    return [third, fifth, fourth, second, first]


def go(project, *way):
    """Go on, or to the next by some order, and select it."""
    found = project.review.advance(*way)
    project.selection.select(found)
    return found


def test_the_queue_goes_through_the_whole_project(project, five):
    assert [each for _, each in project.review.queue()] == five
    assert [index for index, _ in project.review.queue()] == [1, 1, 1, 0, 0]
    assert [index for index, _ in project.review.queue("micrograph")] == [0, 0, 1, 1, 1]
    project.edits.label([five[1]], "no")
    assert [each for _, each in project.review.queue()] == [five[0], *five[2:]]
    assert [each for _, each in project.review.queue(which="all")] == five
    assert str(project.particles.progress()) == "1/5"


def test_the_queue_follows_every_change(project):
    first, second = put_circles(project, [A, B])
    assert len(project.review.queue()) == 2
    drawn = project.edits.draw(C)
    assert {each for _, each in project.review.queue()} == {first, second, drawn}
    project.edits.remove([first])
    assert {each for _, each in project.review.queue()} == {second, drawn}
    project.history.undo()
    project.history.undo()
    assert {each for _, each in project.review.queue()} == {first, second}


def test_what_is_upcoming_is_what_comes(project, five):
    for _ in range(2):
        go(project)
    expected = list(project.review.upcoming())
    came = []
    for _ in expected:
        project.edits.label([project.selection.particle_id], "yes")
        came.append(go(project))
    assert came == expected


def test_a_click_elsewhere_loses_nobody_her_place(project, five):
    assert go(project) == five[0]
    assert go(project) == five[1]
    project.selection.select(five[4])
    project.edits.label([five[4]], "empty")
    assert go(project) == five[1]


def test_new_predictions_lose_nobody_her_place(project, five):
    go(project)
    project.edits.label([five[0]], "yes")
    assert go(project) == five[1]
    # Now the forest doubts the others more, and the present one hardly.
    project.detections.put_predictions(
        MODEL,
        [
            prediction(five[1], MODEL, "no", 0.99),
            prediction(five[3], MODEL, "yes", 0.3),
            prediction(five[2], MODEL, "null", 0.5),
        ],
    )
    assert project.selection.particle_id == five[1]
    project.edits.label([five[1]], "no")
    assert [go(project), go(project), go(project)] == five[2:]
    assert [project.review.retreat(), project.review.retreat()] == [five[3], five[2]]
    assert [project.review.retreat(), project.review.retreat()] == [five[1], five[0]]


def test_what_was_skipped_comes_again_after_all_others(project, five):
    assert [go(project) for _ in five] == five
    assert go(project) == five[0]


def test_what_was_skipped_waits_for_all_others_after_a_restart_too(project, five):
    project.annotators.current = "Ada"
    assert [go(project) for _ in range(3)] == five[:3]
    project.edits.label([five[2]], "yes")
    project.close()
    again = Project.create_or_open(project.path)
    assert again.annotators.current == "Ada"
    # The third was on the screen, and labelled; two were skipped.
    assert [go(again) for _ in range(4)] == [five[3], five[4], five[0], five[1]]
    # What Ada skipped, Ben has not seen.
    again.annotators.current = "Ben"
    again.selection.select(None)
    assert again.review.advance() == five[0]
    again.annotators.current = "Ada"
    assert go(again) == five[1]
    again.close()


def test_a_damaged_list_of_what_was_skipped_is_an_empty_one(project, five):
    project._store.set_setting(f"passed/{project.annotators.current}", {"a": 3})
    again = Project.create_or_open(project.path)
    assert again.review.advance() == five[0]
    again.close()


def test_back_goes_where_one_was_and_on_again_to_where_one_stood(project, five):
    for _ in range(3):
        go(project)
        project.edits.label([project.selection.particle_id], "yes")
    assert go(project) == five[3]
    project.selection.select(project.review.retreat())
    project.selection.select(project.review.retreat())
    assert project.selection.particle_id == five[1]
    project.edits.label([five[1]], "no")
    assert go(project) == five[3]
    assert project.review.retreat() == five[2]


def test_back_passes_over_what_is_gone_and_stops_at_the_start(project, five):
    for _ in range(3):
        go(project)
    project.edits.remove([five[1]])
    project.selection.select(project.review.retreat())
    assert project.selection.particle_id == five[0]
    assert project.review.retreat() is None
    assert project.selection.particle_id == five[0]


def test_after_undo_the_next_is_the_one_that_was_left(project, five):
    go(project)
    project.edits.label([five[0]], "yes")
    assert go(project) == five[1]
    project.history.undo()
    project.selection.select(five[0])
    project.edits.label([five[0]], "null")
    assert go(project) == five[1]
    assert project.review.retreat() == five[0]


def test_by_micrograph_one_goes_on_from_where_one_is(project, five):
    places = [each for _, each in project.review.queue("micrograph")]
    project.selection.select(places[3])
    assert go(project, "micrograph") == places[4]
    assert go(project, "micrograph") == places[0]
    project.selection.select(None)
    project.selection.open(1)
    assert go(project, "micrograph") == places[2]


def test_all_includes_the_labelled(project, five):
    project.edits.label(five, "null")
    assert project.review.advance() is None
    assert [go(project, "uncertain", "all") for _ in five] == five


def test_deferred_is_one_step_unlabelled_and_last(project, five):
    go(project)
    project.edits.defer([five[0]], selected_by="queue")
    particle = project.particles.get(five[0])
    assert particle.deferred
    assert not particle.by_person
    assert particle.annotation.selected_by == "queue"
    assert project.history.undo_summary == "Leave 1 circle for later"
    assert (str(project.particles.progress()), project.particles.n_deferred()) == (
        "0/5",
        1,
    )
    assert [each for _, each in project.review.queue()] == [*five[1:], five[0]]
    assert [go(project) for _ in five[1:]] == five[1:]
    project.edits.label(five[1:], "no")
    assert go(project) == five[0]
    assert [each for _, each in project.review.queue(which="deferred")] == [five[0]]
    project.edits.label([five[0]], "yes")
    assert not project.particles.get(five[0]).deferred
    assert project.particles.get(five[0]).annotation.origin != "drawn"
    assert project.review.queue(which="deferred") == []
    for _ in range(3):
        project.history.undo()
    assert not project.particles.get(five[0]).deferred
    assert project.particles.get(five[0]).annotation is None


def test_deferred_survives_a_restart_and_a_new_detection(project, five):
    project.edits.defer([five[0]])
    with_others = [A, Circle(61.0, 71.0, 12.0), C]
    put_circles(project, with_others, MODEL, 1)
    assert project.particles.get(five[0]).deferred
    other = Project.create_or_open(project.path)
    assert other.particles.get(five[0]).deferred
    assert other.particles.n_deferred() == 1
    other.close()


def test_deferring_a_labelled_particle_takes_the_class_back(project, five):
    project.edits.label([five[0]], "yes")
    project.edits.defer([five[0]])
    assert not project.particles.get(five[0]).by_person
    assert project.particles.counts()["yes"] == 0
    before = project.particles.get(five[0])
    project.edits.defer([five[0]])
    assert project.particles.get(five[0]) == before
    project.history.undo()
    assert project.particles.get(five[0]).annotation.label == "yes"


def test_one_micrograph_can_be_gone_through_alone(project, five):
    """Three of its own, and then again; the other one's wait for whoever goes on."""
    project.selection.open(1)
    ways = ("uncertain", "unlabelled", 1)
    assert [go(project, *ways) for _ in range(4)] == [*five[:3], five[0]]
    for one in five[:3]:
        project.edits.label([one], "yes")
    assert list(project.review.upcoming(*ways)) == []
    assert project.review.advance(*ways) is None
    assert go(project) == five[3]
