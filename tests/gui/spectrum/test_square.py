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


@pytest.mark.parametrize(
    ("place", "grip"),
    [
        # Three pixels off an edge, either way, and not four.
        ((46.5, 80), "move"), ((46.4, 80), None), ((52.5, 80), "move"),
        ((52.6, 80), None), ((92.5, 80), "move"), ((92.6, 80), None),
        # Six along it from a corner size it, more move it.
        ((49.5, 65.5), "size"), ((49.5, 65.6), "move"), ((49.5, 93.5), "size"),
        ((55.6, 59.5), "move"), ((49.5, 62.5), "size"),
        # Three around the middle.
        ((69.5, 82.5), "move"), ((69.5, 82.6), None), ((72, 81), "move"),
        ((72, 82), None),
    ],
)  # fmt: skip
def test_a_grip_reaches_as_far_as_a_hand_is_off(place, grip):
    assert SQUARE.grip(*place, 3.0) == grip


@pytest.mark.parametrize(
    ("begun", "place", "wanted"),
    [
        # The farther of both ways counts; the opposite corner stays.
        ((89, 99), (99.5, 104.5), Square(50, 60, 50)),
        ((89, 99), (94.5, 119.5), Square(50, 60, 60)),
        ((50, 60), (39.5, 55), Square(40, 50, 50)),
        ((50, 99), (39.5, 99), Square(40, 60, 50)),
        ((89, 60), (89, 49.5), Square(50, 50, 50)),
        # A press in the very middle goes down and right.
        ((69.5, 79.5), (99.5, 104.5), Square(50, 60, 50)),
    ],
)
def test_a_corner_that_is_dragged_sizes_the_square_exactly(begun, place, wanted):
    assert SQUARE.sized(begun, place, SHAPE) == wanted


def test_a_square_outside_or_too_small_comes_in():
    assert Square(-5, 280, 40).within(SHAPE) == Square(0, 260, 40)
    assert Square(10, 10, 1).within(SHAPE) == Square(10, 10, SMALLEST_PX)
    assert Square(10, 10, 250).within(SHAPE) == Square(0, 10, 200)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 7, [0, 2, 4, 6]),
        (0, 4, [0, 1, 2, 3, 4]),
        (0, 0.02, [0, 0.005, 0.01, 0.015, 0.02]),
        (-3, 250, [0, 100, 200]),
        (1.5, 9.4, [2, 4, 6, 8]),
        (0, 41, [0, 20, 40]),
        (0.5, 8.6, [2, 4, 6, 8]),
    ],
)
def test_ticks_are_in_steps_of_1_2_or_5(low, high, ticks):
    assert _ticks(low, high) == pytest.approx(ticks)
