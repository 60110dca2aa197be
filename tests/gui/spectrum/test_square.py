"""Where a dragged square goes; no window is needed for it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.crystal.region_spectrum import LARGEST_PX, SMALLEST_PX
from napari_cdse.gui.spectrum.profile_view import _ticks
from napari_cdse.gui.spectrum.square import Square

SHAPE = (200, 300)
SQUARE = Square(50, 60, 40)


@pytest.mark.parametrize(
    ("place", "grip"),
    [
        ((49.5, 80), "move"),
        ((70, 99.5), "move"),
        ((69.5, 79.5), "move"),
        ((49.5, 59.5), "size"),
        ((89.5, 99.5), "size"),
        ((87, 59), "size"),
        ((60, 75), None),
        ((40, 80), None),
        ((49.5, 110), None),
    ],
)
def test_edges_and_middle_move_corners_size_and_the_rest_is_for_the_circles(
    place, grip
):
    assert SQUARE.grip(*place, 3) == grip


def test_it_moves_as_far_as_the_micrograph_goes():
    assert SQUARE.moved((10.4, -20.2), SHAPE) == Square(60, 40, 40)
    assert SQUARE.moved((1e4, 1e4), SHAPE) == Square(160, 260, 40)
    assert SQUARE.moved((-1e4, -1e4), SHAPE) == Square(0, 0, 40)


@pytest.mark.parametrize(
    ("corner", "fixed"),
    [
        ((100, 110), (50, 60)),
        ((30, 40), (89, 99)),
        ((30, 110), (89, 60)),
        ((100, 40), (50, 99)),
    ],
)
def test_a_corner_follows_and_the_opposite_one_stays(corner, fixed):
    sized = SQUARE.sized(corner, corner, SHAPE)
    ends = (
        (sized.row_px, sized.row_px + sized.size_px - 1),
        (
            sized.col_px,
            sized.col_px + sized.size_px - 1,
        ),
    )
    assert sized.size_px > SQUARE.size_px
    assert all(one in both for one, both in zip(fixed, ends, strict=True))


def test_no_corner_leaves_the_micrograph_or_the_limits():
    assert SQUARE.sized((89, 99), (1e4, 1e4), SHAPE) == Square(50, 60, 150)
    assert SQUARE.sized((89, 99), (40, 60), SHAPE) == Square(50, 60, SMALLEST_PX)
    vast = Square(0, 0, 4000).within((3000, 5000))
    assert vast.size_px == LARGEST_PX
    assert Square(190, 290, 40).within(SHAPE) == Square(160, 260, 40)


def test_its_pixels_are_those_of_the_micrograph():
    pixels = np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE)
    cut = SQUARE.cut(pixels)
    assert cut.shape == (40, 40)
    assert cut[0, 0] == pixels[50, 60]
    assert SQUARE.middle_px == (69.5, 79.5)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.2, 7.3), (0, 0.013), (-3, 250)])
def test_an_axis_has_a_few_round_numbers_between_its_ends(low, high):
    ticks = _ticks(low, high)
    assert 2 <= len(ticks) <= 6
    assert low <= ticks[0]
    assert ticks[-1] <= high
    assert np.ptp(np.diff(ticks)) < 1e-9
