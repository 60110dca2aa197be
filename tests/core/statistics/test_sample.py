"""Who belongs to the population, and what each label stands for, case by case."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.statistics.evidence import Evidence, margin
from napari_cdse.core.statistics.sample import (
    Sample,
    divided,
    reach,
    sample_of,
    tally,
    whole_micrographs,
)

SURE_NO = (0.1, 0.8, 0.1, 0.0)


def test_what_is_distrusted_is_a_domain_of_its_own():
    odd = np.array([False, True, False])
    zeros = np.zeros((3, 2))
    sample = Sample(np.zeros(3, int), zeros, zeros, np.zeros(3), odd, odd)
    trusted, distrusted = sample.domains
    assert trusted.tolist() == [True, False, True]
    assert distrusted.tolist() == [False, True, False]
    (every,) = replace(sample, distrusted=None).domains
    assert every.tolist() == [True] * 3


@pytest.mark.parametrize(
    ("label", "defect_and_resolved"),
    [("yes", (1, 1)), ("no", (0, 1)), ("null", (0, 0)), ("empty", (0, 0))],
)
def test_a_class_says_whether_it_is_resolved_and_shows_a_defect(
    label, defect_and_resolved
):
    assert tally(label) == defect_and_resolved


def test_a_draw_that_stands_for_itself_alone_is_as_one_from_a_file():
    """All that is distrusted in its micrograph was judged, too few to stand for it."""
    odd = Evidence(
        "m", SURE_NO, "yes", "draw", 0.5, 0.3, distrust="out of range", particle="p"
    )
    rest = [Evidence("m", SURE_NO)] * 2
    seen = replace(odd, route="order", chance=None, reach=None, particle="q")
    chosen, apart = divided([odd, seen, seen, *rest])
    assert apart == []
    assert chosen[0] == replace(odd, route="file", chance=None, reach=None)
    assert chosen[1] == replace(seen, route="file")
    assert chosen[3:] == rest
    # No draw any more, it is none that was judged in view either.
    again = divided([replace(odd, in_view=True), seen, seen, *rest])
    assert again == (chosen, [])
    weight = sample_of(chosen).weight
    assert weight.tolist() == [1, 1, 1, 0, 0]


def test_draws_in_a_micrograph_that_was_gone_through_do_not_measure_a_kind():
    """Ten were drawn, but in a micrograph where everything was judged anyway."""
    seen = [Evidence("a", SURE_NO, "no", "order")] * 11
    kind = {"distrust": "out of range"}
    draws = [Evidence("a", SURE_NO, "yes", "draw", 0.5, **kind)] * 10
    open_ones = [Evidence("b", SURE_NO, **kind)] * 3
    chosen, apart = divided([*seen, *draws, *open_ones])
    assert (len(chosen), apart) == (21, open_ones)


def test_a_micrograph_is_whole_where_more_was_reached_without_lots_than_by_them():
    by_lot = Evidence("m", SURE_NO, "no", "draw", 0.5)
    by_queue = Evidence("m", SURE_NO, "no", "queue")
    assert whole_micrographs([by_lot, by_queue]) == frozenset()
    assert whole_micrographs([by_lot, by_queue, by_queue]) == {"m"}


def test_the_queue_is_followed_in_eight_steps_of_doubt():
    """It took the most doubtful eighth of eighty, and half of the next."""
    evidence = [
        Evidence(
            "m",
            SURE_NO,
            "no" if n >= 70 or (n >= 60 and n % 2) else None,
            "queue" if n >= 70 or (n >= 60 and n % 2) else "none",
            doubt=n / 80,
        )
        for n in range(80)
    ]
    draws = [
        Evidence("m", SURE_NO, "no", "draw", 0.5, doubt=doubt)
        for doubt in (0.01, 0.5, 0.74, 0.76, 0.86, 0.88, 0.99)
    ]
    # One of no doubt that is known, and one whose reach is told.
    unknown = Evidence("m", None, "no", "draw", 0.5)
    told = replace(draws[-1], reach=0.25)
    evidence += [*draws, unknown, told]
    found = reach(evidence, np.zeros(len(evidence), int))
    assert found[80:87] == pytest.approx([0, 0, 0, 0.5, 0.5, 1, 1])
    assert found[87] == pytest.approx(15 / 80)
    assert found[88] == 0.25


def test_where_no_doubt_is_known_the_queue_goes_by_its_share():
    evidence = [Evidence("m", None, "no", "queue")] * 3 + [Evidence("m")] * 9
    found = reach(
        [*evidence, Evidence("m", None, "no", "draw", 0.5)], np.zeros(13, int)
    )
    assert found == pytest.approx(np.full(13, 0.25))


def test_order_and_queue_together_leave_what_neither_reached():
    """A third by place in one micrograph, and a half of the rest by doubt."""
    evidence = [
        *[Evidence("a", SURE_NO, "no", "order")] * 2,
        *[Evidence("a", SURE_NO, "no", "queue")] * 2,
        *[Evidence("a", SURE_NO)] * 2,
        Evidence("a", SURE_NO, "no", "draw", 0.5),
        # From a file, and of people: they tell nothing of how far a person came.
        Evidence("a", SURE_NO, "no", "file"),
        Evidence("a", None, "no", "hand", proposed=False),
    ]
    found = reach(evidence, np.zeros(9, int))
    assert found[6] == pytest.approx(1 - (1 - 1 / 3) * (1 - 1 / 2))


def test_a_micrograph_of_draws_alone_is_reached_as_the_others_on_average():
    evidence = [
        *[Evidence("a", SURE_NO, "no", "order")] * 3,
        Evidence("a", SURE_NO),
        Evidence("b", SURE_NO, "no", "draw", 0.5),
    ]
    found = reach(evidence, np.array([0, 0, 0, 0, 1]))
    assert found[4] == pytest.approx(3 / 4)


def test_a_label_moves_the_forests_word_by_its_weight():
    evidence = [
        Evidence("b", SURE_NO, "yes", "hand"),
        Evidence("a", SURE_NO, "yes", "queue"),
        Evidence("b", (0.6, 0.2, 0.1, 0.1)),
        Evidence("b", None),
        Evidence("a", SURE_NO, "null", "draw", 0.25, 0.0),
        Evidence("a", SURE_NO, None, "draw", 0.25, 0.0),
        Evidence("a", SURE_NO),
    ]
    found = sample_of(evidence)
    assert found.micrograph.tolist() == [1, 0, 1, 1, 0, 0, 0]
    assert found.distrusted is None
    assert found.drawn.tolist() == [False] * 4 + [True, False, False]
    # Half of the draws are answered: each stands for eight. The queue came to one of
    # two like the one that was picked.
    assert found.weight == pytest.approx([0.5, 1, 0, 0, 8, 0, 0])
    assert found.picked.tolist() == [True] + [False] * 6
    assert found.counted.tolist() == [False, True, False, False, True, False, False]
    mean = np.mean([[0.1, 0.9]] * 5 + [[0.6, 0.8]], axis=0)
    wanted = [[0.1, 0.9], [0.1, 0.9], [0.6, 0.8], mean, *[[0.1, 0.9]] * 3]
    assert found.predicted == pytest.approx(np.array(wanted))
    wanted[0], wanted[1], wanted[4] = [1, 1], [1, 1], [0, 0]
    assert found.labelled == pytest.approx(np.array(wanted))
    wanted[0], wanted[4] = [0.55, 0.95], [0.1 - 0.8, 0.9 - 7.2]
    assert found.corrected == pytest.approx(np.array(wanted))


def test_what_was_picked_counts_as_far_as_the_queue_came_to_others():
    picked = Evidence("a", SURE_NO, "yes", "hand")
    draw = Evidence("a", SURE_NO, "no", "draw", 0.25)
    rest = [Evidence("a", SURE_NO, "no", "queue")] * 3 + [Evidence("a", SURE_NO)] * 2
    found = sample_of([picked, draw, *rest])
    # The queue came to three of five; the draw stands for what it did not come to.
    alone = (1 - 0.6) + 0.25 * 0.6
    assert found.weight == pytest.approx([0.6, alone / 0.25, 1, 1, 1, 0, 0])
    # Its weight and the chance of what no lot fell on make one, with that of the lot.
    assert (1 - 0.25) * 0.6 + alone == pytest.approx(1)
    # Without draws nothing is put right, and it stays what the forest says.
    assert sample_of([picked, *rest]).weight.tolist() == [0, 1, 1, 1, 0, 0]
    assert sample_of([picked, draw]).weight.tolist() == [0, 4]


def test_the_margin_is_between_the_first_and_the_second():
    assert margin((0.1, 0.6, 0.25, 0.05)) == pytest.approx(0.35)
    assert Evidence("m", (0.1, 0.6, 0.25, 0.05)).queue_doubt == pytest.approx(0.65)
    assert Evidence("m", (0.1, 0.6, 0.25, 0.05), doubt=0.2).queue_doubt == 0.2
    assert Evidence("m", doubt=0.0).queue_doubt == 0.0
    assert Evidence("m").queue_doubt is None


@pytest.mark.parametrize("chance", [None, 0.0, -0.1, 1.01])
def test_a_draw_of_no_chance_or_more_than_sure_is_refused(chance):
    with pytest.raises(ValueError, match=f"not {chance}"):
        Evidence("m", route="draw", chance=chance)
    assert Evidence("m", route="draw", chance=1.0).chance == 1
