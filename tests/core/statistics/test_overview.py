"""The fraction by micrograph, by size and by labels; densities of sizes."""

import numpy as np
import pytest
from scipy import stats

from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.intervals import wilson_interval
from napari_cdse.core.statistics.label_history import label_history
from napari_cdse.core.statistics.micrograph_fractions import micrograph_fractions
from napari_cdse.core.statistics.overview import overview
from napari_cdse.core.statistics.size_distribution import log_normal, size_curves
from napari_cdse.core.statistics.size_trend import size_trend
from napari_cdse.core.statistics.visible_defects import visible_defects
from tests.populations import population

SURE_NO = (0.1, 0.8, 0.1, 0.0)


def judged(micrograph, labels, route="file", **others):
    return [Evidence(micrograph, label=x, route=route, **others) for x in labels]


def drawn_in(micrographs, yes, n=4, chance=0.5, rest=8):
    """So many draws in each micrograph, the first ones defects."""
    for m in range(micrographs):
        for k in range(n):
            label = "yes" if k < yes else "no"
            yield Evidence(f"m{m}", SURE_NO, label, "draw", chance)
        yield from (Evidence(f"m{m}", SURE_NO) for _ in range(rest))


def test_a_micrograph_judged_as_a_whole_has_its_binomial_interval():
    found = micrograph_fractions(
        [*judged("a", ["yes"] * 3 + ["no"] * 9 + ["null"] * 5), *judged("b", ["null"])],
        {"b": "second.png", "a": "first.png"},
    )
    empty, full = found
    assert (empty.name, full.name) == ("second.png", "first.png")
    assert (empty.fraction, empty.interval_95) == (None, None)
    assert full.fraction == pytest.approx(0.25)
    assert full.interval_95 == pytest.approx(wilson_interval(3, 12))
    assert (full.resolved, full.n_particles, full.n_judged) == (12, 17, 17)


def test_an_overview_holds_each_part_in_its_place():
    evidence = [*judged("a", ["yes", "no"]), *judged("b", ["no"] * 3)]
    defects = visible_defects(evidence)
    found = overview(evidence, defects, {"b": "second.png", "a": "first.png"})
    assert found.defects is defects
    assert [one.name for one in found.micrographs] == ["second.png", "first.png"]
    assert [one.resolved for one in found.micrographs] == [3, 2]
    assert found.by_size == size_trend(evidence)
    assert found.history == label_history(evidence)


def test_the_forest_is_moved_by_the_draws_of_all_micrographs():
    evidence = list(drawn_in(5, yes=2))
    untouched = [Evidence("new", SURE_NO) for _ in range(10)]
    new = micrograph_fractions([*evidence, *untouched])[-1]
    # Draws say 2 of 4 yes and all resolved, where the forest says 0.1 and 0.9.
    assert new.fraction == pytest.approx(0.5)
    assert (new.resolved, new.n_judged) == (pytest.approx(10), 0)
    # Each draw is half a defect off what is said of all, so ten guesses leave as much
    # open as ten labels do, and both together as much as five labels.
    assert new.interval_95 == pytest.approx(wilson_interval(2.5, 5))


@pytest.mark.parametrize(("each", "is_told"), [(0.04, False), (0.06, True)])
def test_a_micrograph_with_more_likely_none_resolved_has_no_fraction(each, is_told):
    """Ten particles, resolved with so small a chance each: less or more than half."""
    found = micrograph_fractions([Evidence("m", (each, 0, 1 - each, 0))] * 10)
    assert (found[0].fraction is not None) == is_told
    assert found[0].resolved == pytest.approx(10 * each)


def test_without_enough_draws_a_micrograph_has_no_interval():
    few = micrograph_fractions(list(drawn_in(2, yes=2)))
    assert [each.interval_95 for each in few] == [None, None]
    assert few[0].fraction == pytest.approx((2 + 8 * 0.1) / (4 + 8 * 0.9))


def test_draws_that_find_nothing_resolved_leave_micrographs_without_an_interval():
    """Each stands for ten that the forest calls resolved: more than there are."""
    told = (0.2, 0.4, 0.4, 0.0)
    evidence = [Evidence(f"m{n % 6}", told, "null", "draw", 0.1) for n in range(12)]
    evidence += [Evidence(f"m{n % 6}", told) for n in range(60)]
    evidence += [Evidence("m0", SURE_NO) for _ in range(12)]
    assert visible_defects(evidence).fraction is None
    found = micrograph_fractions(evidence)
    assert found[0].fraction is not None
    assert {one.interval_95 for one in found} == {None}


def test_intervals_of_micrographs_hold_their_own_fraction():
    """Nine of ten at least, of 400 micrographs and a forest that is biased."""
    rng, held = np.random.default_rng(5), []
    for _ in range(20):
        made = population(rng, 0.35, 0.0, 20, "biased")
        lots = rng.random(len(made.truth)) < 0.4
        evidence = [
            Evidence(
                f"{m:03d}",
                (yes, resolved - yes, 1 - resolved, 0.0),
                ("yes" if truth[0] else "no" if truth[1] else "null") if lot else None,
                "draw" if lot else "none",
                0.4 if lot else None,
            )
            for m, (yes, resolved), truth, lot in zip(
                made.micrograph, made.predicted, made.truth, lots, strict=True
            )
        ]
        for each in micrograph_fractions(evidence):
            if each.interval_95 is not None:
                held.append(each.interval_95[0] <= 0.35 <= each.interval_95[1])
    assert len(held) > 380
    assert np.mean(held) > 0.9


def test_small_particles_with_defects_are_found_in_the_small_class():
    evidence = [
        Evidence(
            f"m{m}",
            label="yes" if size < 4 else "no",
            route="file",
            diameter_nm=size,
        )
        for m in range(6)
        for size in np.linspace(3, 5, 12).tolist()
    ]
    evidence.append(Evidence("m0", label="yes", route="file"))
    found = size_trend(evidence)
    assert found.unit == "nm"
    assert (found.bins[0].low, found.bins[-1].high) == (3, 5)
    assert (found.bins[0].fraction, found.bins[-1].fraction) == (1, 0)
    assert sum(each.n_particles for each in found.bins) == 72
    assert all(each.interval_95 is not None for each in found.bins)


def test_one_class_of_size_says_what_the_whole_says():
    evidence = [
        Evidence(f"m{m}", SURE_NO, label, "draw", 0.5, diameter_px=40.0 + m)
        for m in range(6)
        for label in ("yes", "no")
    ]
    whole = visible_defects(evidence)
    (only,) = size_trend(evidence).bins
    assert size_trend(evidence).unit == "px"
    assert only.fraction == pytest.approx(whole.fraction)
    assert only.interval_95 == pytest.approx(whole.interval_95)


def test_without_sizes_or_resolved_particles_there_is_no_trend():
    assert size_trend([]).bins == ()
    assert size_trend(judged("m", ["yes", "no"])).bins == ()
    assert size_trend(judged("m", ["null"], diameter_px=40.0)).bins == ()
    assert size_trend(judged("m", ["yes", "no"], diameter_px=40.0)).bins == ()


def test_the_history_goes_from_the_forest_to_all_labels():
    evidence = [
        Evidence(
            f"m{m}",
            SURE_NO,
            "yes" if m % 2 else "no",
            "draw",
            0.5,
            judged_at=f"{m:02d}-{k}",
        )
        for m in range(10)
        for k in range(3)
    ] + [Evidence(f"m{m}", SURE_NO) for m in range(10)]
    found = label_history(evidence, steps=3)
    assert [each.labels for each in found] == [0, 10, 20, 30]
    first, *_, last = found
    assert first.fraction == pytest.approx(0.1 / 0.9)
    assert first.interval_95 is None
    whole = visible_defects(evidence)
    assert (last.fraction, last.interval_95) == (whole.fraction, whole.interval_95)
    # As of the tenth label: three micrographs, and one draw of the fourth.
    then = visible_defects(
        each
        if each.judged_at and each.judged_at <= "03-0"
        else Evidence(each.micrograph, SURE_NO, None, each.route, each.chance)
        for each in evidence
    )
    assert found[1].fraction == pytest.approx(then.fraction)


def test_labels_of_one_time_come_together_in_the_history():
    """Any order among them would be that of the table, and tell nothing."""
    defects = [
        *(Evidence(f"m{m}", SURE_NO, "yes", "file", judged_at="02") for m in range(10)),
        *(Evidence(f"m{m}", SURE_NO, "no", "file", judged_at="02") for m in range(10)),
        *(Evidence(f"m{m}", SURE_NO, "no", "file") for m in range(5)),
    ]
    later = [
        Evidence(f"m{m}", SURE_NO, "no", "queue", judged_at=f"03-{m:02d}")
        for m in range(10)
    ]
    found = label_history([*later, *defects], steps=7)
    assert [each.labels for each in found] == [0, 5, 25, 30, 35]
    # The other way round in the table, it is the same curve.
    turned = label_history([*defects[::-1], *later[::-1]], steps=7)
    assert [each.fraction for each in turned] == pytest.approx(
        [each.fraction for each in found]
    )


def test_the_fit_finds_the_distribution_that_sizes_were_drawn_from():
    sizes = stats.lognorm(s=0.15, scale=4.0).ppf((np.arange(400) + 0.5) / 400)
    fitted = log_normal(sizes.tolist())
    assert fitted.median == pytest.approx(4.0, rel=1e-3)
    assert np.log(fitted.geometric_deviation) == pytest.approx(0.15, rel=0.02)
    curves = size_curves(sizes.tolist())
    truth = stats.lognorm(s=0.15, scale=4.0).pdf(curves.at)
    assert curves.fit == pytest.approx(truth, abs=0.02)
    assert curves.density == pytest.approx(truth, abs=0.06)


def test_the_density_is_that_of_scipys_kernels_at_silvermans_bandwidth():
    sizes = stats.lognorm(s=0.2, scale=4.0).rvs(60, random_state=3)
    curves = size_curves(sizes.tolist())
    curves_agree(sizes, curves)
    # Heavy tails: the quartiles lie closer together than the deviation would have it.
    sizes = np.exp(stats.t(2).rvs(60, random_state=3) / 8)
    curves_agree(sizes, size_curves(sizes.tolist()))
    # Most of one size to the digit, so that the quartiles do not tell.
    sizes = np.concatenate([np.full(40, 4.0), np.linspace(3, 5, 10)])
    curves_agree(sizes, size_curves(sizes.tolist()), stats.iqr([0, 9]))


def curves_agree(sizes, curves, quartiles=None):
    logs = np.log(sizes)
    spread = logs.std(ddof=1)
    apart = stats.iqr(logs) if quartiles is None else quartiles
    # Silverman 1986, equation 3.31; scipy's factor is the width over the spread.
    width = 0.9 * min(spread, apart / 1.34) * len(sizes) ** (-0.2)
    kernels = stats.gaussian_kde(logs, bw_method=width / spread)
    assert curves.density == pytest.approx(kernels(np.log(curves.at)) / curves.at)
    # From three bandwidths below the smallest to three above the largest.
    ends = logs.min() - 3 * width, logs.max() + 3 * width
    assert np.log(curves.at) == pytest.approx(np.linspace(*ends, 200))
    assert curves.log_normal.n == len(sizes)
    assert curves.fit == pytest.approx(curves.log_normal.density(curves.at))


def test_few_or_equal_sizes_have_no_curve():
    assert log_normal(np.linspace(3, 5, 9).tolist()) is None
    assert log_normal(np.linspace(3, 5, 10).tolist()).n == 10
    assert log_normal([4.0] * 50) is None
    assert size_curves([]) is None


def test_a_label_taken_back_leaves_the_particle_as_it_was_before():
    """Deleted, put off or judged: until then no one had come to it."""
    before = [
        *(Evidence(f"m{m}", SURE_NO) for m in range(6) for _ in range(4)),
        *(Evidence(f"m{m}", SURE_NO, None, "draw", 0.5) for m in range(6)),
    ]
    after = [
        *(
            Evidence(f"m{m}", SURE_NO, label, "queue", deferred=label is None)
            for m in range(6)
            for label in ("yes", "no", None, "null")
        ),
        *(
            Evidence(f"m{m}", SURE_NO, "empty", "draw", 0.5, removed=True)
            for m in range(6)
        ),
    ]
    first, *_, last = label_history(after, steps=2)
    then, now = visible_defects(before), visible_defects(after)
    assert (first.labels, first.n_drawn) == (0, 0)
    assert (first.fraction, first.interval_95) == (then.fraction, then.interval_95)
    assert (last.labels, last.n_drawn) == (24, now.n_drawn)
    assert (last.fraction, last.interval_95) == (now.fraction, now.interval_95)
    assert first.fraction != pytest.approx(last.fraction)


def test_a_micrograph_of_half_a_resolved_particle_has_a_fraction():
    (found,) = micrograph_fractions([Evidence("m", (0.25, 0.0, 0.75, 0.0))] * 2)
    assert (found.fraction, found.resolved) == (1.0, 0.5)


def sized(sizes, labels, micrographs=6):
    return [
        Evidence(f"m{at % micrographs}", label=label, route="file", diameter_px=size)
        for at, (size, label) in enumerate(zip(sizes, labels, strict=True))
    ]


@pytest.mark.parametrize(
    ("resolved", "classes"), [(29, 1), (30, 2), (44, 2), (45, 3), (90, 6), (400, 6)]
)
def test_fifteen_resolved_particles_make_a_class_of_size_and_six_are_most(
    resolved, classes
):
    sizes = np.linspace(30, 60, resolved)
    found = size_trend(sized(sizes.tolist(), ["no"] * resolved))
    assert len(found.bins) == classes
    assert [each.low for each in found.bins[1:]] == [e.high for e in found.bins[:-1]]
    assert (found.bins[0].low, found.bins[-1].high) == (30, 60)
    numbers = [each.n_particles for each in found.bins]
    assert sum(numbers) == resolved
    assert max(numbers) - min(numbers) <= 2


def test_the_middle_of_a_class_is_that_of_its_resolved_particles():
    """The largest and the smallest are not resolved, and lie in no other class."""
    sizes = [20.0, *np.linspace(30, 60, 29), 90.0]
    labels = ["null", *["yes", "no"] * 14, "yes", "null"]
    (only,) = size_trend(sized(sizes, labels)).bins
    assert (only.low, only.high, only.n_particles) == (20, 90, 31)
    assert only.middle == pytest.approx(45)
    assert only.resolved == pytest.approx(29)
    assert only.fraction == pytest.approx(15 / 29)
    assert (only.interval_95 is None, only.note) == (False, "")


def test_a_class_of_size_without_a_resolved_particle_has_no_fraction():
    """Thirty resolved ones are of one size; smaller ones are there, and larger."""
    sizes = [30.0] * 6 + [50.0] * 30 + [60.0] * 6
    labels = ["null"] * 6 + ["no"] * 30 + ["null"] * 6
    empty, full = size_trend(sized(sizes, labels)).bins
    assert (empty.low, empty.high, empty.n_particles) == (30, 50, 6)
    assert (empty.fraction, empty.interval_95, empty.middle) == (None, None, 40)
    assert empty.note == "No particle is resolved."
    assert (full.low, full.high, full.n_particles) == (50, 60, 36)
    assert (full.fraction, full.middle) == (0, 50)


def test_a_class_without_an_interval_says_why():
    few = sized([40.0, 41.0] * 4, ["no"] * 8, micrographs=4)
    (only,) = size_trend(few).bins
    assert only.interval_95 is None
    assert "it takes 5 with resolved particles" in only.note
    assert only.fraction == 0


def test_the_history_has_a_dozen_steps_and_ends_with_all_labels():
    evidence = [
        Evidence(f"m{at % 6}", SURE_NO, "no", "queue", judged_at=f"{at:03d}")
        for at in range(30)
    ]
    found = label_history(evidence)
    wanted = np.linspace(0, 30, 13).round().astype(int)
    assert [each.labels for each in found] == wanted.tolist()
    assert [each.labels for each in label_history(evidence[:2])] == [0, 1, 2]
    assert [each.labels for each in label_history([Evidence("m", SURE_NO)])] == [0]
    assert label_history([]) == ()


def test_what_draws_of_unequal_error_leave_open_has_its_closed_form():
    """The forest is off in defects and in what is resolved, each draw otherwise."""
    labels = ["yes", "no", "null", "yes", "no", "no", "null", "no", "yes", "no", "no"]
    chances = [0.2, 0.5] * 5 + [0.25]
    said = (0.3, 0.4, 0.3, 0.0)
    draws = [
        Evidence(f"m{at % 4}", said, label, "draw", chance)
        for at, (label, chance) in enumerate(zip(labels, chances, strict=True))
    ]
    rest = [Evidence(f"m{at % 4}", said) for at in range(40)]
    new = [Evidence("new", said)] * 20
    evidence = [*draws, *rest, *new]
    found = micrograph_fractions(evidence)[-1]
    truth = {"yes": (1, 1), "no": (0, 1), "null": (0, 0)}
    off = np.array([truth[label] for label in labels]) - (0.3, 0.7)
    weight = 1 / np.array(chances)
    mean = weight @ off / weight.sum()
    defects, resolved = 20 * (np.array((0.3, 0.7)) + mean)
    assert found.fraction == pytest.approx(defects / resolved)
    share = visible_defects(evidence).fraction
    left = (off - mean) @ (1, -share)
    square = weight @ left**2 / weight.sum()
    near = (defects + 2) / (resolved + 4)
    effective = 1 / (1 / resolved + 20 * square / resolved**2 / (near * (1 - near)))
    wanted = wilson_interval(defects / resolved * effective, effective)
    assert found.interval_95 == pytest.approx(wanted)
