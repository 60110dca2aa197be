"""What a gesture makes of a particle, for each state that it can be in."""

from __future__ import annotations

import dataclasses
import math

import pytest

from napari_cdse.core.errors import StoreError
from napari_cdse.core.records import Circle, Prediction
from napari_cdse.project.editing.edit_changes import changes_of, check_circle
from napari_cdse.project.editing.edit_request import (
    Drawing,
    EditContext,
    EditRequest,
    summary_of,
)
from napari_cdse.project.state.records import Particle
from tests.io.store.stores import CIRCLE, annotation

MOVED = Circle(1.0, 2.0, 3.0)
SAID = Prediction("p", "model", (0.7, 0.1, 0.1, 0.1))
BY_HAND = EditContext("Bo")
PLAIN = Particle("p", CIRCLE, None, SAID)


def after(request, particle=PLAIN, context=BY_HAND, ids=None):
    """What stands of a particle after a request; the particle itself if unchanged."""
    found = changes_of(request, {"p": particle}, {"p": 3}, None, ids or {}, context)
    if not found:
        return particle.annotation
    (change,) = found
    assert (change.particle_id, change.micrograph_key) == ("p", 3)
    assert change.before == particle.annotation
    return change.after


def judged(**values):
    return Particle("p", CIRCLE, annotation(**values), SAID)


def label(one):
    return EditRequest(labelled={"p": one})


def test_a_first_label_says_who_how_and_what_was_in_view():
    told = after(label("yes"), ids={3: "content"})
    assert (told.label, told.origin, told.annotator) == ("yes", "confirmed", "Bo")
    assert (told.circle, told.shown, told.micrograph_id) == (CIRCLE, SAID, "content")
    assert (told.selected_by, told.selection_chance) == ("hand", None)
    assert told.prediction_seen
    assert (told.removed, told.deferred, told.others_seen) == (False,) * 3
    assert told.time > "2026"
    # Another class than the forest's is a correction; so is one without a forest.
    assert after(label("no")).origin == "corrected"
    bare = dataclasses.replace(PLAIN, prediction=None)
    told = after(label("yes"), bare)
    assert (told.origin, told.prediction_seen, told.shown) == ("corrected", False, None)


@pytest.mark.parametrize(
    ("selected_by", "hidden", "how"),
    [
        ("queue", {"p": 0.25}, ("audit", 0.25, False)),
        ("order", {"p": 0.25}, ("audit", 0.25, False)),
        ("hand", {"p": 0.25}, ("hand", None, False)),
        ("queue", {"q": 0.25}, ("queue", None, True)),
        ("order", {}, ("order", None, True)),
    ],
)
def test_an_audit_is_what_came_in_turn_with_its_prediction_hidden(
    selected_by, hidden, how
):
    context = EditContext("Bo", selected_by, hidden)
    told = after(label("yes"), context=context)
    assert (told.selected_by, told.selection_chance, told.prediction_seen) == how
    # A deletion without a label before is judged in the same way.
    told = after(EditRequest(removed=["p"]), context=context)
    assert (told.selected_by, told.selection_chance, told.prediction_seen) == how


def test_the_same_label_again_is_no_step_and_anothers_is_news():
    particle = judged(annotator="Bo")
    assert after(label("yes"), particle) is particle.annotation
    assert after(label(None), PLAIN) is None
    told = after(label("yes"), judged(annotator="Ada"))
    assert (told.annotator, told.label, told.origin) == ("Bo", "yes", "confirmed")
    told = after(label("yes"), judged(annotator="Bo", origin="imported"))
    assert (told.annotator, told.origin) == ("Bo", "confirmed")
    queued = EditContext("Bo", "queue")
    assert after(label("yes"), judged(annotator="Bo"), queued).selected_by == "queue"
    undone = judged(label=None, annotator="Ada")
    assert after(label(None), undone) is undone.annotation
    later = judged(label=None, deferred=True)
    told = after(label(None), later)
    assert (told.deferred, told.deferred_by, told.label) == (False, "", None)


def test_a_moved_or_drawn_circle_stays_one():
    assert after(label("yes"), judged(origin="corrected")).origin == "corrected"
    assert after(label("no"), judged(origin="drawn")).origin == "drawn"
    told = after(EditRequest(reshaped={"p": MOVED}))
    assert (told.circle, told.origin, told.label) == (MOVED, "corrected", None)
    assert (told.annotator, told.shown) == ("Bo", SAID)
    told = after(EditRequest(reshaped={"p": MOVED}), judged(origin="drawn"))
    assert (told.circle, told.origin) == (MOVED, "drawn")
    # Whose label it is, and of when, stays as it was.
    assert (told.annotator, told.time) == ("Ada", annotation().time)
    told = after(EditRequest(reshaped={"p": MOVED}), judged(label=None))
    assert told.annotator == "Bo"
    assert told.time > annotation().time
    assert after(EditRequest(reshaped={"p": CIRCLE})) is None
    both = EditRequest(reshaped={"p": MOVED}, labelled={"p": "yes"})
    told = after(both)
    assert (told.circle, told.label, told.origin) == (MOVED, "yes", "corrected")


def test_a_removed_circle_keeps_the_label_that_it_had():
    told = after(EditRequest(removed=["p"]), judged(annotator="Ada"))
    assert (told.removed, told.label, told.annotator) == (True, "yes", "Ada")
    assert (told.selected_by, told.shown) == ("hand", None)
    told = after(EditRequest(removed=["p"]))
    assert (told.removed, told.label, told.origin) == (True, None, "corrected")
    assert (told.annotator, told.shown) == ("Bo", SAID)


def test_others_labels_in_view_are_recorded():
    seen = EditContext("Bo", others_labels={"p"})
    unseen = EditContext("Bo", others_labels={"p"}, others_unseen={"p"})
    assert after(label("no"), judged(), seen).others_seen
    assert not after(label("no"), judged(), unseen).others_seen
    assert not after(label("no"), judged(), EditContext("Bo")).others_seen
    # Confirmed is what was in view: Ada's word, or without it the forest's.
    said = judged(label="no")
    assert after(label("no"), said, seen).origin == "confirmed"
    assert after(label("no"), said, unseen).origin == "corrected"
    assert after(label("yes"), said, unseen).origin == "confirmed"
    assert after(label("yes"), said, seen).origin == "corrected"


def test_a_note_changes_no_label():
    told = after(EditRequest(noted={"p": "  a  twin\n"}), judged())
    assert (told.note, told.note_by) == ("a twin", "Bo")
    assert (told.label, told.annotator, told.time) == ("yes", "Ada", annotation().time)
    assert told.id != annotation().id
    told = after(EditRequest(noted={"p": "odd"}))
    assert (told.note, told.label, told.origin) == ("odd", None, "confirmed")
    particle = judged(note="odd")
    assert after(EditRequest(noted={"p": " odd "}), particle) is particle.annotation
    assert after(EditRequest(noted={"p": ""})) is None
    assert after(EditRequest(noted={"p": ""}), particle).note == ""
    beside = EditContext("Bo", others_notes={"p": "tilted"})
    assert after(EditRequest(noted={"p": "odd"}), judged(), beside).note == (
        "tilted | odd"
    )


def test_what_one_gesture_asks_for_is_done_in_turn():
    """Reshape, then label, note, defer and remove: each starts from the one before."""
    request = EditRequest(
        reshaped={"p": MOVED}, labelled={"p": "no"}, noted={"p": "odd"}
    )
    told = after(request)
    assert (told.circle, told.label, told.note) == (MOVED, "no", "odd")
    assert (told.origin, told.note_by) == ("corrected", "Bo")
    told = after(EditRequest(noted={"p": "odd"}, deferred=["p"]), judged())
    assert (told.note, told.deferred, told.label) == ("odd", True, None)
    told = after(EditRequest(labelled={"p": "no"}, removed=["p"]))
    assert (told.label, told.removed) == ("no", True)
    told = after(EditRequest(reshaped={"p": MOVED}, deferred=["p"]))
    assert (told.circle, told.deferred) == (MOVED, True)
    told = after(EditRequest(deferred=["p"], removed=["p"], noted={"p": "x"}))
    assert (told.deferred, told.removed, told.note) == (True, True, "x")


def test_leaving_for_later_takes_a_label_in_view_back():
    later = EditRequest(deferred=["p"])
    told = after(later)
    assert (told.deferred, told.deferred_by, told.label) == (True, "Bo", None)
    assert told.origin == "confirmed"
    told = after(later, judged(annotator="Ada"))
    assert (told.label, told.annotator, told.origin) == (None, "Bo", "confirmed")
    told = after(later, judged(origin="imported"))
    assert (told.label, told.origin) == (None, "confirmed")
    assert after(later, judged(origin="corrected")).origin == "corrected"
    done = judged(label=None, deferred=True, deferred_by="Bo")
    assert after(later, done) is done.annotation
    told = after(later, judged(label=None, deferred=True, deferred_by="Ada"))
    assert told.deferred_by == "Bo"
    # Another's label that is out of view stands; one's own does not.
    unseen = EditContext("Bo", others_unseen={"p"})
    told = after(later, judged(annotator="Ada"), unseen)
    assert (told.label, told.annotator, told.deferred_by) == ("yes", "Ada", "Bo")
    assert after(later, judged(annotator="Bo"), unseen).label is None
    assert after(later, judged(label=None), unseen).annotator == "Bo"


def test_drawn_circles_come_last_in_their_order():
    request = EditRequest(
        labelled={"p": "yes"},
        drawn=[Drawing(MOVED, "no", "new"), Drawing(CIRCLE, id="newer")],
    )
    found = changes_of(request, {"p": PLAIN}, {"p": 3}, 5, {5: "content"}, BY_HAND)
    assert [(each.particle_id, each.micrograph_key) for each in found] == [
        ("p", 3),
        ("new", 5),
        ("newer", 5),
    ]
    one, two = (each.after for each in found[1:])
    assert (one.circle, one.label, one.origin) == (MOVED, "no", "drawn")
    assert (one.annotator, one.micrograph_id, one.shown) == ("Bo", "content", None)
    assert (two.circle, two.label) == (CIRCLE, None)
    assert found[1].before is None
    assert found[0].after.micrograph_id == ""
    with pytest.raises(StoreError, match="No micrograph is open"):
        changes_of(request, {"p": PLAIN}, {"p": 3}, None, {}, BY_HAND)


def test_what_is_no_class_and_no_circle_is_refused():
    with pytest.raises(StoreError, match="'twin' is not a class; use one of yes, no"):
        after(label("twin"))
    with pytest.raises(StoreError, match="'twin' is not a class"):
        changes_of(EditRequest(drawn=[Drawing(MOVED, "twin")]), {}, {}, 5, {}, BY_HAND)
    check_circle(Circle(0.0, -5.0, 1e-9))
    for bad in (
        Circle(0.0, 0.0, 0.0),
        Circle(0.0, 0.0, -1.0),
        Circle(math.nan, 0.0, 1.0),
        Circle(0.0, math.inf, 1.0),
        Circle(0.0, 0.0, math.inf),
    ):
        with pytest.raises(StoreError, match="a radius above 0"):
            check_circle(bad)
        with pytest.raises(StoreError, match="a radius above 0"):
            after(EditRequest(reshaped={"p": bad}))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (EditRequest(labelled={"p": "yes"}), "Label 1 circle yes"),
        (EditRequest(labelled={"p": None, "q": None}), "Label 2 circles as not judged"),
        (
            EditRequest(labelled={"p": "no", "q": "yes"}),
            "Label 2 circles several classes",
        ),
        (EditRequest(drawn=[Drawing(MOVED)]), "Draw 1 circle"),
        (EditRequest(reshaped={"p": MOVED, "q": MOVED}), "Reshape 2 circles"),
        (EditRequest(removed=["p"]), "Remove 1 circle"),
        (EditRequest(deferred=["p", "q", "r"]), "Leave 3 circles for later"),
        (EditRequest(noted={"p": "x"}), "Note on 1 circle"),
        (
            EditRequest(
                drawn=[Drawing(MOVED)], removed=["p", "q"], labelled={"p": "null"}
            ),
            "Draw 1 circle, remove 2 circles, label 1 circle null",
        ),
    ],
)
def test_a_step_is_told_in_a_few_words(request_, said):
    assert summary_of(request_) == said
