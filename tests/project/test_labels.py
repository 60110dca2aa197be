"""Labels and notes: whose they are, what they record, what training gets."""

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Circle
from napari_cdse.project import Gesture, Project
from tests.project_tools import MODEL, A, B, C, prediction, put_circles, use_model


def test_a_label_is_the_persons_and_counts(project):
    first, second = put_circles(project, [A, B])
    project.label([first], "yes")
    project.label([second], "no")
    assert project.particle(first).label == "yes"
    assert project.particle(first).by_person
    assert project.counts() == {"yes": 1, "no": 1, "null": 0, "empty": 0}
    entry = project.entries[0]
    assert (entry.found, entry.reviewed, entry.resolved, entry.defects) == (2, 2, 2, 1)


def test_a_label_records_who_when_how_and_what_was_on_the_screen(project):
    use_model(project)
    first, second = put_circles(project, [A, B], MODEL)
    project.annotator = "Ada"
    project.label([first], "yes", selected_by="queue")
    project.label([second], "yes")
    queued, corrected = (project.particle(each).annotation for each in (first, second))
    assert (queued.annotator, queued.selected_by) == ("Ada", "queue")
    assert (queued.selection_chance, queued.prediction_seen) == (None, True)
    assert queued.shown == prediction(first, MODEL, "yes")
    assert queued.origin == "confirmed"
    assert queued.micrograph_id == project.entries[0].id
    assert (corrected.origin, corrected.prediction_seen) == ("corrected", True)
    assert corrected.selected_by == "hand"
    assert corrected.time > queued.time


def test_without_a_prediction_none_was_seen(project):
    (first,) = put_circles(project, [A])
    project.label([first], "null")
    annotation = project.particle(first).annotation
    assert annotation.shown is None
    assert not annotation.prediction_seen


def test_accepting_takes_the_forests_word_as_the_persons(project, listening):
    use_model(project)
    first, second = put_circles(project, [A, B], MODEL)
    drawn = project.draw(C)
    project.accept([first, second, drawn])
    assert [project.particle(i).label for i in (first, second, drawn)] == [
        "yes",
        "no",
        None,
    ]
    assert "no prediction" in listening.of("notice")[-1]
    project.undo()
    assert not project.particle(first).by_person
    assert not project.particle(second).by_person


def test_saying_the_same_again_is_no_step(project):
    (first,) = put_circles(project, [A])
    project.label([first], "yes")
    before = project.particle(first)
    project.label([first], "yes")
    assert project.particle(first) == before
    project.undo()
    assert not project.can_undo


def test_another_person_saying_the_same_is_news(project):
    (first,) = put_circles(project, [A])
    project.annotator = "Ada"
    project.label([first], "yes")
    project.annotator = "Grace"
    project.label([first], "yes")
    assert project.particle(first).annotation.annotator == "Grace"
    project.undo()
    assert project.particle(first).annotation.annotator == "Ada"


def test_a_label_stays_its_givers_when_another_moves_or_removes_the_circle(project):
    first, second = put_circles(project, [A, B])
    project.annotator = "Ada"
    project.label([first], "yes")
    said = project.particle(first).annotation
    project.annotator = "Grace"
    project.reshape({first: C, second: Circle(61.0, 71.0, 12.0)})
    moved = project.particle(first).annotation
    assert (moved.label, moved.annotator, moved.time) == ("yes", "Ada", said.time)
    assert moved.id != said.id
    assert project.particle(second).annotation.annotator == "Grace"
    project.remove([first])
    edits = project._store.edits.in_force({})
    assert [each.annotator for each in edits] == ["Ada", "Grace", "Grace"]
    removed = edits[-1].changes[0].after
    assert (removed.removed, removed.annotator) == (True, "Ada")


def test_a_label_can_be_taken_back_by_hand(project):
    (first,) = put_circles(project, [A])
    project.label([first], "yes")
    project.label([first], None)
    assert project.particle(first).label is None
    assert project.counts()["yes"] == 0


def test_an_unknown_class_is_refused(project):
    (first,) = put_circles(project, [A])
    with pytest.raises(StoreError, match="'maybe' is not a class"):
        project.label([first], "maybe")
    assert not project.can_undo


def test_a_note_outlives_labels_undo_and_a_restart(project):
    project.annotator = "Ann"
    (one, *_) = put_circles(project, [A, B])
    project.label([one], "yes")
    project.annotator = "Bob"
    project.apply(Gesture(noted={one: " twin,\n two lamellae "}))
    said = project.particle(one).annotation
    assert (said.note, said.label, said.annotator) == (
        "twin, two lamellae",
        "yes",
        "Ann",
    )
    assert project.undo_summary == "Note on 1 circle"
    project.label([one], "no")
    project.reshape({one: Circle(21.0, 21.0, 9.0)})
    assert project.particle(one).annotation.note == "twin, two lamellae"
    for _ in range(3):
        project.undo()
    assert project.particle(one).annotation.note == ""
    project.redo()
    path = project.path
    project.close()
    again = Project.create_or_open(path)
    assert again.particle(one).annotation == said
    again.apply(Gesture(noted={one: ""}))
    assert again.particle(one).annotation.note == ""
    again.close()


def test_a_note_is_no_judgement(project):
    use_model(project)
    (one, *_) = put_circles(project, [A], MODEL)
    project.apply(Gesture(noted={one: ""}))
    assert not project.can_undo
    project.apply(Gesture(noted={one: "blurred"}))
    particle = project.particle(one)
    assert (particle.by_person, particle.label) == (False, "yes")
    assert one in [particle_id for _, particle_id in project.queue()]
    project.accept([one])
    particle = project.particle(one)
    assert (particle.annotation.origin, particle.annotation.note) == (
        "confirmed",
        "blurred",
    )


def test_what_was_said_is_told_in_order_and_without_what_was_undone(project):
    (one, *_) = put_circles(project, [A])
    project.annotator = "Ann"
    project.label([one], "no")
    project.annotator = "Bob"
    project.label([one], "null")
    project.label([one], "yes")
    project.undo()
    told = [(each.annotator, each.label) for each in project.said_of(one)]
    assert told == [("Ann", "no"), ("Bob", "null")]
    project.reload()
    assert [each.label for each in project.said_of(one)] == ["no", "null"]
    assert project.said_of("unknown") == ()


def test_labelled_gives_what_training_needs(project):
    first, second = put_circles(project, [A, B])
    project.label([first], "yes")
    project.reshape({second: C})
    drawn = project.draw(B, "no")
    project.set_pixel_size(0.04)
    (item,) = project.labelled()
    path, frame, micrograph_id, pixel_size_nm, annotations = item
    assert (path, frame) == (project.entries[0].path, 0)
    assert (micrograph_id, pixel_size_nm) == (project.micrograph.id, 0.04)
    assert {each.particle_id: each.label for each in annotations} == {
        first: "yes",
        drawn: "no",
    }
    assert dict(zip(item.particle_ids, item.circles, strict=True)) == {
        first: A,
        drawn: B,
    }
    assert len(item.labels) == 2
