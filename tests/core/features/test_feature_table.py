"""Tables of features, and how they are filled, for groups and values made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core import features
from napari_cdse.core.errors import Cancelled, ModelError
from napari_cdse.core.features import FeatureTable, compute_features
from napari_cdse.core.features.cache import MOST_BYTES
from napari_cdse.core.records import Circle
from tests.drawn_particles import PIXEL_NM, RADIUS_PX, micrograph_of

NAMES = ("one", "two", "three", "four")


def test_what_is_no_finite_number_becomes_one(monkeypatch):
    odd = np.array([[np.nan, np.inf, -np.inf, 2.5]], np.float32)
    group = replace(
        features.GROUPS["bragg"], names=NAMES, version=7, function=lambda *_: odd
    )
    monkeypatch.setattr(features, "GROUPS", {"bragg": group})
    micrograph, circles = micrograph_of(["no"], 0)
    table = compute_features(micrograph, circles, "bragg", PIXEL_NM)
    assert table.values[0] == pytest.approx([0, 1e30, -1e30, 2.5])
    assert table.names == NAMES
    assert table.schema == "bragg/7"


def test_groups_stand_side_by_side_in_the_order_asked():
    micrograph, circles = micrograph_of(["yes", "no"], 0)
    both = compute_features(micrograph, circles, "origin+bragg", PIXEL_NM)
    origin = compute_features(micrograph, circles, "origin", PIXEL_NM)
    bragg = compute_features(micrograph, circles, "bragg", PIXEL_NM)
    assert both.values.dtype == np.float32
    assert both.names == origin.names + bragg.names
    assert both.schema == f"{origin.schema}+{bragg.schema}"
    np.testing.assert_array_equal(both.values, np.hstack([origin.values, bragg.values]))


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 5), (1, 2, 4)])
def test_columns_and_names_must_agree(shape):
    with pytest.raises(ModelError, match="4 feature names"):
        FeatureTable(NAMES, np.zeros(shape, np.float32), "s/1")


def test_rows_are_chosen_by_number_and_by_mask():
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    table = FeatureTable(NAMES, values, "s/1")
    assert len(table) == 3
    by_number = table.rows(np.array([2, 0]))
    by_mask = table.rows(np.array([True, False, True]))
    assert by_number.values[:, 0].tolist() == [8, 0]
    assert by_mask.values[:, 0].tolist() == [0, 8]
    assert (by_number.names, by_mask.schema) == (NAMES, "s/1")


@pytest.mark.parametrize("group", ["bragg", "origin"])
def test_the_share_done_is_told_before_each_circle(group):
    micrograph, circles = micrograph_of(["yes", "no"], 0)
    shares: list[float] = []
    compute_features(micrograph, circles * 2, group, PIXEL_NM, shares.append)
    assert shares == [0, 0.25, 0.5, 0.75]

    def stop(share):
        if share > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        compute_features(micrograph, circles * 2, group, PIXEL_NM, stop)


def test_circles_of_many_sizes_come_back_in_their_order():
    micrograph, _ = micrograph_of(["yes", "no"], 1)
    sizes = [RADIUS_PX * (1 + 0.1 * (n % 3)) for n in range(40)]
    circles = [Circle(99.0, 60.0 + 4 * n, size) for n, size in enumerate(sizes)]
    table = compute_features(micrograph, circles, "bragg", PIXEL_NM)
    radius_nm = table.values[:, table.names.index("radius_nm")]
    assert radius_nm == pytest.approx(np.array(sizes) * PIXEL_NM, rel=1e-6)
    last = compute_features(micrograph, circles[-1:], "bragg", PIXEL_NM)
    np.testing.assert_array_equal(table.values[-1], last.values[0])


def test_over_a_million_rows_are_kept():
    row = 4 * len(features.GROUPS["bragg"].names)
    assert 1e6 < MOST_BYTES / row < 2e6
