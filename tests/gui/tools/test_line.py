"""The geometry of a line that measures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_cdse.core.pixel_size import PixelSize, PixelSizeSource
from napari_cdse.gui.tools.line_tool import Line, locked, outline
from napari_cdse.gui.tools.measure import distance_text


def test_a_line_is_as_long_as_its_ends_are_apart():
    line = Line((10.0, 20.0), (40.0, 60.0), 2.0)
    assert line.length_px == 50
    # Shorter than four pixels of the screen it is a slip.
    assert Line((0.0, 0.0), (0.0, 8.0), 2.0).is_intended
    assert not Line((0.0, 0.0), (0.0, 7.9), 2.0).is_intended


@pytest.mark.parametrize("end", [(40.0, 60.0), (-20.0, 20.0), (10.0, 20.0)])
def test_a_bar_of_twelve_screen_pixels_lies_across_each_end(end):
    start, step = np.array((10.0, 20.0)), 1.5
    corners = outline(Line(tuple(start), end, step))
    assert corners.shape == (6, 2)
    assert corners[2] == pytest.approx(start)
    assert corners[3] == pytest.approx(end)
    along = np.array(end) - start
    for middle, (one, other) in ((start, corners[:2]), (end, corners[4:])):
        assert (one + other) / 2 == pytest.approx(middle)
        wanted = 12 * step if along.any() else 0
        assert math.hypot(*(one - other)) == pytest.approx(wanted)
        assert (one - other) @ along == pytest.approx(0, abs=1e-9)
    # From one end's bar to the other without a way twice.
    assert corners[1] - corners[0] == pytest.approx(corners[4] - corners[5])


@pytest.mark.parametrize(("angle", "to"), [(10, 0), (23, 45), (80, 90), (-100, -90)])
def test_a_locked_line_is_the_shadow_of_the_drawn_one(angle, to):
    start = np.array([5.0, 7.0])
    turn, wanted = math.radians(angle), math.radians(to)
    end = start + 100 * np.array([math.sin(turn), math.cos(turn)])
    along = locked(start, end) - start
    assert math.degrees(math.atan2(*along)) == pytest.approx(to)
    assert math.hypot(*along) == pytest.approx(100 * math.cos(turn - wanted))


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "123.5 px"),
        (PixelSize(0.04, PixelSizeSource.PERSON), "123.5 px, 4.94 nm"),
        (PixelSize(0.04, PixelSizeSource.FILE), "123.5 px, 4.94 nm"),
        (
            PixelSize(0.04, PixelSizeSource.ESTIMATED, 0.02),
            "123.5 px, about 4.94 nm",
        ),
    ],
)
def test_a_distance_is_told_in_nm_as_far_as_the_scale_is_known(size, words):
    assert distance_text(123.45678, size) == words
    guess = PixelSize(0.04, PixelSizeSource.ASSUMED, 0.4)
    assert distance_text(12.0, guess) == "12.0 px (the pixel size is assumed)"
