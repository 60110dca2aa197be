"""Labels and notes: whose they are, what they record, what training gets."""

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Circle
from napari_cdse.project import EditRequest, Project
from tests.project_tools import MODEL, A, B, C, prediction, put_circles, use_model


def test_a_label_is_the_persons_and_counts(project):
    first, second = put_circles(project, [A, B])
    project.edits.label([first], "yes")
    project.edits.label([second], "no")
    assert project.particles.get(first).label == "yes"
    assert project.particles.get(first).by_person
    assert project.particles.counts() == {"yes": 1, "no": 1, "null": 0, "empty": 0}
    entry = project.micrographs.entries[0]
    assert (entry.found, entry.reviewed, entry.resolved, entry.defects) == (2, 2, 2, 1)


def test_a_label_records_who_when_how_and_what_was_on_the_screen(project):
    use_model(project)
    first, second = put_circles(project, [A, B], MODEL)
    project.annotators.current = "Ada"
    project.edits.label([first], "yes", selected_by="queue")
    project.edits.label([second], "yes")
    queued, corrected = (
        project.particles.get(each).annotation for each in (first, second)
    )
    assert (queued.annotator, queued.selected_by) == ("Ada", "queue")
    assert (queued.selection_chance, queued.prediction_seen) == (None, True)
    assert queued.shown == prediction(first, MODEL, "yes")
    assert queued.origin == "confirmed"
    assert queued.micrograph_id == project.micrographs.entries[0].id
    assert (corrected.origin, corrected.prediction_seen) == ("corrected", True)
    assert corrected.selected_by == "hand"
    assert corrected.time > queued.time


def test_what_one_key_says_of_many_has_one_time(project):
    ids = put_circles(project, [A, B, C])
    project.edits.label(ids, "yes")
    times = {project.particles.get(each).annotation.time for each in ids}
    assert len(times) == 1


def test_without_a_prediction_none_was_seen(project):
    (first,) = put_circles(project, [A])
    project.edits.label([first], "null")
    annotation = project.particles.get(first).annotation
    assert annotation.shown is None
    assert not annotation.prediction_seen


def test_accepting_takes_the_forests_word_as_the_persons(project, listening):
    use_model(project)
    first, second = put_circles(project, [A, B], MODEL)
    drawn = project.edits.draw(C)
    project.edits.accept([first, second, drawn])
    assert [project.particles.get(i).label for i in (first, second, drawn)] == [
        "yes",
        "no",
        None,
    ]
    assert "no prediction" in listening.of("notice")[-1]
    project.history.undo()
    assert not project.particles.get(first).by_person
    assert not project.particles.get(second).by_person


def test_saying_the_same_again_is_no_step(project):
    (first,) = put_circles(project, [A])
    project.edits.label([first], "yes")
    before = project.particles.get(first)
    project.edits.label([first], "yes")
    assert project.particles.get(first) == before
    project.history.undo()
    assert not project.history.can_undo


def test_another_person_saying_the_same_is_news(project):
    (first,) = put_circles(project, [A])
    project.annotators.current = "Ada"
    project.edits.label([first], "yes")
    project.annotators.current = "Grace"
    project.edits.label([first], "yes")
    assert project.particles.get(first).annotation.annotator == "Grace"
    project.history.undo()
    assert project.particles.get(first).annotation.annotator == "Ada"


def test_a_label_stays_its_givers_when_another_moves_or_removes_the_circle(project):
    first, second = put_circles(project, [A, B])
    project.annotators.current = "Ada"
    project.edits.label([first], "yes")
    said = project.particles.get(first).annotation
    project.annotators.current = "Grace"
    project.edits.reshape({first: C, second: Circle(61.0, 71.0, 12.0)})
    moved = project.particles.get(first).annotation
    assert (moved.label, moved.annotator, moved.time) == ("yes", "Ada", said.time)
    assert moved.id != said.id
    assert project.particles.get(second).annotation.annotator == "Grace"
    project.edits.remove([first])
    edits = project._store.edits.in_force({})
    assert [each.annotator for each in edits] == ["Ada", "Grace", "Grace"]
    removed = edits[-1].changes[0].after
    assert (removed.removed, removed.annotator) == (True, "Ada")


def test_a_label_can_be_taken_back_by_hand(project):
    (first,) = put_circles(project, [A])
    project.edits.label([first], "yes")
    project.edits.label([first], None)
    assert project.particles.get(first).label is None
    assert project.particles.counts()["yes"] == 0


def test_an_unknown_class_is_refused(project):
    (first,) = put_circles(project, [A])
    with pytest.raises(StoreError, match="'maybe' is not a class"):
        project.edits.label([first], "maybe")
    assert not project.history.can_undo


def test_a_note_outlives_labels_undo_and_a_restart(project):
    project.annotators.current = "Ann"
    (one, *_) = put_circles(project, [A, B])
    project.edits.label([one], "yes")
    project.annotators.current = "Bob"
    project.edits.apply(EditRequest(noted={one: " twin,\n two lamellae "}))
    said = project.particles.get(one).annotation
    assert (said.note, said.label, said.annotator) == (
        "twin, two lamellae",
        "yes",
        "Ann",
    )
    assert project.history.undo_summary == "Note on 1 circle"
    project.edits.label([one], "no")
    project.edits.reshape({one: Circle(21.0, 21.0, 9.0)})
    assert project.particles.get(one).annotation.note == "twin, two lamellae"
    for _ in range(3):
        project.history.undo()
    assert project.particles.get(one).annotation.note == ""
    project.history.redo()
    path = project.path
    project.close()
    again = Project.create_or_open(path)
    assert again.particles.get(one).annotation == said
    again.edits.apply(EditRequest(noted={one: ""}))
    assert again.particles.get(one).annotation.note == ""
    again.close()


def test_a_note_is_no_judgement(project):
    use_model(project)
    (one, *_) = put_circles(project, [A], MODEL)
    project.edits.apply(EditRequest(noted={one: ""}))
    assert not project.history.can_undo
    project.edits.apply(EditRequest(noted={one: "blurred"}))
    particle = project.particles.get(one)
    assert (particle.by_person, particle.label) == (False, "yes")
    assert one in [particle_id for _, particle_id in project.review.queue()]
    project.edits.accept([one])
    particle = project.particles.get(one)
    assert (particle.annotation.origin, particle.annotation.note) == (
        "confirmed",
        "blurred",
    )


def test_what_was_said_is_told_in_order_and_without_what_was_undone(project):
    (one, *_) = put_circles(project, [A])
    project.annotators.current = "Ann"
    project.edits.label([one], "no")
    project.annotators.current = "Bob"
    project.edits.label([one], "null")
    project.edits.label([one], "yes")
    project.history.undo()
    told = [(each.annotator, each.label) for each in project.particles.statements(one)]
    assert told == [("Ann", "no"), ("Bob", "null")]
    project.reload()
    assert [each.label for each in project.particles.statements(one)] == ["no", "null"]
    assert project.particles.statements("unknown") == ()


def test_labelled_gives_what_training_needs(project):
    first, second = put_circles(project, [A, B])
    project.edits.label([first], "yes")
    project.edits.reshape({second: C})
    drawn = project.edits.draw(B, "no")
    project.micrographs.set_pixel_size(0.04)
    (item,) = project.micrographs.labelled()
    path, frame, micrograph_id, pixel_size_nm, annotations, *rest = item
    # CdSe, and no quality before anything was detected.
    assert rest == [None, None]
    assert (path, frame) == (project.micrographs.entries[0].path, 0)
    assert (micrograph_id, pixel_size_nm) == (project.selection.micrograph.id, 0.04)
    assert {each.particle_id: each.label for each in annotations} == {
        first: "yes",
        drawn: "no",
    }
    assert dict(zip(item.particle_ids, item.circles, strict=True)) == {
        first: A,
        drawn: B,
    }
    assert len(item.labels) == 2
