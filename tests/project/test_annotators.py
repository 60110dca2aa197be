"""Several annotators of one project: whose label is whose, and labels given blind."""

from dataclasses import replace

import pytest

from napari_cdse.core.records import CLASSES, Circle
from napari_cdse.io.labels.label_file import write_label_file
from napari_cdse.project import EditRequest, Project
from tests.annotating import GRID, fill, given, ids, say
from tests.project_tools import (
    SHAPE,
    Heard,
    hand_over,
    put_circles,
    small_model,
    write_folder,
)


@pytest.fixture
def project(project):
    """All three micrographs are read, found and classified."""
    fill(project, 3)
    return project


def test_each_annotator_keeps_a_label_of_her_own(project):
    a, b, c, *_ = ids(project)
    say(project, "Ada", {a: "yes", b: "no"})
    say(project, "Ben", {a: "no", c: "null"})
    assert given(project, a) == {"Ada": "yes", "Ben": "no"}
    assert given(project, b) == {"Ada": "no"}
    assert given(project, c) == {"Ben": "null"}
    assert project.particles.get(a).label == "no"
    assert project.annotators.names() == ("Ada", "Ben")


def test_the_latest_label_of_an_annotator_counts_and_undone_ones_do_not(project):
    a, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    say(project, "Ada", {a: "null"})
    say(project, "Ben", {a: "no"})
    assert given(project, a) == {"Ada": "null", "Ben": "no"}
    project.history.undo()
    assert given(project, a) == {"Ada": "null"}
    project.history.undo()
    assert given(project, a) == {"Ada": "yes"}
    project.history.redo()
    project.history.redo()
    assert given(project, a) == {"Ada": "null", "Ben": "no"}
    path = project.path
    again = Project.create_or_open(path)
    assert given(again, a) == {"Ada": "null", "Ben": "no"}
    again.close()


def test_who_takes_a_label_back_takes_back_her_own(project):
    a, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    say(project, "Ben", {a: None})
    assert given(project, a) == {"Ada": "yes"}
    say(project, "Ada", {a: "yes"})
    say(project, "Ada", {a: None})
    assert given(project, a) == {}


def test_moving_and_noting_are_no_labels(project):
    a, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    project.annotators.current = "Ben"
    project.edits.reshape({a: Circle(12.0, 12.0, 8.0)})
    assert given(project, a) == {"Ada": "yes"}


def test_imported_labels_are_those_of_one_annotator(tmp_path):
    root = tmp_path / "labelled"
    write_folder(root / "images")
    (root / "text_files").mkdir()
    for stem in ("m1", "m2"):
        write_label_file(
            root / "text_files" / f"{stem}.txt", GRID[:2], ["yes"] * 2, SHAPE
        )
    project = Project.create_or_open(root)
    hand_over(project)
    a, b = ids(project)
    say(project, "Ada", {a: "yes"}, hide=True)
    say(project, "Ada", {b: "no"}, hide=True)
    assert given(project, a) == {"label files": "yes", "Ada": "yes"}
    (found,) = project.annotators.agreements()
    assert (found.first, found.second) == ("Ada", "label files")
    assert (found.n_agreed, found.n_particles) == (1, 2)
    project.close()


def test_the_program_never_gives_a_label_and_never_takes_one(project, tmp_path):
    a, *_ = ids(project)
    say(project, "Ada", {a: "null"})
    said = project.particles.get(a).annotation
    put_circles(project, [Circle(12.0, 12.0, 9.0)], project.models.active_id)
    other = small_model(seed=3)
    project.models.add(other)
    project.models.keep(other.card.id)
    put_circles(project, GRID, other.card.id)
    project.reload()
    write_label_file(project.folder / "m1.txt", GRID[:1], ["yes"], SHAPE)
    again = Project.create_or_open(project.folder)
    for each in (project, again):
        assert each.particles.get(a).annotation == said
    kept = said.shown
    assert (kept.model_id, kept.label) == (small_model().card.id, CLASSES[0])
    again.close()


def test_blind_one_sees_the_forests_word_in_place_of_others_labels(project):
    a, b, c, *_ = ids(project)
    say(project, "Ada", {a: "null", b: "null"})
    project.annotators.current = "Ben"
    heard = Heard(project)
    project.annotators.hide_others = True
    assert heard.of("particles_changed") == [None]
    seen = project.particles.get(a)
    assert (seen.by_person, seen.label) == (False, "yes")
    assert (
        project.micrographs.entries[0].reviewed,
        project.micrographs.entries[0].resolved,
    ) == (0, 0)
    assert {each for _, each in project.review.queue("micrograph")} >= {a, b, c}
    project.edits.label([a], "no")
    assert (project.particles.get(a).label, project.particles.get(a).by_person) == (
        "no",
        True,
    )
    assert project.micrographs.entries[0].reviewed == 1
    project.annotators.hide_others = False
    assert project.particles.get(b).label == "null"
    assert project.micrographs.entries[0].reviewed == 2


def test_blind_one_sees_her_own_label_under_a_later_one(project):
    a, *_ = ids(project)
    say(project, "Ben", {a: "yes"})
    say(project, "Ada", {a: "no"})
    assert project.particles.get(a).label == "no"
    project.annotators.current, project.annotators.hide_others = "Ben", True
    assert project.particles.get(a).annotation.annotator == "Ben"
    assert project.particles.get(a).label == "yes"
    project.annotators.current = "Ada"
    assert project.particles.get(a).label == "no"


def test_hiding_changes_neither_counts_nor_training(project):
    a, b, *_ = ids(project)
    say(project, "Ada", {a: "yes", b: "no"})
    counts, labelled = project.particles.counts(), project.micrographs.labelled()
    project.annotators.current, project.annotators.hide_others = "Ben", True
    assert project.particles.counts() == counts
    assert project.micrographs.labelled() == labelled
    # And what she says now counts at once, over what she does not see.
    say(project, "Ben", {a: "null"})
    assert project.particles.counts() == {**counts, "yes": 0, "null": 1}


def test_blind_one_sees_no_deferral_and_no_note_of_others(project):
    a, b, c, d, *_ = ids(project)
    say(project, "Ada", {b: "null"})
    project.edits.defer([a])
    project.edits.apply(EditRequest(noted={b: "twin", c: "twin", d: "mine to see"}))
    project.annotators.current, project.annotators.hide_others = "Ben", True
    fresh = project.particles.of(1)[0]
    for each in (a, b, c, d):
        assert project.particles.get(each) == replace(
            fresh,
            id=each,
            circle=project.particles.get(each).circle,
            prediction=project.particles.get(each).prediction,
        )
        assert project.annotators.statements_in_view(each) == ()
    assert (
        project.particles.n_deferred(),
        project.micrographs.entries[0].deferred,
    ) == (0, 0)
    assert project.review.queue(which="deferred") == []
    assert "null" not in project.history.undo_summary
    assert "Ada" in project.history.undo_summary
    # Her own label is hers; the note may be read after it.
    project.edits.label([b], "yes")
    assert project.particles.get(b).annotation.note == "twin"
    assert project.history.undo_summary == "Label 1 circle yes"
    project.annotators.current = "Ada"
    assert project.particles.get(a).deferred
    assert project.particles.get(b).label == "null"


def test_a_blind_note_stands_beside_the_hidden_one(project):
    a, b, *_ = ids(project)
    project.annotators.current = "Ada"
    project.edits.apply(EditRequest(noted={a: "twin", b: "twin"}))
    project.annotators.current, project.annotators.hide_others = "Ben", True
    for note in ("cut off", "cut off by the border"):
        project.edits.apply(EditRequest(noted={a: note}))
        assert project.particles.get(a).annotation.note == note
    project.edits.apply(EditRequest(noted={b: "cut off"}))
    project.edits.apply(EditRequest(noted={b: ""}))
    assert project.particles.get(b).annotation is None
    again = Project.create_or_open(project.path)
    notes = [again.particles.get(each).annotation.note for each in (a, b)]
    assert notes == ["twin | cut off by the border", "twin"]
    again.annotators.current, again.annotators.hide_others = "Ben", True
    assert again.particles.get(a).annotation.note == "cut off by the border"
    again.close()


def test_blind_one_leaves_for_later_what_another_has_labelled(project):
    a, b, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    project.edits.defer([b])
    project.annotators.current, project.annotators.hide_others = "Ben", True
    project.edits.defer([a, b])
    assert [project.particles.get(each).deferred for each in (a, b)] == [True, True]
    assert project.particles.n_deferred() == 2
    assert given(project, a) == {"Ada": "yes"}
    assert project.particles.counts()["yes"] == 1
    # Moving the circle makes another's deferral not hers.
    project.annotators.current = "Cleo"
    project.edits.reshape({b: Circle(12.0, 12.0, 8.0)})
    assert not project.particles.get(b).deferred
    assert not project.annotators.statements_in_view(b)[-1].deferred
    project.annotators.current = "Ben"
    project.edits.label([a], "no")
    assert not project.particles.get(a).deferred
    project.annotators.current, project.annotators.hide_others = "Ada", False
    assert not project.particles.get(a).deferred
    assert given(project, a) == {"Ada": "yes", "Ben": "no"}


def test_leaving_for_later_takes_back_ones_own_label_only(project):
    a, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    project.annotators.current = "Ben"
    project.edits.defer([a])
    assert project.particles.get(a).label == "yes"  # the forest's
    assert not project.particles.get(a).by_person
    assert given(project, a) == {"Ada": "yes"}
    say(project, "Ada", {a: "yes"})
    project.edits.defer([a])
    assert given(project, a) == {}


def test_second_thoughts_after_anothers_note_are_not_compared(project):
    a, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    project.edits.apply(EditRequest(noted={a: "clear twin"}))
    say(project, "Ben", {a: "no"}, hide=True)
    say(project, "Ben", {a: "yes"}, hide=True)
    assert given(project, a) == {"Ada": "yes", "Ben": "yes"}
    (found,) = project.annotators.agreements()
    assert (found.n_particles, found.n_agreed) == (1, 0)


def test_edits_under_the_blind_start_from_what_is_stored(project):
    a, b, *_ = ids(project)
    say(project, "Ada", {a: "yes", b: "yes"})
    stored = project.particles.get(a).annotation
    say(project, "Ben", {a: "yes", b: "null"}, hide=True)
    said = project.particles.get(a).annotation
    assert (said.others_seen, said.origin) == (False, "confirmed")
    project.edits.remove([b])
    for _ in range(3):
        project.history.undo()
    project.annotators.hide_others = False
    assert project.particles.get(a).annotation == stored
    assert project.particles.get(b).annotation.annotator == "Ada"


def test_what_was_in_view_is_recorded(project):
    a, b, c, *_ = ids(project)
    say(project, "Ada", {a: "yes", b: "yes"})
    say(project, "Ben", {a: "no"}, hide=True)
    say(project, "Ben", {b: "no", c: "no"})
    seen = [project.particles.get(each).annotation.others_seen for each in (a, b, c)]
    assert seen == [False, True, False]


def test_the_choice_to_hide_is_kept_for_the_window_and_not_for_exports(project):
    a, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    project.annotators.current, project.annotators.hide_others = "Ben", True
    again = Project.create_or_open(project.path)
    assert again.particles.get(a).by_person
    again.annotators.restore_view()
    assert again.annotators.hide_others
    assert not again.particles.get(a).by_person
    again.close()
