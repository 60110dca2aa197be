"""How far annotators of one project agree, and what they differ on."""

import pytest

from napari_cdse.core.records import CLASSES
from napari_cdse.core.review.annotator_agreement import MIN_PARTICLES
from tests.annotating import fill, given, ids, say


@pytest.fixture
def project(project):
    """All three micrographs are read, found and classified."""
    fill(project, 3)
    return project


def test_only_labels_given_without_seeing_the_others_are_compared(project):
    a, b, c, *_ = ids(project)
    say(project, "Ada", {a: "yes", b: "no", c: "no"})
    say(project, "Ben", {a: "yes", b: "yes"}, hide=True)
    say(project, "Ben", {c: "no"})
    (found,) = project.annotators.agreements()
    assert (found.first, found.second) == ("Ada", "Ben")
    assert (found.n_agreed, found.n_particles) == (1, 2)
    # Ada comes round to Ben's view: settled, but they had differed.
    say(project, "Ada", {b: "yes"})
    (found,) = project.annotators.agreements()
    assert (found.n_agreed, found.n_particles) == (1, 2)
    assert found.confusion[CLASSES.index("no"), CLASSES.index("yes")] == 1


def test_enough_labels_give_a_kappa_with_its_interval(project):
    every = [each for index in range(3) for each in ids(project, index)]
    assert len(every) >= MIN_PARTICLES
    truth = {each: CLASSES[n % 3] for n, each in enumerate(every)}
    other = {each: CLASSES[(n + (n % 10 == 0)) % 3] for n, each in enumerate(every)}
    say(project, "Ada", truth)
    say(project, "Ben", other, hide=True)
    (found,) = project.annotators.agreements()
    wrong = len([n for n in range(len(every)) if n % 10 == 0])
    assert found.n_agreed == len(every) - wrong
    assert found.kappa == pytest.approx(1 - 1.5 * wrong / len(every), abs=0.02)
    assert found.kappa_95 is None
    assert "they lie in 3" in found.sentence


def test_two_without_a_common_particle_get_a_sentence(project):
    a, b, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    assert project.annotators.agreements() == ()
    say(project, "Ben", {b: "yes"})
    (found,) = project.annotators.agreements()
    assert "nothing to compare yet" in found.sentence


def test_of_three_annotators_each_two_are_compared(project):
    a, b, *_ = ids(project)
    say(project, "Ada", {a: "yes", b: "yes"}, hide=True)
    say(project, "Ben", {a: "no"}, hide=True)
    say(project, "Cleo", {a: "no", b: "yes"}, hide=True)
    found = {
        (each.first, each.second): each for each in project.annotators.agreements()
    }
    assert {pair: each.n_agreed for pair, each in found.items()} == {
        ("Ada", "Ben"): 0,
        ("Ada", "Cleo"): 1,
        ("Ben", "Cleo"): 1,
    }


def test_a_removed_circle_is_not_compared(project):
    a, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    say(project, "Ben", {a: "no"}, hide=True)
    project.edits.remove([a])
    assert project.annotators.disagreements() == ()
    assert project.annotators.agreements() == ()


def test_differing_labels_are_in_dispute_until_somebody_has_seen_both(project):
    a, b, c, *_ = ids(project)
    say(project, "Ada", {a: "yes", b: "no", c: "no"})
    say(project, "Ben", {a: "no", b: "no", c: "null"}, hide=True)
    project.annotators.hide_others = False
    assert set(project.annotators.disagreements()) == {a, c}
    say(project, "Ada", {a: "yes"})
    assert project.annotators.disagreements() == (c,)
    assert given(project, a) == {"Ada": "yes", "Ben": "no"}
    project.history.undo()
    assert set(project.annotators.disagreements()) == {a, c}


def test_a_correction_of_anothers_label_is_a_disagreement_too(project):
    a, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    say(project, "Ben", {a: "no"})
    assert project.annotators.disagreements() == (a,)


def test_a_third_opinion_opens_a_settled_one_only_if_it_differs(project):
    a, *_ = ids(project)
    say(project, "Ada", {a: "yes"})
    say(project, "Ben", {a: "no"}, hide=True)
    say(project, "Ben", {a: "yes"}, hide=False)
    assert project.annotators.disagreements() == ()
    say(project, "Cleo", {a: "yes"}, hide=True)
    assert project.annotators.disagreements() == ()
    say(project, "Cleo", {a: "null"}, hide=True)
    assert project.annotators.disagreements() == (a,)
