"""Which circles are the program's own, and what these may be off by."""

import math
from dataclasses import replace

import pytest

from napari_cdse.core.detection.disk_fit_error import (
    FIT_ERROR,
    fit_error,
    is_as_fitted,
)
from napari_cdse.core.micrograph_quality import MicrographQuality
from napari_cdse.core.records import Candidate, Circle


@pytest.mark.parametrize("method", ["bragg", "both"])
def test_a_circle_that_was_moved_or_drawn_is_not_the_fits(method):
    circle = Circle(30.2, 40.1, 12.0)
    one = Candidate.propose("content", circle, method)
    assert is_as_fitted(one.id, "content", circle)
    for other in (
        replace(circle, row_px=32.0),
        replace(circle, radius_px=14.0),
    ):
        assert not is_as_fitted(one.id, "content", other)
    assert not is_as_fitted(one.id, "", circle)
    by_windows = Candidate.propose("content", circle, "windows")
    assert not is_as_fitted(by_windows.id, "content", circle)


def test_what_a_fit_may_be_off_by_grows_with_delocalisation():
    """At 0.65 nm, in a particle of 2 nm radius, by 0.4 nm in 2 beside the usual."""
    circle = Circle(100, 100, 50)
    usual = FIT_ERROR["no"]
    assert fit_error("no", circle, None) == usual
    assert fit_error("no", circle, MicrographQuality(0.04)) == usual
    for beside_nm, error in ((0.2, usual), (0.65, math.hypot(usual, 0.2))):
        quality = MicrographQuality(0.04, delocalisation_nm=beside_nm)
        assert fit_error("no", circle, quality) == pytest.approx(error)
    assert fit_error("empty", circle, MicrographQuality(0.04)) == 0
    assert fit_error(None, circle, MicrographQuality(0.04)) == 0
