"""Curves of annotators whose limit and sharpness are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.special import expit, logit

from napari_cdse.core.review.annotator_curve import annotator_curve


def given(seed, slope=1.0, limit=0.5, n=400, micrographs=10):
    """Labels of an annotator with that curve, over evenly spread chances."""
    rng = np.random.default_rng(seed)
    chance = rng.uniform(0.02, 0.98, n)
    yes = rng.random(n) < expit(slope * (logit(chance) - logit(limit)))
    told = [(0.8 * p, 0.8 * (1 - p), 0.2, 0.0) for p in chance.tolist()]
    where = [f"m{at % micrographs}" for at in range(n)]
    return annotator_curve("Ada", told, yes.tolist(), where)


def test_many_labels_find_the_curve_they_came_from():
    found = given(1, slope=1.6, limit=0.7, n=20_000)
    assert found.slope == pytest.approx(1.6, abs=0.1)
    assert found.limit == pytest.approx(0.7, abs=0.02)
    assert "stricter limit" in found.sentence
    assert "surer than the forest" in found.sentence


def test_intervals_cover_the_curve():
    slopes, limits = [], []
    for seed in range(200):
        found = given(seed, slope=0.8, limit=0.35)
        slopes.append(found.slope_95[0] <= 0.8 <= found.slope_95[1])
        limits.append(found.limit_95[0] <= 0.35 <= found.limit_95[1])
    # 95 % of 200; below 90 % chance alone comes once in some four hundred times.
    assert np.mean(slopes) > 0.9
    assert np.mean(limits) > 0.9


def test_a_forest_that_sees_nothing_has_no_limit():
    found = given(3, slope=0.0)
    assert found.slope_95[0] < 0 < found.slope_95[1]
    assert found.limit_95 is None
    assert "may not see what they see" in found.sentence


def test_few_labels_few_micrographs_and_no_mistake_are_said():
    few = given(4, n=12)
    assert few.slope is None
    assert "10 labels each" in few.sentence
    near = given(5, micrographs=4)
    assert (near.slope_95, near.limit_95) == (None, None)
    assert "takes 5 micrographs" in near.sentence
    told = [(p, 1 - p, 0.0, 0.0) for p in (0.1, 0.9)] * 20
    parted = annotator_curve("Bo", told, [False, True] * 20, ["m"] * 40)
    assert "without a mistake" in parted.sentence


def test_slope_limit_and_their_intervals_follow_from_the_likelihood_alone():
    """Likelihood by a plain search, the sandwich summed by hand, Fieller's roots."""
    rng = np.random.default_rng(6)
    n, micrographs = 300, 5
    chance = rng.uniform(0.05, 0.95, n)
    place = logit(chance)
    of = np.arange(n) % micrographs
    yes = rng.random(n) < expit(1.3 * place - 0.6 + 0.4 * (of - 2))
    told = [(0.8 * p, 0.8 * (1 - p), 0.2, 0.0) for p in chance.tolist()]
    found = annotator_curve("Ada", told, yes.tolist(), [f"m{at}" for at in of])

    def loss(line):
        return np.logaddexp(0, np.where(yes, -1, 1) * (line[0] + line[1] * place)).sum()

    start, slope = optimize.minimize(loss, (0, 1), tol=1e-12).x
    assert found.slope == pytest.approx(slope, rel=1e-4)
    assert found.limit == pytest.approx(expit(-start / slope), rel=1e-4)

    bread, meat = np.zeros((2, 2)), np.zeros((2, 2))
    for each in range(micrographs):
        score = np.zeros(2)
        for x, said in zip(place[of == each], yes[of == each], strict=True):
            row = np.array([1, x])
            share = expit(start + slope * x)
            bread += share * (1 - share) * np.outer(row, row)
            score += (said - share) * row
        meat += np.outer(score, score)
    scale = micrographs / (micrographs - 1)
    variance = scale * np.linalg.inv(bread).dot(meat).dot(np.linalg.inv(bread))
    t = stats.t.ppf(0.975, micrographs - 1)
    half = t * np.sqrt(variance[1, 1])
    assert found.slope_95 == pytest.approx((slope - half, slope + half), rel=1e-3)
    ends = np.roots(
        [
            slope**2 - t**2 * variance[1, 1],
            2 * (start * slope - t**2 * variance[0, 1]),
            start**2 - t**2 * variance[0, 0],
        ]
    )
    assert found.limit_95 == pytest.approx(tuple(expit(np.sort(ends))), rel=1e-3)


def test_a_forest_that_tells_nothing_apart_has_no_curve_and_is_not_praised():
    told = [(0.3, 0.3, 0.4, 0.0)] * 40
    found = annotator_curve(
        "Ada", told, [True, False] * 20, [f"m{n % 6}" for n in range(40)]
    )
    assert found.slope is None
    assert found.note == "the forest gives all of these particles the same chance."


def test_micrographs_that_give_one_curve_do_not_tell_how_sure_it_is():
    chances = (0.1, 0.3, 0.6, 0.6, 0.8, 0.9)
    told = [(p, 1 - p, 0.0, 0.0) for p in chances] * 7
    said = [False, True, False, True, True, True] * 7
    names = [f"m{at // 6}" for at in range(42)]
    found = annotator_curve("Ada", told, said, names)
    assert found.slope is not None
    assert (found.slope_95, found.limit_95) == (None, None)
    assert found.sentence.endswith(
        "All micrographs give the same curve, so there is no interval."
    )
    # One label more or less in one of them, and there is.
    said[0] = True
    other = annotator_curve("Ada", told, said, names)
    assert other.slope_95[0] < other.slope < other.slope_95[1]
    assert not other.note
