"""Size distributions against sizes that are known."""

import numpy as np
import pytest

from napari_cdse.core.statistics.size_distribution import (
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


def test_histogram_without_sizes_is_none():
    assert size_histogram([None], ["yes"]) is None
    assert size_distribution([], []) == ()
