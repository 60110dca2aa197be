"""Circles of two ways, merged: closed forms on drawn maps."""

import numpy as np
import pytest

from napari_cdse.core.detection.accumulation_map import AccumulationMap
from napari_cdse.core.detection.bragg_contrast import search_space
from napari_cdse.core.detection.merge import MethodResult, merge
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle

THRESHOLD = 17.0
PIXEL_NM = 0.04
WHERE = search_space(DetectionParams(), PIXEL_NM, True)
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


@pytest.mark.parametrize(
    ("log_odds", "expected"),
    [
        (-1.0, Circle(100.0, 100.0, 40.0)),
        (0.0, Circle(100.0, 100.0, 40.0)),
        (1.0, Circle(101.0, 98.0, 42.0)),
        (2.0, Circle(102.0, 96.0, 44.0)),
        (4.0, Circle(104.0, 92.0, 48.0)),
        (8.0, Circle(104.0, 92.0, 48.0)),
    ],
)
def test_the_less_sure_the_network_is_the_less_its_circle_counts(log_odds, expected):
    one, other = Circle(100.0, 100.0, 40.0), Circle(108.0, 84.0, 56.0)
    circles, strengths = merge(
        MethodResult([one], [60.0], plane()),
        MethodResult([other], [log_odds], plane()),
        THRESHOLD,
        WHERE,
    )
    assert circles == [expected]
    assert strengths == [60.0]


@pytest.mark.parametrize("probability", [0.0, 0.9])
def test_what_bragg_contrast_found_alone_is_left_to_the_forest(probability):
    circle = Circle(100.0, 100.0, 40.0)
    faint = MethodResult([circle], [1.01 * THRESHOLD], plane())
    kept = merge(faint, MethodResult([], [], plane(probability)), THRESHOLD, WHERE)
    assert kept == ([circle], [1.01 * THRESHOLD])


def test_what_the_network_found_alone_needs_some_lattice():
    circle = Circle(100.0, 100.0, 30.0)
    alone = MethodResult([circle], [4.0], plane())
    with_lattice = MethodResult([], [], disk(circle, 0.9 * THRESHOLD))
    assert merge(with_lattice, alone, THRESHOLD, WHERE) == (
        [circle],
        [pytest.approx(0.9 * THRESHOLD)],
    )
    assert merge(MethodResult([], [], plane()), alone, THRESHOLD, WHERE) == ([], [])


def test_touching_particles_stay_two():
    left, right = Circle(100.0, 80.0, 30.0), Circle(100.0, 140.0, 30.0)
    circles, _ = merge(
        MethodResult([left, right], [90.0, 80.0], plane()),
        MethodResult([right, left], [3.0, 2.0], plane()),
        THRESHOLD,
        WHERE,
    )
    assert circles == [left, right]


@pytest.mark.parametrize(("contrast", "is_kept"), [(0.79, False), (0.8, True)])
def test_the_network_alone_is_believed_from_four_fifths_of_the_threshold_on(
    contrast, is_kept
):
    circle = Circle(100.0, 100.0, 30.0)
    bragg = MethodResult([], [], disk(circle, contrast * 16.0))
    circles, strengths = merge(
        bragg, MethodResult([circle], [4.0], plane()), 16.0, WHERE
    )
    assert circles == ([circle] if is_kept else [])
    assert strengths == ([pytest.approx(contrast * 16.0)] if is_kept else [])


def test_all_that_is_found_comes_strongest_first():
    left, middle, right = (Circle(100.0, c, 20.0) for c in (60.0, 140.0, 240.0))
    circles, strengths = merge(
        MethodResult([left, middle], [150.0, 300.0], disk(right, 200.0)),
        MethodResult([right, left], [3.0, 2.0], plane()),
        THRESHOLD,
        WHERE,
    )
    assert circles == [middle, right, left]
    assert strengths == [300.0, 200.0, 150.0]


@pytest.mark.parametrize(("moved", "number"), [(87.2, 1), (89.6, 2)])
def test_circles_that_overlap_by_a_fifth_are_one(moved, number):
    """Of two circles of 80 px, 88.4 px apart, a fifth of the union is shared."""
    one, other = Circle(100.0, 100.0, 80.0), Circle(100.0, 100.0 + moved, 80.0)
    circles, _ = merge(
        MethodResult([one], [300.0], disk(other, 200.0)),
        MethodResult([other], [3.0], plane()),
        THRESHOLD,
        WHERE,
    )
    assert len(circles) == number


def covered(share, radius, larger):
    """Place a circle beside another one so that such a share of it is covered.

    By the area of a lens of two circles, halved until it fits.
    """
    near, far = larger - radius, larger + radius
    for _ in range(60):
        apart = (near + far) / 2
        first = np.arccos((apart**2 + radius**2 - larger**2) / (2 * apart * radius))
        other = np.arccos((apart**2 + larger**2 - radius**2) / (2 * apart * larger))
        lens = radius**2 * (first - np.sin(2 * first) / 2)
        lens += larger**2 * (other - np.sin(2 * other) / 2)
        near, far = (apart, far) if lens > share * np.pi * radius**2 else (near, apart)
    return Circle(120.0, 120.0 + near, radius)


@pytest.mark.parametrize(("share", "is_kept"), [(0.38, True), (0.42, False)])
@pytest.mark.parametrize("found_by", ["bragg", "unet"])
def test_a_weaker_circle_that_lies_in_another_one_is_a_part_of_it(
    share, is_kept, found_by
):
    particle = Circle(120.0, 120.0, 60.0)
    part = covered(share, 40.0, 60.0)
    bragg, unet = (
        MethodResult([particle], [80.0], disk(part, 50.0)),
        MethodResult([part], [3.0], plane()),
    )
    if found_by == "bragg":
        bragg = MethodResult([particle, part], [80.0, 50.0], plane())
        unet = MethodResult([], [], plane())
    circles, strengths = merge(bragg, unet, THRESHOLD, WHERE)
    assert circles == ([particle, part] if is_kept else [particle])
    assert strengths == ([80.0, 50.0] if is_kept else [80.0])


def test_a_circle_that_grows_over_its_part_in_the_mean_takes_it_in():
    half, whole = Circle(120.0, 120.0, 40.0), Circle(120.0, 130.0, 60.0)
    part = Circle(120.0, 176.0, 20.0)
    circles, _ = merge(
        MethodResult([half, part], [80.0, 30.0], plane()),
        MethodResult([whole], [6.0], plane()),
        THRESHOLD,
        WHERE,
    )
    assert circles == [Circle(120.0, 125.0, 50.0)]


def test_a_stronger_circle_in_a_weaker_one_stays():
    """Which of them is the particle is not for the merge to say."""
    small, large = Circle(120.0, 120.0, 20.0), Circle(120.0, 130.0, 60.0)
    found = MethodResult([small, large], [80.0, 30.0], plane())
    circles, _ = merge(found, MethodResult([], [], plane()), THRESHOLD, WHERE)
    assert circles == [small, large]


@pytest.mark.parametrize(("diameter_nm", "is_asked"), [(7.1, True), (7.3, False)])
def test_of_particles_larger_than_it_learnt_from_the_network_is_not_asked(
    diameter_nm, is_asked
):
    """It shows pieces of them, of which one here is as strong as the particle."""
    particle = Circle(120.0, 120.0, diameter_nm / 2 / PIXEL_NM)
    piece = Circle(120.0, 100.0, 60.0)
    circles, _ = merge(
        MethodResult([particle], [80.0], disk(particle, 90.0)),
        MethodResult([piece], [8.0], plane()),
        THRESHOLD,
        WHERE,
    )
    assert (circles == [particle]) is not is_asked


def test_a_lattice_that_is_anothers_speaks_for_no_circle_of_the_network_alone():
    particle, around = Circle(120.0, 120.0, 30.0), Circle(120.0, 150.0, 80.0)
    both = MethodResult([particle], [80.0], disk(particle, 80.0))
    alone = MethodResult([around], [4.0], plane())
    assert merge(both, alone, THRESHOLD, WHERE)[0] == [particle]
    # It shows half a window beyond its circle, whatever the window: here up to 24 px.
    both = MethodResult([particle], [80.0], disk(Circle(120.0, 120.0, 54.0), 80.0))
    assert merge(both, alone, THRESHOLD, WHERE)[0] == [particle]
    narrow = search_space(DetectionParams(window_nm=1.0), PIXEL_NM, True)
    assert merge(both, alone, THRESHOLD, narrow)[0] == [particle, around]
    beside = disk(Circle(120.0, 200.0, 10.0), 80.0)
    found = merge(MethodResult([particle], [80.0], beside), alone, THRESHOLD, WHERE)[0]
    assert found == [particle, around]


@pytest.mark.parametrize(("diameter_nm", "is_kept"), [(7.1, True), (7.3, False)])
def test_no_particle_that_the_network_alone_sees_is_larger_than_it_learnt_from(
    diameter_nm, is_kept
):
    circle = Circle(120.0, 150.0, diameter_nm / 2 / PIXEL_NM)
    lattice = MethodResult([], [], disk(circle, 80.0))
    found = merge(lattice, MethodResult([circle], [4.0], plane()), THRESHOLD, WHERE)
    assert found[0] == ([circle] if is_kept else [])
