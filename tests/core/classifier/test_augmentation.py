from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.classifier.augmentation import over_views, views
from napari_cdse.core.records import Circle


def test_each_circle_is_seen_from_five_places_around_it():
    circles = [Circle(10, 20, 50), Circle(90, 80, 10)]
    seen = views(circles)
    assert seen[:2] == circles
    assert len(set(seen)) == 10
    for number, circle in enumerate(circles):
        mine = seen[number::2]
        assert np.mean([c.row_px for c in mine]) == pytest.approx(circle.row_px)
        assert np.mean([c.col_px for c in mine]) == pytest.approx(circle.col_px)
        assert {c.radius_px for c in mine} == {circle.radius_px}


def test_answers_are_averaged_by_circle():
    circles = [Circle(10, 20, 50), Circle(90, 80, 10), Circle(5, 5, 5)]
    radii = np.array([[c.radius_px] * 4 for c in views(circles)])
    assert over_views(radii)[:, 0].tolist() == [50, 10, 5]


def test_no_circles_give_no_answers():
    assert over_views(np.zeros((len(views([])), 4))).shape == (0, 4)
