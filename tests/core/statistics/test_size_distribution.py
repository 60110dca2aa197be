"""Size distributions against sizes that are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from napari_cdse.core.statistics.size_distribution import (
    EstimatedSizes,
    SizeSummary,
    class_sizes,
    log_normal,
    size_distribution,
    size_histogram,
)


def test_sizes_by_class_leave_out_what_is_unknown():
    sizes = [3.0, 5.0, None, 4.0, 9.0, 7.0]
    labels = ["yes", "yes", "yes", "null", "empty", None]
    found = {summary.label: summary for summary in size_distribution(sizes, labels)}
    assert set(found) == {"yes", "null", "all"}
    assert (found["yes"].n, found["yes"].mean, found["yes"].median) == (2, 4.0, 4.0)
    assert found["yes"].standard_deviation == pytest.approx(np.sqrt(2))
    assert found["null"].standard_deviation is None
    assert found["all"].n == 3


def test_lengths_are_in_nm_only_where_a_particle_has_one():
    labels = ["yes", "empty", "no"]
    where = ["a", "a", "b"]
    # The one length in nm is that of a circle without a particle.
    found = class_sizes([None, 4.0, None], [90.0, 100.0, 80.0], labels, where)
    assert (found.unit, found.sizes["yes"], found.sizes["no"]) == ("px", (90,), (80,))
    found = class_sizes([3.6, 4.0, None], [90.0, 100.0, 80.0], labels, where)
    assert (found.unit, found.sizes["yes"], found.sizes["no"]) == ("nm", (3.6,), ())
    assert found.n_unknown == 1


def test_sizes_are_told_by_estimates_where_no_pixel_size_is_known():
    """Pixels of micrographs whose scales differ are no unit."""
    labels, where = ["yes", "no", "no", "empty"], ["a", "b", "c", "a"]
    # Of one size, at 0.03, 0.06 and an unknown number of nm per px.
    px = [120.0, 60.0, 90.0, 50.0]
    estimated = EstimatedSizes([3.6, 3.6, None, 1.5], {"a": 0.01, "b": 0.02}, 0.0015)
    found = class_sizes([None] * 4, px, labels, where, estimated=estimated)
    assert (found.unit, found.by_estimate, found.n_unknown) == ("nm", True, 1)
    assert (found.sizes["yes"], found.sizes["no"]) == ((3.6,), (3.6,))
    whole = found.summaries[-1]
    assert (whole.mean, whole.mean_systematic) == pytest.approx((3.6, 0.0015 * 3.6))
    # Each micrograph has half of the mean: 1.8 nm times 1 %, and times 2 %.
    assert whole.mean_by_estimates == pytest.approx(np.hypot(0.018, 0.036))
    # What file or person told is taken alone, as before.
    known = [4.0, None, None, None]
    found = class_sizes(known, px, labels, where, estimated=estimated)
    assert (found.unit, found.by_estimate, found.sizes["no"]) == ("nm", False, ())
    none = EstimatedSizes([None] * 4, {}, 0.0015)
    found = class_sizes([None] * 4, px, labels, where, estimated=none)
    assert (found.unit, found.by_estimate, found.n_micrographs) == ("px", False, 3)


def test_sizes_that_differ_by_rounding_have_no_log_normal():
    sizes = [0.52 * (1 + 1e-16 * n) for n in range(20)]
    assert len(set(sizes)) > 1
    assert log_normal(sizes) is None
    assert log_normal([0.52 + 0.001 * n for n in range(20)]) is not None


def test_histogram_holds_every_particle_once_in_round_bins():
    rng = np.random.default_rng(0)
    sizes = list(rng.normal(4.5, 0.8, 300))
    labels = ["yes", "no", "null"] * 100
    found = size_histogram(sizes, labels)
    assert {label: sum(counts) for label, counts in found.counts.items()} == {
        "yes": 100,
        "no": 100,
        "null": 100,
    }
    width = found.edges[1] - found.edges[0]
    assert width in [pytest.approx(w) for w in (0.1, 0.2, 0.5)]
    truth = np.histogram(sizes[::3], np.array(found.edges))[0]
    assert found.counts["yes"] == tuple(truth)


@pytest.mark.parametrize("sizes", [[4.0], [4.0, 4.0], [1e-3, 5000.0], [0.0, 0.0]])
def test_histogram_of_odd_sizes_stays_small(sizes):
    found = size_histogram(sizes, ["no"] * len(sizes))
    assert sum(found.counts["no"]) == len(sizes)
    assert len(found.edges) <= 35


@pytest.mark.parametrize("step", [0.1, 0.05, 0.01])
def test_histogram_holds_sizes_that_are_whole_steps(step):
    """Decimal sizes lie on the edges of the bins, but for rounding."""
    decimals = round(-np.log10(step)) + 1
    rng = np.random.default_rng(2)
    for _ in range(500):
        steps = rng.integers(round(1 / step), round(9 / step), 2)
        sizes = [round(float(n) * step, decimals) for n in steps]
        assert sum(size_histogram(sizes, ["no", "no"]).counts["no"]) == 2, sizes


def test_histogram_without_sizes_is_none():
    assert size_histogram([None], ["yes"]) is None
    assert size_distribution([], []) == ()


def of_micrographs(rng, micrographs, size=20):
    """Diameters in nm: micrographs differ by 0.4, particles of one by 0.8."""
    own = np.repeat(rng.normal(4.5, 0.4, micrographs), size)
    names = np.repeat([f"m{m}" for m in range(micrographs)], size).tolist()
    return rng.normal(own, 0.8), names


def test_the_interval_of_the_mean_is_that_of_the_micrographs():
    rng = np.random.default_rng(1)
    sizes, names = of_micrographs(rng, 7)
    (found, _) = size_distribution(sizes, ["no"] * 140, names, relative_error=0.02)
    # Equal numbers in each: the textbook interval of seven means.
    means = sizes.reshape(7, 20).mean(axis=1)
    wanted = stats.t.interval(0.95, 6, means.mean(), stats.sem(means))
    assert found.mean_95 == pytest.approx(wanted)
    assert found.n_micrographs == 7
    assert found.mean_systematic == pytest.approx(0.02 * sizes.mean())


def test_what_the_fit_is_off_by_is_common_to_all_that_it_fitted():
    found = size_distribution([4.0, 6.0, 5.0], ["no"] * 3, fit_errors=[0.05, 0.05, 0])
    assert found[0].fit_systematic == pytest.approx(0.5 / 3)
    assert found[0].mean == 5


def test_the_interval_of_the_spread_has_its_closed_form():
    sizes, names = of_micrographs(np.random.default_rng(2), 6)
    (found, _) = size_distribution(sizes, ["yes"] * 120, names)
    parts = sizes.reshape(6, 20)
    logs = [np.log(np.delete(parts, m, axis=0).std(ddof=1)) for m in range(6)]
    variance = 5 / 6 * ((logs - np.mean(logs)) ** 2).sum()
    half = stats.t.ppf(0.975, 5) * np.sqrt(variance)
    middle = np.log(sizes.std(ddof=1))
    wanted = np.exp([middle - half, middle + half])
    assert found.standard_deviation_95 == pytest.approx(tuple(wanted))


def test_19_of_20_intervals_of_sizes_hold_the_truth():
    rng = np.random.default_rng(3)
    spread = np.hypot(0.4, 0.8)
    held = np.zeros(3, int)
    for _ in range(400):
        sizes, names = of_micrographs(rng, 8)
        (found, _) = size_distribution(sizes, ["no"] * 160, names)
        for at, (interval, truth) in enumerate(
            [
                (found.mean_95, 4.5),
                (found.median_95, 4.5),
                (found.standard_deviation_95, spread),
            ]
        ):
            held[at] += interval[0] <= truth <= interval[1]
    # 380 are expected, and 360 of intervals of 90 %.
    assert (held >= 367).all(), held
    assert (held <= 396).all(), held


def test_what_estimated_scales_add_has_its_closed_form():
    """Root of the sum of squares: each micrograph's sum times its own error."""
    sizes, where = [4.0, 6.0, 5.0, 3.0], ["a", "a", "b", "c"]
    found = size_distribution(
        sizes, ["no"] * 4, where, estimate_errors={"a": 0.01, "b": 0.02}
    )
    wanted = np.hypot(10 * 0.01, 5 * 0.02) / 4
    assert found[0].mean_by_estimates == pytest.approx(wanted)
    assert size_distribution(sizes, ["no"] * 4, where)[0].mean_by_estimates == 0


@pytest.mark.parametrize("micrographs", [8, 30])
def test_intervals_hold_the_truth_though_each_scale_is_estimated(micrographs):
    """The scatter of scales is part of how micrographs differ, once and not twice.

    With 0.06 it is as large as all else: a mean of 4.5 differs by 0.4 / 4.5 = 0.09.
    """
    rng, error = np.random.default_rng(7), 0.06
    held, alone = 0, 0
    for _ in range(400):
        sizes, names = of_micrographs(rng, micrographs)
        scale = np.repeat(rng.normal(1, error, micrographs), 20)
        (found, _) = size_distribution(
            sizes * scale,
            ["no"] * len(names),
            names,
            estimate_errors=dict.fromkeys(names, error),
        )
        low, high = found.mean_95
        held += low <= 4.5 <= high
        half = 1.96 * found.mean_by_estimates
        alone += abs(found.mean - 4.5) <= half
    # 380 are expected; the scales' part alone is too narrow, for it is not all.
    assert 367 <= held <= 394, held
    assert alone < 330, alone


def test_few_micrographs_or_none_have_no_interval_of_sizes():
    sizes, names = of_micrographs(np.random.default_rng(4), 4)
    for where in (names, None):
        (found, _) = size_distribution(sizes, ["no"] * 80, where)
        assert (found.mean_95, found.median_95) == (None, None)
        assert found.standard_deviation_95 is None
        assert found.standard_deviation is not None


def test_sizes_all_alike_have_no_interval_of_their_spread():
    names = [f"m{m % 6}" for m in range(24)]
    (found, _) = size_distribution([4.0] * 24, ["no"] * 24, names)
    assert found.mean_95 is found.median_95 is None
    assert found.mean_words("nm") == ("4 nm (no interval: the same in all micrographs)")
    assert found.standard_deviation_95 is None


def test_a_summary_has_the_quartiles_of_numpy_and_counts_micrographs():
    sizes = [3.0, 4.5, 5.0, 7.0, 2.0, 9.0]
    (found, whole) = size_distribution(sizes, ["null"] * 6, list("aabbcc"))
    assert (found.label, whole.label) == ("null", "all")
    wanted = np.percentile(sizes, (25, 50, 75))
    told = (found.quartile_1, found.median, found.quartile_3)
    assert told == pytest.approx(tuple(wanted))
    assert (found.n, found.n_micrographs) == (6, 3)
    assert found.mean == pytest.approx(np.mean(sizes))
    assert (found.mean_systematic, found.fit_systematic) == (0, 0)
    assert size_distribution([4.0], ["no"])[0].n_micrographs == 1


def test_the_interval_of_the_median_is_woodruffs():
    """R. S. Woodruff 1952: the interval of the share below it, read off the sizes."""
    sizes, names = of_micrographs(np.random.default_rng(8), 6)
    (found, _) = size_distribution(sizes, ["no"] * 120, names)
    below = (sizes <= np.median(sizes)).reshape(6, 20).mean(axis=1)
    half = stats.t.ppf(0.975, 5) * stats.sem(below)
    wanted = np.quantile(sizes, (0.5 - half, 0.5 + half))
    assert found.median_95 == pytest.approx(tuple(wanted))


def test_the_interval_of_the_median_ends_where_sizes_do():
    """Micrographs so different that its share may be anything."""
    sizes = [1.0] * 9 + [2.0] * 9 + [3.0] * 9 + [7.0] * 9 + [8.0] * 9
    names = [f"m{at // 9}" for at in range(45)]
    (found, _) = size_distribution(sizes, ["no"] * 45, names)
    assert found.median_95 == (1.0, 8.0)


@pytest.mark.parametrize(
    ("sizes", "edges"),
    [
        # Freedman and Diaconis: 2 * 1 / 8 ** (1 / 3) = 1.
        ([0.5, 2, 2, 2.5, 2.5, 3, 3, 6.5], (0, 1, 2, 3, 4, 5, 6, 7)),
        # Half of it, exactly round already.
        ([2, 2.5, 2.75, 3.25, 3.25, 2.75, 2.5, 4.5], (2, 2.5, 3, 3.5, 4, 4.5)),
        # At least five bins for what is spread evenly: 2 * 4 / 2 is more than a fifth.
        ([0, 2, 4, 6, 8, 10, 0, 10], tuple(range(0, 11, 2))),
        # At most thirty where nearly all are alike: a thirtieth of 60 is 2.
        ([0.0] * 1 + [30.0] * 20 + [60.0], tuple(range(0, 61, 2))),
        # Without a span, a thirtieth of the size, or of 1.
        ([4.0], (4.0, 4.2)),
        ([0.0], (0.0, 0.05)),
    ],
)
def test_bins_are_those_worked_out_by_hand(sizes, edges):
    found = size_histogram(sizes, ["no"] * len(sizes))
    assert found.edges == pytest.approx(edges)
    assert found.counts["no"] == tuple(np.histogram(sizes, found.edges)[0])


@pytest.mark.parametrize("power", [-2, 0, 1])
@pytest.mark.parametrize(
    ("step", "width"), [(1, 1), (1.01, 2), (2, 2), (3, 5), (6, 10)]
)
def test_a_width_is_the_next_of_1_2_5_and_10(step, width, power):
    """Thirty bins of just such a width; all but the ends in one place."""
    unit = 10.0**power
    sizes = [0.0, 30 * step * unit, *[15 * step * unit] * 40]
    found = size_histogram(sizes, ["yes"] * 42)
    assert np.diff(found.edges) == pytest.approx(width * unit)


def test_errors_of_the_pixel_size_are_of_lengths_in_nm_alone():
    labels, where = ["yes", "no"], ["a", "b"]
    errors = {"relative_error": 0.02, "fit_errors": [0.1, 0.0]}
    in_nm = class_sizes([4.0, 6.0], [100.0, 150.0], labels, where, **errors)
    in_px = class_sizes([None, None], [100.0, 150.0], labels, where, **errors)
    (_, _, nm), (_, _, px) = in_nm.summaries, in_px.summaries
    assert (nm.mean_systematic, px.mean_systematic) == (pytest.approx(0.1), 0)
    assert (nm.fit_systematic, px.fit_systematic) == pytest.approx((0.2, 5.0))
    assert (in_nm.n, in_nm.n_unknown, in_nm.sizes["null"]) == (2, 0, ())
    plain = class_sizes([4.0, 6.0], [100.0, 150.0], labels, where)
    assert plain.summaries[-1].mean_systematic == 0


def test_a_mean_is_told_with_all_that_it_may_be_off_by():
    bare = SizeSummary("all", 40, 4.1234, 0.5, 4.0, 3.8, 4.4)
    assert bare.mean_words("nm") == "4.12 nm (no interval)"
    within = replace(bare, mean_95=(3.987, 4.2612), mean_by_estimates=0.05)
    assert within.mean_words("nm") == "4.12 nm (3.99 to 4.26, 95 %)"
    few = replace(bare, mean_by_estimates=0.05, fit_systematic=0.03)
    assert few.mean_words("nm") == (
        "4.12 nm (no interval) \u00b1 0.05 by the estimates \u00b1 0.03 systematic"
    )
    both = replace(within, fit_systematic=0.03, mean_systematic=0.04)
    assert both.mean_words("px").endswith("95 %) \u00b1 0.05 systematic")


def test_a_median_on_which_micrographs_agree_is_as_sure_as_its_particles_allow():
    """Six micrographs of four sizes each: in every one half lies below."""
    names = [f"m{m}" for m in range(6) for _ in range(4)]
    sizes = [3.0 + place + 0.01 * m for m in range(6) for place in (0, 1, 5, 6)]
    (found, _) = size_distribution(sizes, ["no"] * 24, names)
    confidence = 2 * stats.norm.cdf(stats.t.ppf(0.975, 5)) - 1
    share = stats.binomtest(12, 24).proportion_ci(confidence, method="wilson")
    assert found.median_95 == pytest.approx(tuple(np.quantile(sizes, tuple(share))))


def test_rounding_is_no_spread_of_sizes():
    names = [f"m{m % 6}" for m in range(21)]
    sizes = [1.7 / 3, (1.7 / 3) * (1 + 1e-15), 1.7 * (1 / 3)] * 7
    (found, _) = size_distribution(sizes, ["no"] * 21, names)
    assert (found.mean, found.standard_deviation) == (found.median, 0.0)
    assert found.mean_95 is found.median_95 is found.standard_deviation_95 is None
