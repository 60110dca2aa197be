"""What a statement becomes in an estimate, each case with its exact answer."""

import pytest

from napari_cdse.core.records import Annotation, Circle, Prediction
from napari_cdse.core.review.particle_evidence import evidence_of

CHANCES = (0.4, 0.3, 0.2, 0.1)


def said(novelty=None):
    return Prediction("p", "forest", CHANCES, novelty)


def stated(label="no", **others):
    values = {"origin": "confirmed", "selected_by": "queue", **others}
    return Annotation(
        id="a",
        particle_id="p",
        micrograph_id="m",
        circle=Circle(5.0, 6.0, 4.0),
        label=label,
        annotator="Ada",
        time="2026-01-01T00:00:00",
        **values,
    )


def test_what_nobody_judged_is_what_the_forest_says():
    found = evidence_of("m", said())
    assert (found.probabilities, found.label, found.route) == (CHANCES, None, "none")
    assert found.proposed
    assert (found.deferred, found.removed) == (False, False)
    assert evidence_of("m").probabilities is None


@pytest.mark.parametrize("route", ["queue", "order", "hand"])
def test_a_label_keeps_the_way_to_it(route):
    found = evidence_of("m", said(), stated("yes", selected_by=route))
    assert (found.label, found.route, found.chance) == ("yes", route, None)


def test_an_audit_is_a_draw_with_its_own_chance_or_with_that_by_now():
    one = stated("yes", selected_by="audit", selection_chance=0.1)
    assert evidence_of("m", None, one).chance == 0.1
    found = evidence_of("m", None, one, chance=0.25)
    assert (found.route, found.chance, found.label) == ("draw", 0.25, "yes")


def test_an_audit_that_was_left_for_later_is_a_draw_by_the_lots_of_now_alone():
    how = {"selected_by": "audit", "selection_chance": 0.3}
    one = stated(None, deferred=True, **how)
    assert evidence_of("m", None, one).route == "none"
    assert evidence_of("m", None, one, chance=0.3).route == "draw"


def test_a_draw_that_nobody_judged_is_one_without_an_answer():
    found = evidence_of("m", said(), chance=0.2)
    assert (found.route, found.chance, found.label) == ("draw", 0.2, None)


def test_an_audit_without_a_chance_is_a_choice_by_hand():
    found = evidence_of("m", said(), stated("yes", selected_by="audit"))
    assert (found.route, found.label) == ("hand", "yes")


def test_only_an_audit_brings_a_chance():
    one = stated("yes", selected_by="queue", selection_chance=0.1)
    assert evidence_of("m", None, one).chance is None


@pytest.mark.parametrize("known", [{"origin": "imported"}, {}])
def test_what_a_file_said_first_is_the_files(known):
    found = evidence_of("m", said(), stated(**known), from_file=not known)
    assert (found.route, found.label) == ("file", "no")


def test_one_that_was_left_for_later_has_no_label():
    found = evidence_of("m", said(), stated("no", deferred=True))
    assert (found.label, found.deferred) == (None, True)


def test_one_that_was_removed_is_empty_whatever_was_said_before():
    for one in (stated("yes", removed=True), stated(None, removed=True)):
        found = evidence_of("m", said(), one)
        assert (found.label, found.removed, found.route) == ("empty", True, "queue")
    waited = evidence_of("m", said(), stated("no", removed=True, deferred=True))
    assert (waited.label, waited.deferred, waited.removed) == ("empty", False, True)


def test_a_circle_that_was_only_placed_has_no_route():
    found = evidence_of("m", said(), stated(None))
    assert (found.label, found.route) == (None, "none")


def test_a_circle_of_a_person_is_not_proposed():
    assert not evidence_of("m", None, stated(origin="drawn")).proposed
    assert evidence_of("m", None, stated(origin="corrected")).proposed


def test_reach_is_handed_on():
    assert evidence_of("m", said(), chance=0.5, reach=0.3).reach == 0.3
