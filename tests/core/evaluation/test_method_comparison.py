"""Which method is the better one, against counts by hand and closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from napari_cdse.core.evaluation.detection_tally import (
    LOOSE_IOU,
    STRICT_IOU,
    LabelledParticles,
    count,
)
from napari_cdse.core.evaluation.method_comparison import (
    RADIUS_ERROR,
    MethodRun,
    compare_methods,
)
from napari_cdse.core.records import Circle

SHAPE = (400, 600)
PARTICLES = (
    Circle(100.0, 100.0, 40.0),
    Circle(100.0, 185.0, 40.0),  # touches the first
    Circle(300.0, 300.0, 30.0),
    Circle(390.0, 500.0, 40.0),  # cut by the border: not asked for
)
FAINT = Circle(250.0, 100.0, 30.0)
TRUTH = LabelledParticles(
    PARTICLES,
    ("yes", "no", "null", "no"),
    (True, True, True, False),
    (True, True, False, True),
    ("twin", "perfect", "perfect", "perfect"),
    (FAINT,),
)


def at(circle, radius=None, right=0.0):
    """Draw the same circle, or one of another size or place."""
    return Circle(circle.row_px, circle.col_px + right, radius or circle.radius_px)


def test_counts_of_a_drawn_micrograph():
    found = [
        at(PARTICLES[0], 36.0),
        at(PARTICLES[1], 25.0),  # IoU 0.39
        at(PARTICLES[3], 20.0),  # on what is not asked for
        at(FAINT),
        Circle(50.0, 500.0, 30.0),  # on nothing
    ]
    tally = count(TRUTH, found, ["yes", "yes", "no", "null", "null"], SHAPE)
    assert tally.asked == 3
    assert tally.found == {STRICT_IOU: 1, LOOSE_IOU: 2}
    # At 0.5 the circle that is too small is a false one, too.
    assert tally.false == {STRICT_IOU: 2, LOOSE_IOU: 1}
    assert tally.groups == {
        "yes": (1, 1),
        "no": (1, 0),
        "null": (1, 0),
        "touching": (2, 1),
        "twin": (1, 1),
        "perfect": (2, 0),
    }
    assert (tally.clear_asked, tally.clear_found, tally.right) == (2, 1, 1)
    assert tally.radius_errors == pytest.approx((0.1,))
    assert not tally.is_empty


def test_a_faint_particle_forgives_one_circle_only():
    twice = [at(FAINT), at(FAINT, right=10.0)]
    tally = count(TRUTH, twice, ["null", "null"], SHAPE)
    assert tally.false[STRICT_IOU] == 1


def test_areas_leave_out_what_is_under_faint_particles():
    tally = count(TRUTH, [at(PARTICLES[2], 15.0), FAINT], ["null", "null"], SHAPE)
    assert tally.common_px == tally.found_px
    assert tally.found_px == pytest.approx(np.pi * 15.0**2, rel=0.02)


def test_a_field_without_particles_is_empty():
    nothing = LabelledParticles((), (), (), (), ())
    tally = count(nothing, [FAINT], ["null"], SHAPE)
    assert tally.is_empty
    assert (tally.asked, tally.false[STRICT_IOU]) == (0, 1)


def tallies(found, numbers):
    """Count micrographs in which some of the three particles are found."""
    return tuple(
        count(TRUTH, list(PARTICLES[:many]), ["yes", "no", "null"][:many], SHAPE)
        for many in numbers
    )


def runs():
    few, many = (1, 2, 0, 1, 2, 1), (3, 2, 1, 3, 2, 3)
    return few, [
        MethodRun("good", tallies(TRUTH, many), (1.0,) * 6, (10,) * 6),
        MethodRun("poor", tallies(TRUTH, few), (3.0, 1, 2, 9, 2, 2), (5,) * 5 + (7,)),
    ]


def figure(scores, name):
    (found,) = (each for each in scores.figures if each.name == name)
    return found


def test_figures_are_those_of_all_counts_together():
    few, pair = runs()
    good, poor = compare_methods(pair, "good")
    assert figure(poor, "recall at IoU 0.5").value == pytest.approx(sum(few) / 18)
    assert figure(poor, "precision at IoU 0.5").value == 1
    f1 = 2 * sum(few) / (sum(few) + 18)
    assert figure(poor, "F1 at IoU 0.5").value == pytest.approx(f1)
    assert figure(poor, "recall, yes").value == pytest.approx(5 / 6)
    assert figure(poor, RADIUS_ERROR).value == 0
    assert poor.seconds == 2.0
    assert poor.peak_bytes == 7
    assert np.isnan(figure(good, "false circles an empty field").value)


def test_a_difference_is_that_of_pairs_and_its_interval_the_jackknifes():
    few, pair = runs()
    _, poor = compare_methods(pair, "good")
    found = figure(poor, "recall at IoU 0.5")
    apart = np.array(few) - np.array([3, 2, 1, 3, 2, 3])
    assert found.difference == pytest.approx(apart.sum() / 18)
    # All micrographs hold three particles: recall is a mean, its jackknife the usual.
    spread = (apart / 3).std(ddof=1) / np.sqrt(6) * stats.t.ppf(0.975, 5)
    wanted = (found.difference - spread, found.difference + spread)
    assert found.difference_95 == pytest.approx(wanted)


def test_without_a_false_circle_so_many_leave_room_for_one():
    """Wilson's interval of the seven found, at Student's quantile for six pictures."""
    few, pair = runs()
    _, poor = compare_methods(pair, "good")
    low = sum(few) / (sum(few) + stats.t.ppf(0.975, 5) ** 2)
    assert figure(poor, "precision at IoU 0.5").interval_95 == pytest.approx((low, 1))


def test_the_interval_of_a_median_is_that_of_micrographs_drawn_anew():
    """Its distribution is a binomial's: at most the fifth of 17 comes in 3.6 %."""
    chances = [stats.binom.sf(8, 17, at / 17) for at in (4, 5)]
    assert chances[0] < 0.015
    assert 0.03 < chances[1] < 0.04
    errors = np.random.default_rng(1).permutation(np.arange(1, 18) / 100)
    (one,) = tallies(TRUTH, (3,))
    each = tuple(replace(one, radius_errors=(error,)) for error in errors.tolist())
    run = MethodRun("only", each, (1.0,) * 17, (1,) * 17)
    found = figure(compare_methods([run], "only")[0], RADIUS_ERROR)
    assert found.value == pytest.approx(0.09)
    assert found.interval_95 == pytest.approx((0.05, 0.13))


def test_the_standard_has_no_difference_to_itself():
    good, _ = compare_methods(runs()[1], "good")
    assert {each.difference_95 for each in good.figures} == {None}
    assert all(np.isnan(each.difference) for each in good.figures)


def test_a_difference_of_shares_ends_at_one():
    nothing = MethodRun("nothing", tallies(TRUTH, (0,) * 6), (1.0,) * 6, (1,) * 6)
    good = runs()[1][0]
    _, scores = compare_methods([good, nothing], "good")
    for each in scores.figures:
        if each.name.startswith("recall") and each.difference_95:
            assert -1 <= each.difference_95[0]
    assert np.isnan(figure(scores, "precision at IoU 0.5").value)
    assert figure(scores, RADIUS_ERROR).interval_95 is None


def test_runs_of_other_micrographs_are_refused():
    good, poor = runs()[1]
    short = MethodRun("short", poor.tallies[:3], (1.0,) * 3, (1,) * 3)
    with pytest.raises(ValueError, match="same micrographs"):
        compare_methods([good, short], "good")
