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


@pytest.mark.parametrize(("contrast", "is_kept"), [(0.79, False), (0.8, True)])
def test_the_network_alone_is_believed_from_four_fifths_of_the_threshold_on(
    contrast, is_kept
):
    circle = Circle(100.0, 100.0, 30.0)
    bragg = Finds([], [], disk(circle, contrast * 16.0))
    circles, strengths = merge(bragg, Finds([circle], [4.0], plane()), 16.0)
    assert circles == ([circle] if is_kept else [])
    assert strengths == ([pytest.approx(contrast * 16.0)] if is_kept else [])


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6])
def test_a_single_circle_is_believed_where_its_log_odds_are_above_0(share):
    """-2.74 + 1.26 ln(strength / threshold) + 3.16 share."""
    circle = Circle(100.0, 100.0, 40.0)
    inside = disk(circle, 1.0)
    around = disk(Circle(100.0, 100.0, 64.0), 1.0)
    ring = around.values.sum() - inside.values.sum()
    probability = disk(Circle(100.0, 100.0, 64.0), 1.0)
    if share:
        own = share / (1 - share) * ring / inside.values.sum()
        probability.values[inside.values > 0] = own
    else:
        probability.values[inside.values > 0] = 0
    needed = np.exp((2.74 - 3.16 * share) / 1.26)
    for off, number in ((0.99, 0), (1.01, 1)):
        bragg = Finds([circle], [off * needed * THRESHOLD], plane())
        circles, _ = merge(bragg, Finds([], [], probability), THRESHOLD)
        assert len(circles) == number


def test_all_that_is_found_comes_strongest_first():
    left, middle, right = (Circle(100.0, c, 20.0) for c in (60.0, 140.0, 240.0))
    circles, strengths = merge(
        Finds([left, middle], [150.0, 300.0], disk(right, 200.0)),
        Finds([right, left], [3.0, 2.0], plane()),
        THRESHOLD,
    )
    assert circles == [middle, right, left]
    assert strengths == [300.0, 200.0, 150.0]


@pytest.mark.parametrize(("moved", "number"), [(21.8, 1), (22.4, 2)])
def test_circles_that_overlap_by_a_fifth_are_one(moved, number):
    """Of two circles of 20 px, 22.1 px apart, a fifth of the union is shared."""
    one, other = Circle(100.0, 100.0, 20.0), Circle(100.0, 100.0 + moved, 20.0)
    circles, _ = merge(
        Finds([one], [300.0], disk(other, 200.0)),
        Finds([other], [3.0], plane()),
        THRESHOLD,
    )
    assert len(circles) == number
