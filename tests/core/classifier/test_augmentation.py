from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_cdse.core.classifier.augmentation import mean_over_views, misplaced, views
from napari_cdse.core.records import Circle


def test_each_circle_is_seen_from_five_places_around_it():
    circles = [Circle(10, 20, 50), Circle(90, 80, 10)]
    seen = views(circles)
    assert seen[:2] == circles
    # Down, up, right and left by an eighth of the radius, nearly.
    moved = [(6, 0), (-6, 0), (0, 6), (0, -6)]
    assert [(c.row_px, c.col_px, c.radius_px) for c in seen[2::2]] == [
        pytest.approx((10 + down, 20 + right, 50)) for down, right in moved
    ]
    assert [(c.row_px, c.col_px, c.radius_px) for c in seen[3::2]] == [
        pytest.approx((90 + down / 5, 80 + right / 5, 10)) for down, right in moved
    ]


def test_misplaced_circles_scatter_like_detections():
    """A tenth of the radius along each axis, and the radius by some 8 %."""
    circles = [misplaced(Circle(70, -30, 100), f"p{n}", 1, 0) for n in range(2000)]
    down = np.array([c.row_px for c in circles]) - 70
    right = np.array([c.col_px for c in circles]) + 30
    larger = np.log([c.radius_px / 100 for c in circles])
    for errors, deviation in ((down, 10.0), (right, 10.0), (larger, 0.08)):
        assert stats.kstest(errors / deviation, "norm").pvalue > 0.01
    assert np.abs(np.corrcoef([down, right, larger]) - np.eye(3)).max() < 0.07


def test_an_error_follows_from_seed_number_and_name_alone():
    circle = Circle(70, 30, 100)
    one = misplaced(circle, "p", 1, 0)
    assert misplaced(circle, "p", 1, 0) == one
    others = [
        misplaced(circle, *told) for told in (("q", 1, 0), ("p", 2, 0), ("p", 1, 1))
    ]
    assert len({one, *others}) == 4
    # Errors are in radii: a smaller circle elsewhere is misplaced as much.
    small = misplaced(Circle(0, 0, 10), "p", 1, 0)
    assert (small.row_px, small.col_px, small.radius_px) == pytest.approx(
        ((one.row_px - 70) / 10, (one.col_px - 30) / 10, one.radius_px / 10)
    )


def test_answers_are_averaged_by_circle():
    circles = [Circle(10, 20, 50), Circle(90, 80, 10), Circle(5, 5, 5)]
    radii = np.array([[c.radius_px] * 4 for c in views(circles)])
    assert mean_over_views(radii)[:, 0].tolist() == [50, 10, 5]


def test_no_circles_give_no_answers():
    assert mean_over_views(np.zeros((len(views([])), 4))).shape == (0, 4)


def test_errors_stay_those_that_forests_were_taught_with():
    """Written down once: others would make another forest of the same labels."""
    told = misplaced(Circle(70, 30, 100), "p", 1, 0)
    assert (told.row_px, told.col_px, told.radius_px) == pytest.approx(
        (75.66731872536391, 24.08330122597604, 113.19175218551267), rel=1e-9
    )
