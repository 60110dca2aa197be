"""Intervals against published values, closed forms and scipy's own quantiles."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from napari_cdse.core.statistics.intervals import (
    MIN_MICROGRAPHS,
    jackknife,
    logit_interval,
    paired_interval,
    t_quantile,
    wilson_interval,
)


@pytest.mark.parametrize("degrees", [1, 4, 9, 60.5])
def test_the_quantile_is_that_of_95_percent(degrees):
    assert t_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees))
    # No other usual level comes near it.
    assert t_quantile(degrees) > 1.15 * stats.t.ppf(0.95, degrees)


def test_the_logit_interval_has_its_closed_form():
    low, high = logit_interval(0.2, 0.03**2, 7)
    spread = stats.t.ppf(0.975, 7) * 0.03 / (0.2 * 0.8)
    assert logit(low) == pytest.approx(logit(0.2) - spread)
    assert logit(high) == pytest.approx(logit(0.2) + spread)
    assert 0.2 - low < high - 0.2  # longer towards the middle


def test_the_logit_interval_stays_between_0_and_1():
    low, high = logit_interval(0.01, 0.03**2, 3)
    assert 0 < low < 0.01 < high < 1


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe, Stat. Med. 17, 857 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_has_the_published_values(successes, n, low, high):
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [3, 12.5, 40, 700])
def test_wilson_interval_stays_between_0_and_1_near_its_ends(n):
    for little in np.logspace(-18, -13, 40):
        assert wilson_interval(little * n, n)[0] >= 0
        assert wilson_interval((1 - little) * n, n)[1] <= 1


def test_wilson_interval_is_mirrored_when_the_classes_are_exchanged():
    low, high = wilson_interval(3, 17)
    other_low, other_high = wilson_interval(14, 17)
    assert (1 - high, 1 - low) == pytest.approx((other_low, other_high))
    assert wilson_interval(9, 9)[1] == 1.0


@pytest.mark.parametrize(("successes", "n"), [(3, 2), (0, 0), (-1, 4)])
def test_what_is_no_proportion_is_refused(successes, n):
    with pytest.raises(ValueError, match="no proportion"):
        wilson_interval(successes, n)


def test_the_jackknife_of_a_mean_is_its_textbook_t_interval():
    values = np.array([3.0, 5.5, 4.0, 8.0, 2.5, 6.0])
    pairs = np.stack([values, np.ones_like(values)], axis=1)
    found = jackknife(lambda sums: sums[:, 0] / sums[:, 1], pairs)
    assert found.value == pytest.approx(values.mean())
    assert found.variance == pytest.approx(values.var(ddof=1) / values.size)
    wanted = stats.t.interval(0.95, 5, values.mean(), stats.sem(values))
    assert found.interval_95 == pytest.approx(wanted)


def test_a_share_has_its_jackknife_interval_on_the_logit_scale():
    hits, totals = np.array([3, 5, 2, 7, 4.0]), np.array([9, 9, 8, 10, 9.0])
    found = jackknife(lambda s: s[:, 0] / s[:, 1], np.stack([hits, totals], axis=1))
    share, spread = hits.sum() / totals.sum(), np.sqrt(found.variance)
    half = stats.t.ppf(0.975, 4) * spread / (share * (1 - share))
    wanted = expit(logit(share) - half), expit(logit(share) + half)
    assert found.share_interval_95 == pytest.approx(wanted)


def by_counts(hits, totals, confidence):
    """Wilson's interval, by another library."""
    test = stats.binomtest(int(hits), int(totals))
    return tuple(test.proportion_ci(confidence, method="wilson"))


@pytest.mark.parametrize(
    ("hits", "totals"),
    [
        ([3, 1, 2, 4, 5], [9, 3, 6, 12, 15]),
        ([7, 14, 21, 7, 7], [10, 20, 30, 10, 10]),
        ([0] * 5, [4] * 5),
        ([4] * 5, [4] * 5),
    ],
)
def test_micrographs_that_all_say_one_share_leave_its_interval_to_their_counts(
    hits, totals
):
    """They would give one of no width, however few particles they hold."""
    sums = np.stack([hits, totals], axis=1)
    found = jackknife(lambda s: s[:, 0] / s[:, 1], sums)
    assert not found.varies
    assert found.share_interval_95 is None
    confidence = 2 * stats.norm.cdf(stats.t.ppf(0.975, 4)) - 1
    wanted = by_counts(sum(hits), sum(totals), confidence)
    assert found.share_interval_of(sum(totals)) == pytest.approx(wanted, abs=1e-12)
    few = jackknife(lambda s: s[:, 0] / s[:, 1], sums[1:])
    assert few.share_interval_of(sum(totals[1:])) is None


def test_micrographs_that_differ_in_one_of_a_million_particles_vary():
    sums = np.array([[500_000, 1_000_000]] * 9 + [[500_001, 1_000_000]])
    found = jackknife(lambda s: s[:, 0] / s[:, 1], sums)
    assert found.varies
    assert found.share_interval_of(10**7) == found.share_interval_95 is not None


def test_too_few_micrographs_have_no_interval():
    few = jackknife(lambda s: s[:, 0], np.arange(MIN_MICROGRAPHS - 1.0)[:, None])
    assert few.interval_95 is None
    assert few.share_interval_95 is None
    one = jackknife(lambda s: s[:, 0], np.ones((1, 1)))
    assert np.isnan(one.variance)


def test_what_is_infinite_without_some_micrograph_has_no_interval():
    sums = np.array([[1.0, 0.0]] * 5 + [[1.0, 2.0]])
    with np.errstate(divide="ignore"):
        found = jackknife(lambda s: s[:, 0] / s[:, 1], sums)
    assert found.value == 3
    assert found.interval_95 is None


@pytest.mark.parametrize("scale", [1.0, 1e-3, 250.0])
def test_where_nothing_varies_but_by_rounding_there_is_no_interval(scale):
    """Seven micrographs of one size, as sums of a third of it leave it."""
    size = scale / 3
    parts = np.array([sum([size] * n) for n in range(20, 27)]) / np.arange(20, 27)
    pairs = np.stack([parts, np.ones(7)], axis=1)
    found = jackknife(lambda s: s[:, 0] / s[:, 1], pairs, scale)
    assert found.all_alike
    assert found.interval_95 is None
    # A millionth of it is no rounding.
    pairs[0, 0] += 1e-6 * scale
    found = jackknife(lambda s: s[:, 0] / s[:, 1], pairs, scale)
    assert not found.all_alike
    assert found.interval_95 is not None


def test_the_interval_of_pairs_covers_whatever_differs():
    """By enumeration of all outcomes; none that differ are among the truths."""
    chances = (0, 0.001, 0.01, 0.05, 0.1, 0.3)
    for n in (10, 20, 50):
        gained, lost = (each.ravel() for each in np.mgrid[: n + 1, : n + 1])
        there = gained + lost <= n
        gained, lost = gained[there], lost[there]
        ends = [paired_interval(*one, n) for one in zip(gained, lost, strict=True)]
        low, high = np.array(ends).T
        outcomes = np.stack([gained, lost, n - gained - lost], axis=1)
        covered = []
        for more in chances:
            for fewer in chances:
                truth = more - fewer
                of_each = stats.multinomial.pmf(
                    outcomes, n, [more, fewer, 1 - more - fewer]
                )
                inside = (low <= truth + 1e-12) & (truth <= high + 1e-12)
                covered.append(float(of_each[inside].sum()))
        assert min(covered) > 0.92
        assert np.mean(covered) < 0.995


def test_the_interval_of_pairs_has_its_closed_form():
    assert paired_interval(0, 0, 98, 2.5) == pytest.approx(
        (-2.5 * np.sqrt(2) / 100, 2.5 * np.sqrt(2) / 100)
    )
    low, high = paired_interval(7, 1, 38)
    spread = stats.norm.ppf(0.975) * np.sqrt((10 / 40 - (6 / 40) ** 2) / 40)
    assert (low, high) == pytest.approx((6 / 40 - spread, 6 / 40 + spread))
    assert paired_interval(1, 0, 1, 9) == (-1, 1)
