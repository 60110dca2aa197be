"""What the project shows after edits and detections."""

import dataclasses

import pytest

from napari_cdse.core.errors import ParameterError, StoreError
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from napari_cdse.io.micrograph_file import read_micrograph
from napari_cdse.project import Drawing, Gesture, Project
from tests.project_tools import (
    Heard,
    hand_over,
    prediction,
    put_circles,
    write_folder,
    write_picture,
)

A, B, C = Circle(30.0, 30.0, 10.0), Circle(60.0, 70.0, 12.0), Circle(40.0, 110.0, 9.0)
MODEL = "model-1"


@pytest.fixture
def project(tmp_path):
    project = Project.create_or_open(write_folder(tmp_path / "sample"))
    project.audit_share = 0
    hand_over(project)
    yield project
    project.close()


@pytest.fixture
def listening(project):
    return Heard(project)


def use_model(project, model_id=MODEL):
    """Make an id active, as if its forest had been kept."""
    from tests.project_tools import small_model

    model = small_model()
    card = dataclasses.replace(model.card, id=model_id)
    project.add_model(dataclasses.replace(model, card=card), data=b"")
    project.keep(model_id)


def circles(project):
    return {each.circle for each in project.particles}


# Labels


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


# Circles


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


# Detections against a person's word


def test_a_new_detection_leaves_labels_and_moved_circles(project):
    first, second = put_circles(project, [A, B])
    project.label([first], "yes")
    project.reshape({second: Circle(62.0, 72.0, 12.0)})
    shifted = [Circle(31.0, 31.0, 10.0), Circle(61.0, 71.0, 12.0), C]
    put_circles(project, shifted)
    assert circles(project) == {A, Circle(62.0, 72.0, 12.0), C}
    assert project.particle(first).label == "yes"


def test_a_removed_circle_does_not_come_back(project):
    first, _ = put_circles(project, [A, B])
    project.remove([first])
    put_circles(project, [A, B])
    assert circles(project) == {B}
    put_circles(project, [Circle(32.0, 31.0, 10.0), B])
    assert circles(project) == {B}


def test_undoing_a_removal_after_a_detection_brings_a_circle_back(project):
    first, _ = put_circles(project, [A, B])
    project.remove([first])
    newer = Circle(31.0, 30.0, 10.0)
    put_circles(project, [newer, B])
    project.undo()
    assert circles(project) == {newer, B}
    project.redo()
    assert circles(project) == {B}


def test_redoing_a_label_after_a_detection_makes_the_proposal_yield(project):
    (first,) = put_circles(project, [A])
    project.label([first], "yes")
    project.undo()
    newer = Circle(31.0, 30.0, 10.0)
    put_circles(project, [newer])
    project.redo()
    assert circles(project) == {A}
    assert project.particle(first).label == "yes"


def test_relabelling_after_a_detection_does_not_wake_the_proposal(project):
    (first,) = put_circles(project, [A])
    project.label([first], "yes")
    put_circles(project, [Circle(31.0, 30.0, 10.0)])
    project.label([first], "no")
    assert circles(project) == {A}


def test_touching_proposals_of_one_detection_all_stay(project):
    near = Circle(30.0, 36.0, 10.0)
    first, _ = put_circles(project, [A, near])
    project.label([first], "yes")
    assert circles(project) == {A, near}
    put_circles(project, [A, near])
    assert circles(project) == {A, near}


def test_drawing_over_a_proposal_hides_nothing_until_the_next_detection(project):
    put_circles(project, [A])
    over = Circle(31.0, 30.0, 10.0)
    project.draw(over, "yes")
    assert circles(project) == {A, over}
    put_circles(project, [A])
    assert circles(project) == {over}


def test_a_neighbour_that_hardly_overlaps_is_a_particle_of_its_own(project):
    (first,) = put_circles(project, [A])
    project.label([first], "yes")
    neighbour = Circle(30.0, 44.0, 10.0)
    put_circles(project, [neighbour])
    assert circles(project) == {A, neighbour}


def test_what_is_analysed_must_belong_to_the_project(project):
    with pytest.raises(StoreError, match="no micrograph of this project"):
        project.put_analysis("another", None, [])


def test_an_estimated_scale_is_no_pixel_size_of_the_micrograph(project):
    put_circles(project, [A])
    assert project.pixel_size(0) == (0.04, "estimated")
    assert project.micrograph.pixel_size_nm is None


# Signals


def test_signals_name_exactly_what_changed(project, listening):
    first, second = put_circles(project, [A, B])
    assert listening.of("particles_changed")[-1] == {first, second}
    assert listening.of("analysed") == [0]
    listening.calls.clear()
    project.label([first], "yes")
    assert listening.calls == [
        ("particles_changed", frozenset({first})),
        ("micrographs_changed",),
        ("history_changed",),
    ]
    drawn = project.draw(C)
    assert listening.of("particles_changed")[-1] == {drawn}


def test_an_edit_is_stored_before_anyone_hears_of_it(project):
    (first,) = put_circles(project, [A])
    seen = []

    def look(_ids):
        other = Project.create_or_open(project.path)
        seen.append(other.particle(first).label)
        other.close()

    project.particles_changed.connect(look)
    project.label([first], "null")
    assert seen == ["null"]


def test_the_selection_leaves_a_circle_that_is_removed(project, listening):
    first, _ = put_circles(project, [A, B])
    project.select(first)
    project.remove([first])
    assert project.selected is None
    assert listening.of("selection_changed") == [first, None]


def test_selecting_elsewhere_opens_that_micrograph(project, listening):
    (first,) = put_circles(project, [A])
    hand_over(project, 1)
    listening.calls.clear()
    project.select(first)
    assert project.current == 0
    assert project.micrograph is None
    assert listening.of("opened") == [0]


def test_undo_in_another_micrograph_opens_it(project, listening):
    (first,) = put_circles(project, [A])
    project.label([first], "yes")
    hand_over(project, 2)
    listening.calls.clear()
    assert project.undo() == "Label 1 circle yes"
    assert project.current == 0
    assert listening.of("opened") == [0]
    hand_over(project, 1)
    project.redo()
    assert project.current == 0
    assert project.particle(first).label == "yes"


def test_one_step_may_span_micrographs(project):
    (first,) = put_circles(project, [A])
    hand_over(project, 1)
    (second,) = put_circles(project, [B])
    project.label([first, second], "empty")
    assert [each.reviewed for each in project.entries] == [1, 1, 0]
    project.undo()
    assert project.current == 1
    assert [each.reviewed for each in project.entries] == [0, 0, 0]


# Micrographs


def test_pixels_that_come_late_are_not_shown(project):
    late = read_micrograph(project.entries[1].path)
    project.set_micrograph(1, late)
    assert project.micrograph.id != late.id
    assert project.entries[1].id == late.id


def test_a_persons_pixel_size_holds_for_the_folder_and_what_comes_later(project):
    heard = Heard(project)
    project.set_pixel_size(0.05)
    assert project.micrograph.pixel_size_nm == 0.05
    assert project.micrograph.pixel_size_source == "person"
    assert heard.of("pixels_changed") == [0]
    write_picture(project.folder / "m20.png", 20)
    other = Project.create_or_open(project.folder)
    assert [each.pixel_size_nm for each in other.entries] == [0.05] * 4
    other.set_pixel_size(0.03, [3])
    assert other.pixel_size(3) == (0.03, "person")
    assert other.pixel_size(0) == (0.05, "person")
    other.close()


def test_taking_the_pixel_size_back_wants_the_file_anew(project):
    project.set_pixel_size(0.05)
    heard = Heard(project)
    project.set_pixel_size(None, [0])
    assert project.micrograph is None
    assert heard.of("opened") == [0]
    assert project.pixel_size(0) is None


def test_an_impossible_pixel_size_is_refused(project):
    with pytest.raises(ParameterError, match="not possible"):
        project.set_pixel_size(37.0)
    assert project.pixel_size(0) is None


def test_a_micrograph_that_was_left_out_is_in_no_queue_and_no_training(project):
    (first,) = put_circles(project, [A])
    project.label([first], "yes")
    assert len(project.labelled()) == 1
    project.set_excluded(0, "out of focus")
    assert project.entries[0].excluded == "out of focus"
    assert project.labelled() == []
    assert project.queue(which="all") == []
    project.set_excluded(0, None)
    assert len(project.queue(which="all")) == 1


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


# Settings and review


def test_settings_last(project):
    project.detection_params = DetectionParams(window_nm=3.0, seed=7)
    project.annotator = " Ada "
    other = Project.create_or_open(project.path)
    assert other.detection_params == DetectionParams(window_nm=3.0, seed=7)
    assert other.annotator == "Ada"
    other.close()


def test_parameters_out_of_range_fall_back_to_the_defaults(project):
    project._store.set_setting("detection_params", {"window_nm": 1e9})
    assert project.detection_params == DetectionParams()
