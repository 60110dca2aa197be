"""Areas and moments of outlines, by closed forms."""

import numpy as np
import pytest

from napari_cdse.core.outlines import LEAST_LIKENESS, circle_of_area, moments_of


def ellipse(row=40.0, col=60.0, a=12.0, b=8.0, turn=0.4, corners=200):
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    along, across = a * np.cos(angle), b * np.sin(angle)
    rows = row + along * np.cos(turn) - across * np.sin(turn)
    cols = col + along * np.sin(turn) + across * np.cos(turn)
    return np.column_stack([rows, cols])


@pytest.mark.parametrize("turn", [0.0, 0.4, 1.3])
@pytest.mark.parametrize("step", [1, -1])
def test_an_ellipse_is_told_by_its_moments_whichever_way_it_is_drawn(turn, step):
    found = moments_of(ellipse(turn=turn)[::step])
    assert found.area_px == pytest.approx(np.pi * 96, rel=1e-3)
    assert (found.row_px, found.col_px) == pytest.approx((40, 60))
    assert found.elongation == pytest.approx(1.5, rel=1e-3)
    assert found.likeness == pytest.approx(1, abs=1e-3)
    assert found.circle.radius_px == pytest.approx(np.sqrt(96), rel=1e-3)


def test_a_rectangle_is_known_for_none_however_long():
    for length in (1.0, 3.0):
        corners = np.array([[0, 0], [0, length], [1, length], [1, 0.0]])
        found = moments_of(corners)
        assert found.likeness == pytest.approx(3 / np.pi)
        assert found.elongation == pytest.approx(length)
        assert found.likeness < LEAST_LIKENESS


def test_a_hand_may_waver_but_a_crescent_is_no_ellipse():
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = 20 * (1 + 0.08 * np.sqrt(2) * np.sin(7 * angle))
    wavering = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    assert moments_of(wavering).likeness == pytest.approx(1 - 4 * 0.08**2, abs=0.003)
    assert moments_of(wavering).likeness > LEAST_LIKENESS
    half = angle[angle <= np.pi]
    outer = np.column_stack([np.cos(half), np.sin(half)])
    crescent = np.concatenate([outer, (outer * [1, 0.6])[::-1]])
    assert moments_of(crescent).likeness < LEAST_LIKENESS


def test_what_encloses_nothing_has_no_circle():
    assert moments_of(np.array([[0, 0], [1, 1], [2, 2.0]])) is None
    assert circle_of_area(0.0, 0.0, 0.0) is None
    assert circle_of_area(float("nan"), 0.0, 1.0) is None
    assert circle_of_area(0.0, 0.0, float("inf")) is None
