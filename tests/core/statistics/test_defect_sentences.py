"""What the fraction says of itself in words, and the forecasts behind them."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import pytest
from scipy import stats

from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.visible_defects import VisibleDefects, visible_defects
from tests.core.statistics.test_visible_defects import by_draw, reviewed, told

KNOWN = VisibleDefects(
    fraction=0.3,
    interval_95=(0.2, 0.42),
    forest_fraction=0.25,
    n_particles=500,
    n_micrographs=12,
    n_judged=60,
    n_drawn=40,
    n_draws=50,
    n_unanswered=10,
    n_skipped=4,
    n_removed=3,
    n_by_hand=0,
    n_outside=0,
    apart={},
    n_apart_judged=0,
    micrographs_left_out=0,
    circles_left_out=0,
    forests=(),
    labels={},
    design_effect=2.0,
    correlation=0.1,
    unequal_chances=False,
    note="",
    variance=0.0025,
    variance_by_draws=0.0016,
    resolved=300.0,
)
OPEN = replace(
    KNOWN, interval_95=None, n_drawn=4, n_judged=24, missing_draws=6, note="Too few."
)


def test_it_says_what_became_of_the_draws():
    assert KNOWN.draws == (
        "40 of 50 draws judged, 3 of them by deleting the circle (empty), 4 skipped."
    )
    plain = replace(KNOWN, n_draws=1, n_unanswered=0, n_skipped=0, n_removed=0)
    assert plain.draws == "1 of 1 draw judged."
    assert replace(KNOWN, n_draws=0).draws == ""


def test_half_the_width_of_the_interval():
    assert KNOWN.half_width_95 == pytest.approx(0.11)
    assert OPEN.half_width_95 is None
    assert KNOWN.reaches(0.12)
    assert not KNOWN.reaches(0.1)
    even = replace(KNOWN, interval_95=(0.25, 0.5))
    assert even.reaches(0.125)


@pytest.mark.parametrize("half", [0.04, 0.07, 0.1])
def test_draws_for_a_width_follow_from_the_variance_of_one(half):
    """Variance over draws, and what is left of it; the quantile is the interval's."""
    quantile = 0.11 / 0.05
    # What the forty draws add falls with their number, the rest of 0.0009 stays.
    room = (half / quantile) ** 2 - 0.0009
    wanted = None if room <= 0 else min(max(math.ceil(0.0016 * 40 / room), 10), 500)
    assert KNOWN.draws_for(half) == wanted
    assert (wanted is None) == (half == 0.04)


def test_what_does_not_fall_is_at_least_that_of_so_many_independent_particles():
    """All of 0.0025 seems to come from draws: 0.3 times 0.7 over 300 stays anyway."""
    found = replace(KNOWN, variance_by_draws=0.0025)
    fixed = 0.3 * 0.7 / 300
    room = (0.1 / (0.11 / 0.05)) ** 2 - fixed
    assert found.draws_for(0.1) == math.ceil((0.0025 - fixed) * 40 / room)


@pytest.mark.parametrize(("fraction", "taken"), [(0.3, 0.3), (0.01, 0.05), (1.0, 0.95)])
def test_before_ten_draws_the_forest_is_taken_to_be_worth_nothing(fraction, taken):
    """One draw then varies as much as a particle does, of so many that are there."""
    found = replace(OPEN, fraction=fraction, n_drawn=9, variance_by_draws=0.0025)
    one = taken * (1 - taken) / 300
    quantile = stats.t.ppf(0.975, 11)
    room = (0.1 / quantile) ** 2 - one
    assert found.draws_for(0.1) == math.ceil(one * 500 / room)
    # With ten, what they say counts.
    ten = replace(found, n_drawn=10)
    room = (0.1 / quantile) ** 2 - one
    assert ten.draws_for(0.1) == max(math.ceil((0.0025 - one) * 10 / room), 10)


def test_a_forecast_is_at_least_ten_draws_and_at_most_all_particles():
    assert KNOWN.draws_for(0.5) == 10
    assert replace(KNOWN, n_particles=90).draws_for(0.07) == 90
    assert replace(KNOWN, fraction=None).draws_for(0.1) is None
    assert replace(KNOWN, variance=None).draws_for(0.1) is None
    nothing = replace(OPEN, resolved=0.0, variance_by_draws=0.0)
    assert nothing.draws_for(0.1) is None


def test_the_outlook_says_what_a_narrower_interval_takes():
    more = KNOWN.draws_for(0.08) - 40
    assert KNOWN.outlook_to(0.08) == (
        f"About {more} more judged draws would bring it to within 0.08."
    )
    assert KNOWN.outlook == KNOWN.outlook_to(0.05)
    assert KNOWN.outlook == "To know it to within 0.05 takes more micrographs."
    wider = replace(KNOWN, half_width_wanted=0.08)
    assert wider.outlook == KNOWN.outlook_to(0.08)
    assert KNOWN.outlook_to(0.11) == "It is known to within 0.11."
    all_judged = replace(KNOWN, n_judged=500)
    assert all_judged.outlook_to(0.08) == (
        "To know it to within 0.08 takes more micrographs."
    )
    # Fewer than there are already would do, and yet it is not so narrow.
    many = replace(KNOWN, n_drawn=490, n_particles=490)
    assert many.outlook_to(0.1099).startswith("About 1 more judged draw would")


def test_the_outlook_of_what_has_no_interval_yet():
    first = "6 more particles drawn at random and judged blind would give an interval."
    assert OPEN.outlook_to(0.1) == f"{first} {OPEN._narrower(0.1)}"
    assert replace(OPEN, missing_draws=1).outlook_to(0.1).startswith("1 more particle ")
    # No draw is missing, and there is no interval: none can fall where it takes them.
    nowhere = replace(OPEN, missing_draws=0)
    assert nowhere.outlook_to(0.1) == ""
    assert nowhere.brief(0.1).endswith(f"judged. {nowhere.note}")
    # From five micrographs on it is known how they differ.
    assert replace(OPEN, n_micrographs=5).outlook_to(0.1).startswith(first)
    assert replace(OPEN, n_micrographs=4).outlook_to(0.1) == ""
    assert replace(OPEN, fraction=None).outlook_to(0.1) == ""
    assert replace(OPEN, variance=None).outlook_to(0.1) == ""


def test_one_line_says_number_interval_draws_and_what_more_it_takes():
    more = KNOWN.draws_for(0.1) - 40
    line = "Visible defects 0.30 (0.20 to 0.42); 40 of 50 draws judged. "
    assert more > 10
    assert KNOWN.brief(0.1) == (
        f"{line}About {more} more judged draws would bring it to within 0.1. "
        "A larger share draws more of what is unseen."
    )
    enough = replace(KNOWN, n_draws=40 + more, n_unanswered=more)
    assert "larger share" not in enough.brief(0.1)
    one_less = replace(KNOWN, n_draws=39 + more, n_unanswered=more - 1)
    assert one_less.brief(0.1).endswith("A larger share draws more of what is unseen.")
    assert KNOWN.brief(0.11) == f"{line}It is known to within 0.11."
    assert KNOWN.brief() == f"{line}To know it to within 0.05 takes more micrographs."
    undrawn = replace(KNOWN, n_draws=0, n_unanswered=0)
    assert undrawn.brief(0.11) == (
        "Visible defects 0.30 (0.20 to 0.42). It is known to within 0.11."
    )
    assert "larger share" not in undrawn.brief(0.1)


def test_one_line_without_an_interval():
    line = "Visible defects 0.30, no interval; 40 of 50 draws judged."
    assert OPEN.brief(0.1) == f"{line} 6 more judged draws would give one."
    # More are missing than wait for a label.
    few = replace(OPEN, n_unanswered=5, n_draws=45)
    assert few.brief(0.1).endswith(
        "would give one. A larger share draws more of what is unseen."
    )
    assert replace(OPEN, n_micrographs=4).brief(0.1) == (
        f"{line} It takes 5 micrographs to know how they differ."
    )
    apart = replace(OPEN, n_micrographs=4, apart={"scale unsure": 2})
    assert apart.brief(0.1).endswith("how they differ; 4 hold what is counted.")
    assert "larger share" not in replace(few, n_micrographs=4).brief(0.1)
    assert replace(few, n_micrographs=5).brief(0.1).endswith("what is unseen.")
    assert replace(OPEN, variance=None).brief(0.1) == f"{line} Too few."
    nothing = replace(KNOWN, fraction=None, interval_95=None)
    assert nothing.brief() == (
        "No visible-defect fraction yet: no particle is resolved."
    )


def test_the_sentence_says_whose_number_it_is_and_of_what():
    head = "Visible defects in 0.30 of the resolved particles"
    assert KNOWN.sentence == (
        f"{head} (0.20 to 0.42, 95 %): 500 circles in 12 micrographs, 60 of them "
        "judged, 40 of these drawn at random."
    )
    bare = replace(KNOWN, n_judged=0, n_drawn=0, n_particles=1, n_micrographs=1)
    assert bare.sentence.endswith("95 %): 1 circle in 1 micrograph.")
    tail = ", without an interval. Too few."
    assert OPEN.sentence == f"{head} by the forest and 24 labels{tail}"
    assert replace(OPEN, n_judged=0).sentence == f"{head} by the forest alone{tail}"
    people = replace(OPEN, forest_fraction=None, n_judged=1)
    assert people.sentence == f"{head} by 1 label{tail}"
    nothing = replace(KNOWN, fraction=None, apart={"quality": 2}, n_particles=0)
    assert nothing.sentence.startswith(
        "Every circle is counted apart, so there is no defect fraction. 2 circles are"
    )
    some = replace(nothing, n_particles=3)
    assert some.sentence.startswith("No particle is resolved, so there is no defect")


def test_plain_numbers_hold_all_that_is_said():
    assert KNOWN.as_dict() == {
        **asdict(KNOWN),
        "half_width_95": KNOWN.half_width_95,
        "draws_for_0.05": KNOWN.draws_for(0.05),
        "draws_for_half_width_wanted": KNOWN.draws_for(0.05),
        "sentence": KNOWN.sentence,
        "draws": KNOWN.draws,
        "outlook": KNOWN.outlook,
    }


def test_each_number_is_counted_from_the_evidence():
    evidence = [
        *reviewed(),
        by_draw(0, None, 0.25, deferred=True),
        by_draw(1, None),
        by_draw(2, "empty", removed=True),
        told(3, deferred=True),
        told(4, label="yes", route="hand"),
        told(5, label="null", route="queue"),
        Evidence("m0", None, "yes", "hand", proposed=False),
        told(0, distrust="quality", label="yes", route="hand", kept_apart=True),
        told(0, distrust="quality"),
    ]
    found = visible_defects(
        evidence, forests=("a", "b"), micrographs_left_out=2, circles_left_out=7
    )
    assert found.n_particles == 36 + 6
    assert (found.n_micrographs, found.n_drawn, found.n_draws) == (6, 19, 21)
    assert (found.n_unanswered, found.n_skipped, found.n_removed) == (2, 1, 1)
    assert (found.n_in_view, found.n_by_hand) == (0, 1)
    seen = by_draw(0, "yes", in_view=True)
    after = visible_defects([*evidence, seen])
    assert (after.n_in_view, after.n_by_hand, after.n_judged) == (1, 1, found.n_judged)
    assert (after.n_draws, after.n_unanswered) == (found.n_draws + 1, 3)
    assert (found.n_judged, found.n_by_hand, found.n_outside) == (20, 1, 1)
    assert (found.apart, found.n_apart_judged) == ({"quality": 2}, 1)
    assert found.apart_as_compared
    assert (found.micrographs_left_out, found.circles_left_out) == (2, 7)
    assert found.forests == ("a", "b")
    assert found.labels == {"yes": 9, "no": 9, "null": 1, "empty": 1}
    assert found.unequal_chances
    assert found.forest_fraction == pytest.approx(1 / 9)
    assert not visible_defects(reviewed()).unequal_chances
    assert not visible_defects(reviewed()).apart_as_compared


@pytest.mark.parametrize(("unjudged", "is_told"), [(10, True), (11, False)])
def test_a_twentieth_may_be_left_to_the_forest_without_draws(unjudged, is_told):
    """Of 200 resolved particles at most ten, each sure to be resolved."""
    sure = (0.0, 1.0, 0.0, 0.0)
    judged = [
        Evidence(f"m{n % 6}", sure, "yes" if n % 4 else "no", "queue")
        for n in range(200 - unjudged)
    ]
    rest = [Evidence(f"m{n % 6}", sure) for n in range(unjudged)]
    found = visible_defects([*judged, *rest])
    assert (found.interval_95 is not None) == is_told
    assert found.missing_draws == (0 if is_told else 10)
    assert is_told or "without particles drawn at random" in found.note


def test_a_forest_that_says_nothing_of_resolved_particles_has_no_fraction():
    found = visible_defects([Evidence("m", (0.0, 0.0, 0.4, 0.6), "yes", "queue")])
    assert (found.forest_fraction, found.fraction) == (None, 1.0)


def test_half_a_resolved_particle_is_one():
    found = visible_defects([told(m, (0.05, 0.05, 0.9, 0.0)) for m in range(5)])
    assert found.resolved == pytest.approx(0.5)
    assert "without particles drawn at random" in found.note


def test_one_micrograph_has_no_variance_of_any_kind():
    one = visible_defects([by_draw(0, "yes"), by_draw(0, "no"), told(0)])
    nothing = visible_defects([told(m, (0.0, 0.0, 1.0, 0.0)) for m in range(5)])
    for found in (one, nothing):
        assert (found.variance, found.variance_by_draws) == (None, None)
        assert (found.design_effect, found.correlation) == (None, None)
