"""Which method is the better one, against counts by hand and closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from napari_cdse.cli.score_lines import method_lines
from napari_cdse.core.evaluation.detection_tally import (
    LOOSE_IOU,
    STRICT_IOU,
    DetectionTally,
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


def test_a_method_that_finds_alike_in_all_micrographs_is_not_known_to_do_so():
    (one,) = tallies(TRUTH, (1,))
    each = (replace(one, false={STRICT_IOU: 1, LOOSE_IOU: 0}),) * 6
    run = MethodRun("only", each, (1.0,) * 6, (1,) * 6)
    (scores,) = compare_methods([run], "only")
    recall = figure(scores, "recall at IoU 0.5")
    confidence = 2 * stats.norm.cdf(stats.t.ppf(0.975, 5)) - 1
    wanted = stats.binomtest(6, 18).proportion_ci(confidence, method="wilson")
    assert recall.interval_95 == pytest.approx(tuple(wanted))
    # Of what has no number that it is a share of, nothing is known.
    rate = figure(scores, "false circles a micrograph")
    assert (rate.value, rate.interval_95) == (1, None)
    assert figure(scores, "Dice of the areas").interval_95 is None


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


def test_methods_that_find_the_same_are_not_known_to_do_so_elsewhere():
    one = runs()[1][1]
    first, other = compare_methods([one, replace(one, name="other")], "poor")
    there = [each for each in other.figures if not np.isnan(each.value)]
    assert {each.difference for each in there} == {0.0}
    assert {each.difference_95 for each in there} == {None}
    lines = method_lines([first, other], 6)
    assert lines[-1].startswith("no interval: all micrographs say the same")
    assert "+0.000 (no interval)" in lines[-2]
    # Where all have one, nothing is to be said.
    assert not method_lines(compare_methods(runs()[1], "good"), 4)[-1].startswith("no ")


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


def figures_by_hand(tallies):
    """All ratios of some tallies, each written out as it is defined."""
    total = {
        name: sum(getattr(one, name) for one in tallies)
        for name in (
            "asked", "clear_asked", "clear_found", "right",
            "common_px", "labelled_px", "found_px",
        )
    }  # fmt: skip
    told = {}
    for iou in (0.5, 0.3):
        found = sum(one.found[iou] for one in tallies)
        false = sum(one.false[iou] for one in tallies)
        told[f"F1 at IoU {iou}"] = 2 * found / (found + false + total["asked"])
        told[f"precision at IoU {iou}"] = found / (found + false)
        told[f"recall at IoU {iou}"] = found / total["asked"]
    strict = sum(one.false[0.5] for one in tallies)
    clear_false = strict * total["clear_asked"] / total["asked"]
    told["right circle and class (F1)"] = (
        2 * total["right"] / (total["clear_asked"] + total["clear_found"] + clear_false)
    )
    told["Dice of the areas"] = (
        2 * total["common_px"] / (total["labelled_px"] + total["found_px"])
    )
    told["false circles a micrograph"] = strict / len(tallies)
    empty = [one for one in tallies if one.is_empty]
    told["false circles an empty field"] = sum(one.false[0.5] for one in empty) / len(
        empty
    )
    for name in ("yes", "touching", "perfect", "twin"):
        asked, found = np.sum([one.groups.get(name, (0, 0)) for one in tallies], axis=0)
        told[f"recall, {name}"] = found / asked
    return told


def drawn_tallies(rng, n=9):
    """Counts of micrographs that are as different as they can be."""
    for number in range(n):
        empty = number in (2, 5, 7)
        asked, clear = (0, 0) if empty else (int(rng.integers(8, 12)), 6)
        strict, loose = (0, 0) if empty else (int(rng.integers(2, 5)), 6)
        twin = int(rng.integers(1, 4))
        groups = {
            "yes": (float(twin), 1.0),
            "perfect": (asked - twin, strict - 1.0),
            "twin": (float(twin), 1.0),
        }
        if number % 2 == 0:
            groups["touching"] = (3.0, float(rng.integers(1, 3)))
        yield DetectionTally(
            asked=asked,
            found={0.5: strict, 0.3: loose},
            false={0.5: float(rng.integers(3, 6)), 0.3: float(rng.integers(1, 3))},
            groups={} if empty else groups,
            clear_asked=clear,
            clear_found=0 if empty else strict,
            right=0 if empty else int(rng.integers(1, strict + 1)),
            common_px=0 if empty else int(rng.integers(300, 500)),
            labelled_px=0 if empty else int(rng.integers(600, 900)),
            found_px=int(rng.integers(500, 800)),
            is_empty=empty,
        )


def left_out(tallies):
    """The figures without each micrograph in turn, and their jackknife deviation."""
    n = len(tallies)
    each = [figures_by_hand([*tallies[:at], *tallies[at + 1 :]]) for at in range(n)]
    return {name: np.array([one[name] for one in each]) for name in each[0]}


def half_width(without):
    n = len(without)
    spread = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    return stats.t.ppf(0.975, n - 1) * spread


def test_every_figure_is_its_definition_and_its_intervals_the_jackknifes():
    rng = np.random.default_rng(11)
    ours, theirs = (tuple(drawn_tallies(rng)) for _ in range(2))
    pair = [
        MethodRun(name, found, (1.0,) * 9, (1,) * 9)
        for name, found in (("ours", ours), ("theirs", theirs))
    ]
    told, reference = compare_methods(pair, "theirs")
    own, other = figures_by_hand(ours), figures_by_hand(theirs)
    without, without_other = left_out(ours), left_out(theirs)
    names = [each.name for each in told.figures]
    assert names == [*own, RADIUS_ERROR]
    assert names == [each.name for each in reference.figures]
    for name, value in own.items():
        found, half = figure(told, name), half_width(without[name])
        assert found.value == pytest.approx(value), name
        if name.startswith("false circles"):
            ends = max(value - half, 0), value + half
        else:
            half /= value * (1 - value)
            ends = tuple(expit([logit(value) - half, logit(value) + half]))
        assert found.interval_95 == pytest.approx(ends), name
        apart = value - other[name]
        half = half_width(without[name] - without_other[name])
        assert found.difference == pytest.approx(apart), name
        assert found.difference_95 == pytest.approx((apart - half, apart + half)), name


def test_an_interval_stays_within_what_there_can_be():
    """Rates of few false circles, and a difference between all and almost none."""
    (one,) = tallies(TRUTH, (3,))
    strict = [{STRICT_IOU: n, LOOSE_IOU: 0.0} for n in (0.0, 0.0, 0.0, 0.0, 9.0)]
    noisy = tuple(replace(one, false=each) for each in strict)
    blind = tuple(
        replace(one, found={STRICT_IOU: n, LOOSE_IOU: n}) for n in (0, 0, 0, 0, 2)
    )
    runs = [
        MethodRun(name, each, (1.0,) * 5, (1,) * 5)
        for name, each in (("noisy", noisy), ("blind", blind))
    ]
    noisy, blind = compare_methods(runs, "noisy")
    low, high = figure(noisy, "false circles a micrograph").interval_95
    assert (low, high) == pytest.approx((0, 1.8 + 1.8 * stats.t.ppf(0.975, 4)))
    low, high = figure(blind, "recall at IoU 0.5").difference_95
    assert low == -1
    assert -1 < high < 0
    assert figure(blind, "F1 at IoU 0.5").difference_95[0] == -1
