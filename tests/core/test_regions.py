"""Which points a region leaves out."""

import math

import numpy as np
import pytest

from napari_cdse.core.records import Circle
from napari_cdse.core.regions import Region, inside, left_out, region_of

SQUARE = Region("a", ((10, 20), (10, 60), (50, 60), (50, 20)), "ice")
# A horseshoe, open downwards: its hollow is outside.
HOLLOW = Region(
    "b",
    ((0, 0), (0, 90), (90, 90), (90, 60), (30, 60), (30, 30), (90, 30), (90, 0)),
    "drift",
)


def test_row_and_column_are_not_swapped():
    assert inside(SQUARE, np.array([[20, 55], [55, 20]])).tolist() == [True, False]


def test_a_hollow_is_outside():
    points = [[60, 15], [60, 45], [60, 75], [15, 45], [60, 95], [-1, 45]]
    assert inside(HOLLOW, np.array(points)).tolist() == [
        True,
        False,
        True,
        True,
        False,
        False,
    ]


def test_agrees_with_a_disk_of_many_corners():
    turns = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    corners = np.stack([100 + 40 * np.sin(turns), 120 + 40 * np.cos(turns)], axis=1)
    disk = Region("c", tuple(map(tuple, corners.tolist())), "ice")
    points = np.random.default_rng(0).uniform(40, 180, (2000, 2))
    distance = np.hypot(*(points - [100, 120]).T)
    clear = np.abs(distance - 40) > 0.1
    assert np.array_equal(inside(disk, points)[clear], distance[clear] < 40)
    assert disk.area_px == pytest.approx(math.pi * 40**2, rel=1e-3)


def test_a_corner_order_that_is_turned_around_is_the_same_region():
    turned = Region("a", SQUARE.corners_px[::-1], "ice")
    points = np.random.default_rng(1).uniform(0, 80, (500, 2))
    assert np.array_equal(inside(SQUARE, points), inside(turned, points))


@pytest.mark.parametrize(
    "corners",
    [
        (),
        ((0, 0), (5, 5)),
        ((0, 0), (5, 5), (10, 10)),
        ((0, 0), (0, 9), (math.nan, 9)),
        ((0, 0), (0, 9), (math.inf, 9)),
    ],
)
def test_what_encloses_nothing_is_no_region(corners):
    assert not Region("x", corners, "ice").valid
    assert SQUARE.valid


def test_the_centre_decides_not_the_rim():
    over_the_edge = Circle(30, 58, 20)
    beside = Circle(30, 62, 20)
    assert left_out([SQUARE], [over_the_edge, beside]).tolist() == [True, False]
    assert region_of([HOLLOW, SQUARE], Circle(45, 40, 3)) is SQUARE
    assert region_of([HOLLOW, SQUARE], Circle(45, 150, 3)) is None


def test_nothing_left_out_and_nothing_there():
    assert left_out([SQUARE], []).tolist() == []
    assert left_out([], [Circle(30, 30, 5)]).tolist() == [False]
