"""Particles above 8 nm are one circle each where the diameters allow them."""

import numpy as np
import pytest

from napari_cdse.core.detection.methods import detect
from napari_cdse.core.matching import circle_iou
from napari_cdse.core.params import DetectionParams
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, draw

PIXEL_NM = 0.04


@pytest.mark.parametrize("second_family_deg", [None, 70.0])
def test_a_large_particle_is_not_cut_into_pieces(second_family_deg) -> None:
    places = ((220, 220, 10.0, 20.0), (640, 300, 12.0, 70.0), (300, 720, 4.0, 130.0))
    dots = []
    for row, col, diameter_nm, angle in places:
        families = [(0.35, angle)]
        if second_family_deg is not None:
            families.append((0.35, angle + second_family_deg))
        circle = Circle(row, col, diameter_nm / 2 / PIXEL_NM)
        dots.append(Dot(circle, tuple(families), amplitude=2.0))
    drawn = draw((900, 900), tuple(dots), pixel_nm=PIXEL_NM, seed=3)
    found = detect(drawn, DetectionParams(diameter_max_nm=14.0)).circles
    drawn_circles = [dot.circle for dot in dots]
    assert np.all(circle_iou(drawn_circles, found).max(axis=1) > 0.9)
    for each in drawn_circles:
        away = [
            np.hypot(one.row_px - each.row_px, one.col_px - each.col_px)
            for one in found
        ]
        # Others may be false alarms, but none of them is a piece.
        assert np.count_nonzero(np.array(away) < each.radius_px) == 1
