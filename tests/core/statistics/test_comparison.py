"""Differences and ratios of samples, against a published example and by simulation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.statistics.comparison import (
    Contrast,
    SampleNumbers,
    compare,
    compare_all,
    difference_of,
    ratio_of,
)
from napari_cdse.core.statistics.evidence import Evidence
from napari_cdse.core.statistics.intervals import wilson_interval
from napari_cdse.core.statistics.size_distribution import EstimatedSizes, class_sizes
from napari_cdse.core.statistics.visible_defects import visible_defects
from tests.populations import population


def sample(name, evidence=(), sizes_nm=(), sizes_px=()):
    n = len(sizes_nm) or len(sizes_px)
    sizes = class_sizes(
        sizes_nm or [None] * n,
        sizes_px or [None] * n,
        ["no"] * n,
        [f"m{at % 6}" for at in range(n)],
    )
    return SampleNumbers(name, visible_defects(evidence), sizes)


def drawn(rng, fraction, micrographs=12, chance=0.5):
    """Evidence of a simulated sample, half of it drawn and judged."""
    made = population(rng, fraction, 0.1, micrographs, "biased")
    lots = rng.random(len(made.truth)) < chance
    return [
        Evidence(
            f"{m}",
            (yes, resolved - yes, 1 - resolved, 0.0),
            ("yes" if truth[0] else "no" if truth[1] else "null") if lot else None,
            "draw" if lot else "none",
            chance if lot else None,
        )
        for m, (yes, resolved), truth, lot in zip(
            made.micrograph, made.predicted, made.truth, lots, strict=True
        )
    ]


def test_newcombes_example_comes_out():
    """Stat. Med. 17, 873 (1998), table II: 56 of 70 less 48 of 80."""
    found = difference_of(
        56 / 70, wilson_interval(56, 70), 48 / 80, wilson_interval(48, 80)
    )
    assert found.value == pytest.approx(0.2)
    assert found.interval_95 == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_ratio_of_one_number_without_an_interval_has_none():
    for first, second in ((None, (0.4, 0.6)), ((0.4, 0.6), None)):
        found = ratio_of(0.5, first, 0.25, second)
        assert (found.value, found.interval_95) == (2.0, None)
        assert difference_of(0.5, first, 0.25, second).interval_95 is None


def test_a_ratio_is_the_difference_of_logarithms():
    found = ratio_of(0.4, (0.2, 0.8), 0.1, (0.05, 0.2))
    half = math.sqrt(2) * math.log(2)
    assert found.value == pytest.approx(4)
    assert found.interval_95 == pytest.approx((4 * math.exp(-half), 4 * math.exp(half)))


def test_nothing_over_something_and_something_over_nothing():
    none = ratio_of(0.0, (0.0, 0.1), 0.5, (0.4, 0.6))
    assert (none.value, none.interval_95) == (0, (0, pytest.approx(0.25)))
    assert ratio_of(0.5, (0.4, 0.6), 0.0, (0.0, 0.1)).value is None
    open_end = ratio_of(0.5, (0.4, 0.6), 0.1, (0.0, 0.2))
    assert open_end.interval_95[1] == math.inf
    assert open_end.interval_95[0] > 0


def test_without_an_interval_of_both_there_is_none_of_the_difference():
    found = compare(
        sample("a", [Evidence("m", (0.3, 0.6, 0.1, 0.0))]),
        sample("b", [Evidence("m", (0.1, 0.8, 0.1, 0.0))]),
    )
    assert found.difference.value == pytest.approx(2 / 9)
    assert found.difference.interval_95 is None
    assert "nothing says whether they differ" in found.sentence
    assert "one has no number" in compare(sample("a"), sample("b")).sentence


def test_intervals_of_difference_and_ratio_cover():
    rng, held = np.random.default_rng(11), []
    for _ in range(150):
        found = compare(
            sample("a", drawn(rng, 0.5)), sample("b", drawn(rng, 0.25, micrographs=8))
        )
        ends = (found.difference.interval_95, found.ratio.interval_95)
        truths = (0.25, 2.0)
        held.append(
            [t >= e[0] and t <= e[1] for t, e in zip(truths, ends, strict=True)]
        )
    # 95 % of 150; below 90 % chance alone comes once in some three hundred times.
    assert (np.mean(held, axis=0) > 0.9).all()


def test_clear_differences_are_said_and_sizes_too():
    rng = np.random.default_rng(2)
    far = sample("far", drawn(rng, 0.6, 20), [5.0 + 0.01 * n for n in range(30)])
    near = sample("near", drawn(rng, 0.1, 20), [4.0 + 0.01 * n for n in range(30)])
    found, *rest = compare_all([far, near, sample("px", sizes_px=[40.0] * 10)])
    assert found.sentence.endswith("They differ.")
    assert found.size_difference.value == pytest.approx(1.0)
    assert found.size_sentence.startswith(
        "Mean diameter in nm of far less near: +1.00 "
    )
    assert "They may be the same." in compare(near, near).sentence
    # Lengths in px and in nm are not compared.
    assert [each.size_sentence for each in rest] == ["", ""]


def numbers(name, fraction, interval, mean=None, mean_95=None, micrographs=()):
    """A sample of which just these numbers are known."""
    one = sample(name, sizes_nm=[4.0, 5.0])
    (summary,) = (each for each in one.sizes.summaries if each.label == "all")
    told = () if mean is None else (replace(summary, mean=mean, mean_95=mean_95),)
    return SampleNumbers(
        name,
        replace(one.defects, fraction=fraction, interval_95=interval),
        replace(one.sizes, summaries=told),
        frozenset(micrographs),
    )


def test_samples_that_share_micrographs_have_no_interval():
    first = numbers("a", 0.4, (0.3, 0.5), 5.0, (4.9, 5.1), ("x", "y", "z"))
    for shared, words in ((("z", "w"), "1 micrograph is"), (("y", "z"), "2 microg")):
        second = numbers("b", 0.2, (0.1, 0.3), 4.0, (3.9, 4.1), shared)
        found = compare(first, second)
        assert found.n_shared == len({"x", "y", "z"} & set(shared))
        for each in (found.difference, found.ratio, found.size_difference):
            assert each.interval_95 is None
        told = (found.difference.value, found.ratio.value, found.size_difference.value)
        assert told == pytest.approx((0.2, 2.0, 1.0))
        assert words in found.sentence
        assert "0.20, without an interval; ratio 2.00, without" in found.sentence


def test_sizes_are_compared_in_nm_that_are_known_by_the_same_means_alone():
    def told(name, nm=(None,) * 6, estimated=(None,) * 6):
        sizes = class_sizes(
            nm,
            [100.0] * 6,
            ["no"] * 6,
            [f"m{at}" for at in range(6)],
            estimated=EstimatedSizes(estimated, {}, 0.0015),
        )
        return SampleNumbers(name, visible_defects([]), sizes)

    known = told("known", nm=(4.0,) * 6)
    small, large = (told(f"{d}", estimated=(d,) * 6) for d in (3.0, 5.0))
    in_px = told("px")
    found = compare(large, small)
    assert (found.size_unit, found.sizes_by_estimate) == ("nm", True)
    assert found.size_difference.value == pytest.approx(2.0)
    words = (
        "Mean diameter in nm, by pixel sizes estimated from the lattice, of 5.0 less"
    )
    assert found.size_sentence.startswith(words)
    for one, other in ((known, large), (in_px, large), (in_px, told("other px"))):
        found = compare(one, other)
        assert (found.size_unit, found.size_difference.value) == ("", None)
        assert found.size_sentence == ""


def test_each_number_is_that_of_its_own_sample():
    first = numbers("a", 0.4, (0.3, 0.55), 5.0, (4.9, 5.2))
    second = numbers("b", 0.1, (0.05, 0.2), 4.5, (4.3, 4.6))
    found = compare(first, second)
    assert (found.first, found.second, found.size_unit) == ("a", "b", "nm")
    wanted = difference_of(0.4, (0.3, 0.55), 0.1, (0.05, 0.2))
    assert found.difference == wanted
    below, above = math.hypot(0.1, 0.1), math.hypot(0.15, 0.05)
    assert wanted.interval_95 == pytest.approx((0.3 - below, 0.3 + above))
    assert found.ratio == ratio_of(0.4, (0.3, 0.55), 0.1, (0.05, 0.2))
    assert found.size_difference.interval_95 == pytest.approx(
        (0.5 - math.hypot(0.1, 0.1), 0.5 + math.hypot(0.2, 0.2))
    )
    low, high = found.difference.interval_95
    ends = found.ratio.interval_95
    assert found.sentence == (
        f"Visible defects in a less b: +0.30 ({low:+.2f} to {high:+.2f}, 95 %); ratio "
        f"4.00 ({ends[0]:.2f} to {ends[1]:.2f}, 95 %). They differ."
    )
    low, high = found.size_difference.interval_95
    assert found.size_sentence == (
        f"Mean diameter in nm of a less b: +0.50 ({low:+.2f} to {high:+.2f}, 95 %)."
    )
    silent = compare(first, numbers("b", 0.0, (0.0, 0.1)))
    assert "ratio" not in silent.sentence
    assert silent.size_sentence == ""


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ((0.0, 0.2), "They may be the same."),
        ((-0.2, 0.0), "They may be the same."),
        ((0.01, 0.2), "They differ."),
        ((-0.2, -0.01), "They differ."),
    ],
)
def test_samples_differ_where_nothing_is_outside(ends, verdict):
    found = compare(numbers("a", 0.4, (0.3, 0.5)), numbers("b", 0.3, (0.2, 0.4)))
    told = replace(found, difference=Contrast(0.0, ends)).sentence
    assert told.endswith(verdict)


def test_every_pair_is_compared_once_in_order():
    some = [numbers(name, 0.4, (0.3, 0.5)) for name in "abc"]
    pairs = [(each.first, each.second) for each in compare_all(some)]
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]


def test_the_ratio_of_nothing_to_what_may_be_nothing_is_open():
    none = ratio_of(0.0, (0.0, 0.1), 0.5, (0.0, 0.6))
    assert none.interval_95 == (0.0, math.inf)


def test_sizes_that_are_all_the_same_differ_by_nothing_without_an_interval():
    """A third of a nanometre adds up to other last digits in 30 than in 42."""
    found = compare(
        sample("a", sizes_nm=[1.7 / 3] * 30), sample("b", sizes_nm=[1.7 / 3] * 42)
    )
    assert found.size_difference == Contrast(0.0)
    assert found.size_sentence == (
        "Mean diameter in nm of a less b: +0.00, without an interval."
    )


def test_what_rounding_leaves_of_two_numbers_is_no_difference():
    assert difference_of(0.1 + 0.2, None, 0.3, None) == Contrast(0.0)
    told = difference_of(0.1 + 0.2, (0.2, 0.4), 0.3, (0.1, 0.4))
    assert told.value == 0
    assert difference_of(0.3 + 1e-9, None, 0.3, None).value > 0


def test_a_difference_that_rounds_to_nothing_has_no_minus():
    first = numbers("a", 0.3, (0.299, 0.302), 4.0, (3.999, 4.001))
    found = compare(first, numbers("b", 0.301, (0.299, 0.303), 4.001, (4.0, 4.002)))
    assert "less b: +0.00 (+0.00 to +0.00, 95 %)" in found.sentence
    assert found.size_sentence.endswith("less b: +0.00 (+0.00 to +0.00, 95 %).")
