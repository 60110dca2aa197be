"""Circles of two ways, merged: closed forms on drawn maps."""

import numpy as np
import pytest

from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.merge import (
    SETTINGS,
    Finds,
    between,
    merge,
    single_evidence,
)
from napari_cdse.core.records import Circle

THRESHOLD = 17.0
STEP = 2.0
SHAPE = (120, 160)


def plane(value=0.0, name="map"):
    values = np.full(SHAPE, value, np.float32)
    return AccumulationMap(name, values, (0.5, 0.5), (STEP, STEP))


def disk(circle, inside=1.0, outside=0.0):
    """Draw a map that has one value in a circle and another around it."""
    found = plane(outside)
    rows, cols = (0.5 + STEP * np.arange(n) for n in SHAPE)
    square = (rows[:, None] - circle.row_px) ** 2 + (cols - circle.col_px) ** 2
    found.values[square <= circle.radius_px**2] = inside
    return found


def test_where_both_found_a_particle_their_mean_counts():
    one, other = Circle(100.0, 100.0, 40.0), Circle(104.0, 98.0, 50.0)
    circles, strengths = merge(
        Finds([one], [60.0], plane()), Finds([other], [3.0], plane()), THRESHOLD
    )
    assert circles == [between(one, other, SETTINGS.weight)]
    assert circles[0] == Circle(102.0, 99.0, 45.0)
    assert strengths == [60.0]


def test_a_strong_single_circle_is_kept_whatever_the_network_says():
    circle = Circle(100.0, 100.0, 40.0)
    found, _ = merge(
        Finds([circle], [200.0], plane()), Finds([], [], plane()), THRESHOLD
    )
    assert found == [circle]


def test_a_faint_single_circle_needs_the_network_to_speak_for_it():
    circle = Circle(100.0, 100.0, 40.0)
    faint = Finds([circle], [1.35 * THRESHOLD], plane())
    inside = Finds([], [], disk(circle, 0.3, 0.0))
    elsewhere = Finds([], [], disk(circle, 0.0, 0.3))
    assert merge(faint, inside, THRESHOLD)[0] == [circle]
    assert merge(faint, elsewhere, THRESHOLD)[0] == []


def test_what_the_network_found_alone_needs_some_lattice():
    circle = Circle(100.0, 100.0, 30.0)
    alone = Finds([circle], [4.0], plane())
    with_lattice = Finds([], [], disk(circle, 0.9 * THRESHOLD))
    assert merge(with_lattice, alone, THRESHOLD) == (
        [circle],
        [pytest.approx(0.9 * THRESHOLD)],
    )
    assert merge(Finds([], [], plane()), alone, THRESHOLD) == ([], [])


def test_touching_particles_stay_two():
    left, right = Circle(100.0, 80.0, 30.0), Circle(100.0, 140.0, 30.0)
    circles, _ = merge(
        Finds([left, right], [90.0, 80.0], plane()),
        Finds([right, left], [3.0, 2.0], plane()),
        THRESHOLD,
    )
    assert circles == [left, right]


def test_the_share_inside_is_that_of_the_areas_where_all_is_alike():
    ratio, share = single_evidence(2.0, Circle(120.0, 150.0, 60.0), plane(1.0), 1.6)
    assert ratio == pytest.approx(np.log(2))
    assert share == pytest.approx(1 / 1.6**2, rel=0.02)


def test_a_circle_beyond_the_map_has_no_share():
    assert single_evidence(1.0, Circle(-90.0, 10.0, 20.0), plane(1.0), 1.6)[1] == 0
