"""Circles to shapes and back, against areas that are known on paper."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.records import Circle
from napari_cdse.gui.canvas.particles.geometry import (
    circle_at,
    circle_of,
    circle_vertices,
    ellipse_outline,
)


def test_there_and_back():
    circle = Circle(12.5, 300.25, 40.0)
    assert circle_of("ellipse", circle_vertices(circle)) == circle


def test_an_ellipse_becomes_the_circle_of_its_area():
    corners = np.array([[10, 20], [10, 100], [30, 100], [30, 20]], dtype=np.float32)
    found = circle_of("ellipse", corners)
    assert (found.row_px, found.col_px) == (20, 60)
    # Half axes 10 and 40.
    assert found.radius_px == pytest.approx(20)


def test_a_turned_circle_stays_itself():
    circle = Circle(50.0, 60.0, 17.0)
    turn = np.deg2rad(33)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.array([50.0, 60.0])
    corners = (circle_vertices(circle) - centre) @ matrix.T + centre
    found = circle_of("ellipse", corners)
    assert found.radius_px == pytest.approx(17.0)
    assert (found.row_px, found.col_px) == (pytest.approx(50.0), pytest.approx(60.0))


def test_a_rectangle_becomes_the_circle_of_its_area():
    corners = np.array([[0, 0], [0, 10], [20, 10], [20, 0]], dtype=np.float32)
    assert circle_of("rectangle", corners).radius_px == pytest.approx(
        np.sqrt(200 / np.pi)
    )


def test_a_polygon_becomes_the_circle_of_its_area_at_its_centroid():
    triangle = np.array([[0, 0], [0, 6], [3, 0]], dtype=np.float32)
    found = circle_of("polygon", triangle)
    assert (found.row_px, found.col_px) == (pytest.approx(1), pytest.approx(2))
    assert found.radius_px == pytest.approx(np.sqrt(9 / np.pi))


@pytest.mark.parametrize("kind", ["line", "path"])
def test_what_has_no_area_is_no_circle(kind):
    assert circle_of(kind, np.array([[0, 0], [10, 10], [20, 0]])) is None


def test_a_flat_outline_is_no_circle():
    corners = np.array([[5, 5], [5, 9], [5, 9], [5, 5]], dtype=np.float32)
    assert circle_of("ellipse", corners) is None


def test_circle_at_takes_the_nearest_centre():
    circles = [Circle(50, 50, 30), Circle(60, 60, 10), Circle(200, 200, 20)]
    assert circle_at(circles, 59, 59) == 1
    assert circle_at(circles, 40, 40) == 0
    assert circle_at(circles, 120, 120) is None


def test_a_path_drawn_around_something_is_the_circle_of_its_area():
    turns = np.linspace(0, 2 * np.pi * 0.98, 200)
    ring = np.stack([40 + 15 * np.sin(turns), 60 + 15 * np.cos(turns)], axis=1)
    assert circle_of("path", ring).radius_px == pytest.approx(15, rel=0.01)
    half = ring[:100]
    assert circle_of("path", half) is None


@pytest.mark.parametrize("turn", [0.0, 0.6])
def test_the_outline_of_an_ellipse_lies_on_it(turn):
    """Half axes of 10 and 40, a hundred corners evenly around."""
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    square = np.array([[-10, -40], [-10, 40], [10, 40], [10, -40]]) @ matrix.T
    outline = ellipse_outline(square + np.array([30, 60]))
    assert outline.shape == (100, 2)
    assert outline.mean(axis=0) == pytest.approx([30, 60])
    down, right = ((outline - [30, 60]) @ matrix).T
    assert (down / 10) ** 2 + (right / 40) ** 2 == pytest.approx(np.ones(100))
    angles = np.unwrap(np.arctan2(down / 10, right / 40))
    assert np.abs(np.diff(angles)) == pytest.approx(np.full(99, 2 * np.pi / 100))


def test_a_slack_widens_every_circle_and_the_first_of_equals_counts():
    circles = [Circle(50, 50, 10), Circle(50, 90, 10)]
    assert circle_at(circles, 50, 61) is None
    assert circle_at(circles, 50, 61, 1.0) == 0
    assert circle_at(circles, 50, 60) == 0
    assert circle_at(circles, 50, 70, 15.0) == 0
    assert circle_at([circles[0], circles[0]], 50, 50) == 0
    assert circle_at([], 50, 50) is None


@pytest.mark.parametrize(("gap", "is_closed"), [(9.9, True), (10.1, False)])
def test_a_path_is_closed_by_a_quarter_of_its_extent(gap, is_closed):
    """Forty long and twenty high; its ends lie beside each other."""
    path = np.array([[0, 0], [0, 40], [20, 40], [20, 0], [gap, 0]], float)
    assert (circle_of("path", path) is not None) == is_closed


def test_three_corners_are_an_outline_and_two_are_none():
    corners = np.array([[0, 0], [0, 6], [3, 0]], float)
    assert circle_of("polygon", corners) is not None
    assert circle_of("polygon", corners[:2]) is None
    assert circle_of("line", corners) is None
