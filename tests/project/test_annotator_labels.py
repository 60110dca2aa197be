"""Whose labels a particle has, for statements written down by hand, oldest first."""

import pytest

from napari_cdse.project.state.annotator_labels import (
    LABEL_FILES,
    NO_NAME,
    author,
    deferred_by,
    in_dispute,
    independent,
    joined_note,
    latest,
    notes,
    own_statements,
    own_view,
    renamed,
)
from tests.io.store.stores import CIRCLE, annotation


def said(who, label, time=0, **values):
    return annotation(label=label, annotator=who, time=f"2026-01-{time:02}", **values)


def names_and_labels(given):
    return {name: one.label for name, one in given.items()}


def test_labels_of_files_are_nobodys_and_who_gave_no_name_has_none():
    assert author(said("Ada", "yes")) == "Ada"
    assert author(said("", "yes")) == NO_NAME == "no name"
    assert author(said("Ada", "yes", origin="imported")) == LABEL_FILES == "label files"


def test_the_latest_label_of_each_annotator_stands():
    stated = [
        said("Ada", "yes", 1),
        said("Bo", "no", 2),
        said("Ada", "null", 3),
        said("Cy", "empty", 4),
        said("Cy", None, 5),
    ]
    # Whoever spoke last stands last; who took a label back has none.
    assert list(latest(stated)) == ["Bo", "Ada"]
    assert names_and_labels(latest(stated)) == {"Bo": "no", "Ada": "null"}
    assert latest([]) == {}


def test_a_circle_moved_or_a_note_is_no_other_label():
    first = said("Ada", "yes", 1)
    moved = said("Ada", "yes", 1, note="odd", others_seen=True)
    assert latest([first, moved])["Ada"] is first
    again = said("Ada", "yes", 2)
    assert latest([first, again])["Ada"] is again


def test_only_labels_given_without_another_in_view_are_independent():
    seen = said("Bo", "yes", 2, others_seen=True)
    assert names_and_labels(independent([said("Ada", "yes", 1), seen])) == {
        "Ada": "yes"
    }
    # A later one that was seen does not take the earlier one away.
    stated = [said("Ada", "yes", 1), said("Bo", "no", 2), said("Ada", "no", 3)]
    stated[2] = said("Ada", "no", 3, others_seen=True)
    assert names_and_labels(independent(stated)) == {"Ada": "yes", "Bo": "no"}
    # One that was taken back does.
    stated[2] = said("Ada", None, 3, others_seen=True)
    assert names_and_labels(independent(stated)) == {"Bo": "no"}


def test_a_second_label_after_anothers_note_is_not_independent():
    first, noted = said("Ada", "yes", 1), said("Ada", "no", 2, note="n", note_by="Bo")
    assert names_and_labels(independent([first, noted])) == {"Ada": "yes"}
    own = said("Ada", "no", 2, note="n", note_by="Ada")
    assert names_and_labels(independent([first, own])) == {"Ada": "no"}
    # The first label is given before the note is in view.
    assert names_and_labels(independent([noted])) == {"Ada": "no"}


@pytest.mark.parametrize(
    ("stated", "disputed"),
    [
        ([], False),
        ([("Ada", "yes", False)], False),
        ([("Ada", "yes", False), ("Bo", "yes", False)], False),
        ([("Ada", "yes", False), ("Bo", "no", False)], True),
        # The next with both in view settles it, whoever it is and whatever they say.
        ([("Ada", "yes", False), ("Bo", "no", False), ("Ada", "no", True)], False),
        ([("Ada", "yes", False), ("Bo", "no", False), ("Ada", "yes", True)], False),
        ([("Ada", "yes", False), ("Bo", "no", False), ("Cy", "null", True)], False),
        # Not one that is given without them, nor before there was anything to settle.
        ([("Ada", "yes", False), ("Bo", "no", False), ("Cy", "no", False)], True),
        ([("Ada", "yes", False), ("Bo", "no", True)], True),
        # Once settled, the same word again changes nothing, and another one does.
        (
            [
                ("Ada", "yes", False),
                ("Bo", "no", False),
                ("Cy", "no", True),
                ("Di", "no", False),
            ],
            False,
        ),
        (
            [
                ("Ada", "yes", False),
                ("Bo", "no", False),
                ("Cy", "no", True),
                ("Di", "yes", False),
            ],
            True,
        ),
        ([("Ada", "yes", False), ("Bo", "no", False), ("Bo", None, False)], False),
    ],
)
def test_a_dispute_lasts_until_somebody_settles_it(stated, disputed):
    told = [
        said(who, label, number + 1, others_seen=seen)
        for number, (who, label, seen) in enumerate(stated)
    ]
    assert in_dispute(told) is disputed


def test_who_left_it_for_later_is_known_by_name():
    assert deferred_by(said("Ada", None)) is None
    assert deferred_by(said("Ada", None, deferred=True)) == "Ada"
    assert deferred_by(said("Ada", None, deferred=True, deferred_by="Bo")) == "Bo"


def test_own_statements_are_deferred_only_by_oneself():
    stated = [
        said("Ada", "yes", 1),
        said("Ada", None, 2, deferred=True, deferred_by="Bo"),
        said("Bo", None, 3, deferred=True),
        said("Ada", None, 4, deferred=True),
    ]
    own = own_statements(stated, "Ada")
    assert [one.time[-2:] for one in own] == ["01", "02", "04"]
    assert [one.deferred for one in own] == [False, False, True]


def test_notes_of_others_and_ones_own_are_told_apart():
    stated = [
        said("Ada", None, 1, note="tilted", note_by="Ada"),
        said("Ada", "yes", 2, note="tilted", note_by="Ada"),
        said("Bo", None, 3, note="tilted | a twin", note_by="Bo"),
    ]
    assert notes(stated, "Bo") == ("tilted", "a twin")
    assert notes(stated, "Cy") == ("tilted | a twin", "")
    assert notes(stated, "Ada") == ("tilted | a twin", "")
    assert notes(stated[:2], "Ada") == ("", "tilted")
    assert notes([], "Ada") == ("", "")
    agreed = said("Bo", None, 3, note="tilted", note_by="Bo")
    assert notes([*stated[:2], agreed], "Bo") == ("tilted", "")
    alone = said("Bo", None, 3, note="a twin", note_by="Bo")
    assert notes([*stated[:2], alone], "Bo") == ("tilted", "a twin")
    assert joined_note("tilted", "a twin") == "tilted | a twin"
    assert (joined_note("", "a"), joined_note("a", ""), joined_note("", "")) == (
        "a",
        "a",
        "",
    )


def test_who_shall_not_see_others_sees_their_own_alone():
    ada = said("Ada", "yes", 1, note="tilted", note_by="Ada")
    assert own_view(ada, [ada], "Bo") is None
    assert own_view(ada, [ada], "Ada") == ada
    bo = said("Bo", "no", 2, note="tilted", note_by="Ada")
    # Once Bo has judged, the note is in view, and so are moves of the circle.
    moved = said(
        "Ada", "yes", 3, note="tilted", note_by="Ada", circle=CIRCLE.moved(1, 2)
    )
    seen = own_view(moved, [ada, bo, moved], "Bo")
    assert (seen.label, seen.annotator, seen.note) == ("no", "Bo", "tilted")
    assert seen.circle == moved.circle


def test_who_left_it_for_later_sees_just_that():
    ada = said("Ada", "yes", 1, note="tilted", note_by="Ada", shown=None)
    later = said("Ada", "yes", 2, note="tilted", deferred=True, deferred_by="Bo")
    seen = own_view(later, [ada, later], "Bo")
    assert (seen.label, seen.deferred, seen.annotator) == (None, True, "Bo")
    assert (seen.note, seen.time, seen.origin) == ("", "", "confirmed")
    # A note of one's own shows, without what others wrote.
    noted = said("Ada", "yes", 1, note="tilted | mine", note_by="Bo")
    seen = own_view(noted, [ada, noted], "Bo")
    assert (seen.label, seen.deferred, seen.note) == (None, False, "mine")
    # Who judged it later has not left it any more.
    bo = said("Bo", "no", 4)
    seen = own_view(bo, [ada, later, bo], "Bo")
    assert (seen.label, seen.deferred) == ("no", False)
    # And the other way round: a label, then left for later.
    again = said("Bo", "no", 4, deferred=True, deferred_by="Bo")
    seen = own_view(again, [bo, again], "Bo")
    assert (seen.label, seen.deferred) == (None, True)


def test_a_name_taken_for_anothers_is_taken_wherever_it_stands():
    one = said("ada", "yes", deferred_by="ada", note_by="bo")
    told = renamed(one, {"ada": "Ada", "bo": "Bo", "": "Nobody"})
    assert (told.annotator, told.deferred_by, told.note_by) == ("Ada", "Ada", "Bo")
    # Nobody in the last two means that nobody did.
    bare = renamed(said("", "yes"), {"": "Ada"})
    assert (bare.annotator, bare.deferred_by, bare.note_by) == ("Ada", "", "")
    assert renamed(one, {}) is one
    assert renamed(None, {"ada": "Ada"}) is None
