"""The fraction of labelled particles against simulated populations."""

import numpy as np
import pytest

from napari_cdse.core.statistics.defect_fraction import (
    MIN_MICROGRAPHS,
    cluster_bootstrap_interval,
    defect_fraction,
)
from napari_cdse.core.statistics.intervals import wilson_interval
from napari_cdse.core.statistics.visible_defects import class_counts


def test_fraction_counts_resolved_particles_only():
    labels = ["yes", "no", "no", "null", "empty", None, "yes", "no"]
    names = ["a"] * 6 + ["b"] * 2
    found = defect_fraction(labels, names)
    assert (found.n_yes, found.n_no, found.n_micrographs) == (2, 3, 2)
    assert found.fraction == pytest.approx(0.4)
    assert found.wilson_95 == pytest.approx(wilson_interval(2, 5))
    assert found.bootstrap_95 is None
    assert "2 micrographs" in found.note
    assert "0.40" in found.sentence


def test_nothing_resolved_gives_a_sentence_instead_of_a_number():
    found = defect_fraction(["null", "empty", None], ["a", "b", "c"])
    assert found.fraction is None
    assert found.interval_95 is None
    assert found.sentence.startswith("No resolved particle")


def _clustered(rng, spread, n_micrographs=40, per_micrograph=12):
    chances = np.clip(rng.normal(0.4, spread, n_micrographs), 0, 1)
    return rng.binomial(per_micrograph, chances), np.full(n_micrographs, per_micrograph)


def test_alike_neighbours_widen_the_bootstrap_but_not_wilson():
    rng = np.random.default_rng(3)
    hits, totals = _clustered(rng, spread=0.35)
    low, high = cluster_bootstrap_interval(hits, totals)
    wilson = wilson_interval(int(hits.sum()), int(totals.sum()))
    assert high - low > 1.5 * (wilson[1] - wilson[0])


def test_bootstrap_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    covered = 0
    for trial in range(60):
        hits, totals = _clustered(rng, spread=0.15)
        low, high = cluster_bootstrap_interval(hits, totals, seed=trial)
        covered += low <= 0.4 <= high
    assert covered >= 51  # 95 % of 60 is 57; below 51 has a chance of some 0.3 %


def test_bootstrap_is_seeded_and_reported_with_enough_micrographs():
    names = [f"m{i % MIN_MICROGRAPHS}" for i in range(50)]
    labels = ["yes" if i % 3 else "no" for i in range(50)]
    first = defect_fraction(labels, names, seed=4)
    assert first == defect_fraction(labels, names, seed=4)
    assert first.bootstrap_95 is not None
    assert first.note == ""
    widths = [high - low for low, high in (first.wilson_95, first.bootstrap_95)]
    quoted = first.interval_95
    assert quoted[1] - quoted[0] == pytest.approx(max(widths))


def test_one_class_only_is_not_resampled():
    names = [f"m{i}" for i in range(20)]
    found = defect_fraction(["no"] * 20, names)
    assert found.bootstrap_95 is None
    assert "one class" in found.note
    assert found.wilson_95[0] == 0.0


def test_class_counts_name_every_class():
    assert class_counts(["no", None, "no", "empty"]) == {
        "yes": 0,
        "no": 2,
        "null": 0,
        "empty": 1,
    }
