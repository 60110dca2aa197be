"""Feature rows are computed once, and are never another circle's."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cdse.core.features import cache as known
from napari_cdse.core.features import compute_features
from napari_cdse.core.features.cache import KnownFeatures
from tests.drawn_particles import PIXEL_NM, micrograph_of


@pytest.fixture
def asked(monkeypatch):
    """How many circles were computed, call by call."""
    counts: list[int] = []

    def count(micrograph, circles, *rest):
        counts.append(len(circles))
        return compute_features(micrograph, circles, *rest)

    monkeypatch.setattr(known, "compute_features", count)
    return counts


def test_known_and_new_rows_are_what_is_computed_at_once(asked):
    micrograph, circles = micrograph_of(["yes", "no", "null", "empty"], 0)
    keeps = KnownFeatures()
    keeps.compute(micrograph, circles[1:3], "bragg", PIXEL_NM)
    mixed = [circles[3], circles[1], circles[0], circles[1], circles[2]]
    found = keeps.compute(micrograph, mixed, "bragg", PIXEL_NM)
    wanted = compute_features(micrograph, mixed, "bragg", PIXEL_NM)
    assert (found.names, found.schema) == (wanted.names, wanted.schema)
    np.testing.assert_array_equal(found.values, wanted.values)
    assert asked == [2, 2]
    keeps.compute(micrograph, circles, "bragg", PIXEL_NM)
    assert asked == [2, 2]


def test_another_content_size_or_circle_is_computed_anew(asked):
    micrograph, circles = micrograph_of(["yes", "no"], 0)
    other, _ = micrograph_of(["yes", "no"], 1)
    moved = replace(circles[0], row_px=circles[0].row_px + 1)
    keeps = KnownFeatures()
    for picture, circle, size in (
        (micrograph, circles[0], PIXEL_NM),
        (other, circles[0], PIXEL_NM),
        (micrograph, moved, PIXEL_NM),
        (micrograph, circles[0], 1.1 * PIXEL_NM),
    ):
        found = keeps.compute(picture, [circle], "bragg", size)
        wanted = compute_features(picture, [circle], "bragg", size)
        np.testing.assert_array_equal(found.values, wanted.values)
    assert other.id != micrograph.id
    assert asked == [1, 1, 1, 1]


def test_the_oldest_are_forgotten(asked):
    micrograph, circles = micrograph_of(["yes", "no", "null"], 0)
    row = compute_features(micrograph, circles[:1], "bragg", PIXEL_NM).values.nbytes
    keeps = KnownFeatures(most_bytes=2 * row)
    assert len(keeps.compute(micrograph, circles, "bragg", PIXEL_NM)) == 3
    keeps.compute(micrograph, circles[1:], "bragg", PIXEL_NM)
    keeps.compute(micrograph, circles[:1], "bragg", PIXEL_NM)
    assert asked == [3, 1]


def test_no_circle_is_an_empty_table():
    micrograph, _ = micrograph_of(["yes"], 0)
    assert len(KnownFeatures().compute(micrograph, [], "bragg", PIXEL_NM)) == 0
