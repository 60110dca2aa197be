"""Curves of annotators whose limit and sharpness are known."""

from __future__ import annotations

import numpy as np
import pytest
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
