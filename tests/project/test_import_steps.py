"""What an import makes of each circle, by what is there already; and its sentence."""

import pytest

from napari_cdse.core.records import Circle
from napari_cdse.project.components.imports import Imported
from napari_cdse.project.files.annotation_reading import Placed
from tests.annotating import ids
from tests.project_tools import A, B, C, put_circles

FAR, BESIDE = Circle(75.0, 125.0, 8.0), Circle(15.0, 70.0, 8.0)


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({}, "Nothing new came in."),
        ({"labelled": 1, "micrographs": 1}, "1 circle in 1 micrograph came in."),
        (
            {"labelled": 2, "unlabelled": 3, "micrographs": 2},
            "5 circles in 2 micrographs came in; 3 of them without a class.",
        ),
        (
            {"same": 4, "kept": 2, "removed": 1},
            "Nothing new came in; 4 were there already; 2 have another class here "
            "already, which stays as it is; 1 were removed here and stay away.",
        ),
    ],
)
def test_an_import_is_told_in_a_sentence(counts, sentence):
    assert Imported(**counts).sentence == sentence


@pytest.fixture
def filled(project):
    """Three circles: one judged, one removed, one only proposed."""
    first, second, _ = put_circles(project, [A, B, C])
    project.edits.label([first], "yes")
    project.edits.remove([second])
    return project


def place(project, *told):
    rows = project._state.micrographs.rows
    placed = [
        Placed(rows[index].key, circle, label, source, note)
        for index, circle, label, source, note in told
    ]
    return project.imports.store(placed)


def test_each_circle_becomes_what_is_not_there_yet(filled):
    found = place(
        filled,
        (0, A.moved(1, 0), "yes", "f", ""),
        (0, B, "no", "f", ""),
        (0, C.moved(1, 1), "null", "f", "odd"),
        (0, FAR, "empty", "f", ""),
        (1, BESIDE, None, "f", "tilted"),
    )
    assert found == Imported(2, 1, 2, same=1, kept=0, removed=1)
    assert filled.history.undo_summary == "Import 3 circles from f"
    told = {each.circle: each.annotation for each in filled.particles.of(0)}
    moved = C.moved(1, 1)
    assert set(told) == {A, moved, FAR}
    # A proposal becomes what the file says, its circle too.
    third = told[moved]
    assert (third.label, third.origin, third.note) == ("null", "imported", "odd")
    assert third.annotator == "f"
    assert told[FAR].label == "empty"
    assert told[A].origin != "imported"
    (drawn,) = filled.particles.of(1)
    assert (drawn.circle, drawn.label, drawn.annotation.origin) == (
        BESIDE,
        None,
        "drawn",
    )
    assert drawn.annotation.note == "tilted"
    filled.history.undo()
    assert {each.circle for each in filled.particles.of(0)} == {A, C}
    assert filled.particles.of(1) == ()


def test_another_class_stays_and_one_without_a_class_says_nothing(filled):
    before = filled.history.undo_summary
    found = place(filled, (0, A, "no", "f", ""), (0, C, None, "g", ""))
    assert found == Imported(same=1, kept=1)
    assert filled.history.undo_summary == before
    (judged,) = (each for each in filled.particles.of(0) if each.circle == A)
    assert judged.label == "yes"


def test_several_files_are_one_step(filled):
    found = place(filled, (0, FAR, "yes", "f", ""), (1, BESIDE, "no", "g", ""))
    assert (found.labelled, found.micrographs) == (2, 2)
    assert filled.history.undo_summary == "Import 2 circles from 2 files"


def test_a_circle_that_a_user_placed_stays_with_its_note(filled):
    (third,) = (each.id for each in filled.particles.of(0) if each.circle == C)
    filled.edits.note({third: "mine"})
    filled.edits.reshape({third: C.moved(2, 0)})
    place(filled, (0, C, "no", "f", "theirs"))
    told = filled.particles.get(third)
    assert (told.circle, told.label) == (C.moved(2, 0), "no")
    assert told.annotation.note == "mine"
    assert len(ids(filled)) == 2


def test_what_is_no_micrograph_any_more_is_left(filled):
    assert filled.imports.store([Placed(999, FAR, "yes", "f")]) == Imported()


def test_pictures_are_told_in_the_order_of_the_table(project):
    told = project.imports.pictures()
    assert [each.name for each in told] == ["m1", "m2", "m10"]
    assert [each.path.name for each in told] == ["m1.png", "m2.png", "m10.png"]
    assert [each.shape for each in told] == [(90, 140), None, None]
    assert {each.frame for each in told} == {0}
