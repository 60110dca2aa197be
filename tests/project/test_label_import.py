"""Label files becoming annotations, once, and never above a person's word."""

import pytest

from napari_cdse.core.records import Circle
from napari_cdse.io.labels.label_file import write_label_file
from napari_cdse.project import Project
from napari_cdse.project.files import label_import
from tests.project_tools import (
    SHAPE,
    Heard,
    hand_over,
    put_circles,
    reopened,
    write_folder,
)

A, B = Circle(30.0, 40.0, 10.0), Circle(60.0, 70.0, 12.0)


@pytest.fixture
def labelled(tmp_path):
    """The layout of labelled data: two of three micrographs have label files."""
    root = tmp_path / "labelled"
    write_folder(root / "images")
    texts = root / "text_files"
    texts.mkdir()
    write_label_file(texts / "m1.txt", [A, B], ["yes", "empty"], SHAPE)
    write_label_file(texts / "m2.txt", [], [], SHAPE)
    return root


def test_label_files_become_annotations_once(labelled):
    project = Project.create_or_open(labelled)
    assert project.notices == ()
    assert project.path == labelled / "napari-cdse.cdse"
    assert [each.reviewed for each in project.micrographs.entries] == [2, 0, 0]
    assert [each.looked_at for each in project.micrographs.entries] == [
        True,
        True,
        False,
    ]
    annotations = [each.annotation for each in project.particles.of(0)]
    assert {(each.circle, each.label) for each in annotations} == {
        (A, "yes"),
        (B, "empty"),
    }
    assert {(each.origin, each.annotator) for each in annotations} == {
        ("imported", "m1.txt")
    }
    project.close()
    again = Project.create_or_open(labelled)
    assert len(again.particles.of(0)) == 2
    again.close()


def test_two_windows_import_the_same_files_once(labelled, monkeypatch):
    read, others = label_import.read_label_file, []

    def slow(path, **values):
        # While the first window reads, the second opens the folder from start to end.
        if not others:
            others.append(None)
            Project.create_or_open(labelled).close()
        return read(path, **values)

    monkeypatch.setattr(label_import, "read_label_file", slow)
    project = Project.create_or_open(labelled)
    assert others
    assert len(project._store.edits.in_force({})) == 1
    assert {each.circle for each in project.particles.of(0)} == {A, B}
    assert len(project.particles.of(0)) == 2
    project.close()


def test_labels_of_another_image_are_withdrawn_and_teach_nothing(labelled):
    rows, cols = SHAPE
    file = labelled / "text_files" / "m1.txt"
    write_label_file(file, [A, B], ["yes", "empty"], (2 * rows, 2 * cols))
    project = Project.create_or_open(labelled)
    assert len(project.micrographs.labelled()) == 1
    hand_over(project)
    assert project.micrographs.labelled() == []
    assert project.particles.of(0) == ()
    again = reopened(project)
    assert again.micrographs.labelled() == []
    again.close()


def test_imported_labels_can_train_before_any_picture_was_opened(labelled):
    project = Project.create_or_open(labelled)
    (item,) = project.micrographs.labelled()
    assert (item.path, item.id) == (labelled / "images" / "m1.png", None)
    assert sorted(item.labels) == ["empty", "yes"]
    project.close()


def test_undo_does_not_reach_an_import(labelled):
    project = Project.create_or_open(labelled)
    assert not project.history.can_undo
    assert project.history.undo() is None
    hand_over(project)
    first = project.particles.current[0].id
    project.edits.label([first], "null")
    assert project.particles.get(first).annotation.origin == "corrected"
    project.history.undo()
    assert project.history.undo() is None
    assert project.particles.get(first).annotation.origin == "imported"
    assert project.particles.counts() == {"yes": 1, "no": 0, "null": 0, "empty": 1}
    project.close()


def test_a_later_import_does_not_stand_in_the_way_of_undo(labelled):
    project = Project.create_or_open(labelled)
    hand_over(project)
    project.edits.draw(Circle(20.0, 100.0, 8.0), "no")
    project.close()
    write_label_file(labelled / "text_files" / "m10.txt", [A], ["null"], SHAPE)
    again = Project.create_or_open(labelled)
    assert again.particles.counts()["null"] == 1
    assert again.history.undo() == "Draw 1 circle"
    assert again.particles.counts() == {"yes": 1, "no": 0, "null": 1, "empty": 1}
    again.close()


def test_imported_labels_get_the_micrographs_id_when_it_is_read(labelled):
    project = Project.create_or_open(labelled)
    hand_over(project)
    first = project.particles.current[0]
    assert first.annotation.micrograph_id == project.selection.micrograph.id
    assert project.micrographs.entries[0].shape == SHAPE
    again = reopened(project)
    assert again.particles.get(first.id) == first
    again.close()


def test_a_detection_yields_to_imported_labels(labelled):
    project = Project.create_or_open(labelled)
    hand_over(project)
    free = Circle(20.0, 110.0, 9.0)
    put_circles(project, [Circle(31.0, 41.0, 10.0), free])
    assert {each.circle for each in project.particles.current} == {A, B, free}
    project.close()


def test_labels_of_what_was_found_already_make_no_second_circle(labelled):
    text = labelled / "text_files" / "m1.txt"
    kept = text.rename(labelled / "m1.kept")
    project = Project.create_or_open(labelled)
    hand_over(project)
    found = put_circles(project, [Circle(31.0, 41.0, 10.0), Circle(20.0, 110.0, 9.0)])
    project.close()
    kept.rename(text)
    again = Project.create_or_open(labelled)
    shown = {each.id: (each.circle, each.label) for each in again.particles.of(0)}
    assert len(shown) == 3
    assert shown[found[0]] == (A, "yes")
    assert shown[found[1]][1] is None
    assert (B, "empty") in shown.values()
    again.close()


def test_labels_that_come_later_do_not_stand_above_a_persons(labelled):
    text = labelled / "text_files" / "m1.txt"
    kept = text.rename(labelled / "m1.kept")
    project = Project.create_or_open(labelled)
    hand_over(project)
    first, second = put_circles(project, [A, B])
    project.annotators.current = "Ada"
    project.edits.label([first], "no")
    project.edits.remove([second])
    project.close()
    kept.rename(text)
    again = Project.create_or_open(labelled)
    assert [(each.id, each.label) for each in again.particles.of(0)] == [(first, "no")]
    labels = {
        name: each.label for name, each in again.annotators.labels_of(first).items()
    }
    assert labels == {"label files": "yes", "Ada": "no"}
    assert again.annotators.disagreements() == (first,)
    again.history.undo()
    again.history.undo()
    under = [(each.id, each.label) for each in again.particles.of(0)]
    assert sorted(under) == sorted([(first, "yes"), (second, "empty")])
    third = reopened(again)
    assert [(each.id, each.label) for each in third.particles.of(0)] == under
    assert third.history.redo() == "Label 1 circle no"
    assert third.particles.get(first).label == "no"
    third.close()


def test_a_bad_label_file_is_told_and_the_others_are_imported(labelled):
    texts = labelled / "text_files"
    (texts / "m10.txt").write_text("Particle Location:\n[1.0, x]\n")
    write_label_file(texts / "m99.txt", [A], ["no"], SHAPE)
    project = Project.create_or_open(labelled)
    assert any("m10.txt, line 2" in each for each in project.notices)
    assert any(
        "m99.txt" in each and "No micrograph" in each for each in project.notices
    )
    assert project.particles.counts()["yes"] == 1
    project.close()


def test_labels_that_nobody_reviewed_are_no_annotations(labelled):
    text = labelled / "text_files" / "m10.txt"
    write_label_file(text, [A], ["no"], SHAPE)
    text.write_text(text.read_text() + "Review:\nnot reviewed\n")
    project = Project.create_or_open(labelled)
    assert any("not reviewed" in each for each in project.notices)
    assert project.particles.counts()["no"] == 0
    project.close()


def test_labels_of_another_image_are_left_out_when_the_picture_is_read(labelled):
    write_label_file(labelled / "text_files" / "m10.txt", [A], ["no"], (64, 80))
    project = Project.create_or_open(labelled)
    assert project.particles.counts()["no"] == 1
    heard = Heard(project)
    hand_over(project, 2)
    assert "64 x 80" in heard.of("notice")[0]
    assert "90 x 140" in heard.of("notice")[0]
    assert project.particles.current == ()
    assert project.particles.counts() == {"yes": 1, "no": 0, "null": 0, "empty": 1}
    again = reopened(project)
    assert again.particles.counts()["no"] == 0
    hand_over(again, 2)
    assert again.particles.current == ()
    again.close()


def test_labels_of_another_image_that_were_worked_on_are_the_persons(labelled):
    write_label_file(labelled / "text_files" / "m10.txt", [A], ["no"], (64, 80))
    project = Project.create_or_open(labelled)
    project.selection.open(2)
    project.edits.label([project.particles.current[0].id], "yes")
    heard = Heard(project)
    hand_over(project, 2)
    assert "check its circles" in heard.of("notice")[0]
    assert project.particles.current[0].label == "yes"
    # It is said once, in this sitting and in the next.
    hand_over(project, 2)
    assert len([each for each in heard.of("notice") if "circles" in each]) == 1
    project.close()
    again = Project.create_or_open(labelled)
    heard = Heard(again)
    hand_over(again, 2)
    assert heard.of("notice") == []
    assert len(again.particles.of(2)) == 1
    again.close()


def test_no_lot_falls_on_an_imported_label_that_a_person_judged_again(labelled):
    """The forest's word was in view all the time, so it is no draw in hindsight."""
    project = Project.create_or_open(labelled)
    hand_over(project)
    project.audits.share = 1
    first = project.particles.of(0)[0].id
    drawn = project.audits.tallies().drawn
    assert not project.audits.hides(first)
    for label in ("no", "yes"):
        project.edits.label([first], label, selected_by="queue")
        assert project.particles.get(first).annotation.origin != "imported"
        assert project.audits.drawn_chance(first) is None
        assert project.audits.tallies().drawn == drawn
        (known,) = (
            each for each in project.statistics.evidence() if each.particle == first
        )
        assert (known.route, known.label) == ("file", label)
    project.edits.defer([first])
    assert project.audits.drawn_chance(first) is None
    project.close()
