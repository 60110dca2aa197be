"""Where the square is drawn, and where the first one lies."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.gui.spectrum.square import Square
from napari_cdse.gui.spectrum.square_layer import _FIRST_PX, _outline
from napari_cdse.gui.spectrum.square_mouse import _weak_callback


def test_the_outline_runs_around_the_pixels_with_a_cross_in_the_middle():
    """A square of 50 pixels ends half a pixel beyond the first and the last."""
    corners, across, down = _outline(50)
    wanted = [(-0.5, -0.5), (-0.5, 49.5), (49.5, 49.5), (49.5, -0.5)]
    assert corners.tolist() == [list(each) for each in wanted]
    assert across.tolist() == [[24.5, 22.5], [24.5, 26.5]]
    assert np.array_equal(down, across[:, ::-1])


@pytest.mark.parametrize(
    ("shape", "square"),
    [
        ((1024, 2048), Square(384, 896, 256)),
        ((200, 300), Square(0, 50, 200)),
        ((301, 180), Square(60, 0, 180)),
    ],
)
def test_the_first_square_lies_in_the_middle(shape, square):
    assert Square.in_the_middle(shape, _FIRST_PX) == square


def test_a_callback_goes_with_its_object():
    class Told:
        def __init__(self):
            self.heard = []

        def hear(self, *args):
            self.heard.append(args)
            return "yes"

    one = Told()
    call = _weak_callback(one.hear)
    assert call(1, 2) == "yes"
    assert one.heard == [(1, 2)]
    del one
    assert call(3) is None
