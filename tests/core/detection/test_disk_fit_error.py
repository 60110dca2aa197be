"""Which circles are the program's own."""

from dataclasses import replace

import pytest

from napari_cdse.core.detection.disk_fit_error import is_as_fitted
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
