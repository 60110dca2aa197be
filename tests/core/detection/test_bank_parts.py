"""Pieces of the template bank, one by one: spectra continued, frequencies, maxima."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cdse.core.detection.template_bank import (
    _centres,
    _continued,
    _local_maxima,
)


@pytest.mark.parametrize("shape", [(12, 16), (13, 16), (12, 15), (13, 15)])
@pytest.mark.parametrize("margin", [(0, 0), (4, 6), (5, 7)])
def test_a_half_spectrum_becomes_the_whole_one_and_goes_on_by_its_period(shape, margin):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = _continued(np.fft.rfft2(values).astype(np.complex64), shape, margin)
    whole = np.fft.fft2(values)
    rows, cols = (
        np.arange(length + more) - length // 2 - more // 2
        for length, more in zip(shape, margin, strict=True)
    )
    wanted = whole[np.ix_(rows % shape[0], cols % shape[1])]
    assert found == pytest.approx(wanted, abs=1e-4)


def test_a_large_spectrum_is_continued_strip_by_strip():
    values = np.random.default_rng(1).normal(size=(150, 8)).astype(np.float32)
    found = _continued(np.fft.rfft2(values).astype(np.complex64), (150, 8), (0, 0))
    assert found == pytest.approx(np.fft.fftshift(np.fft.fft2(values)), abs=1e-4)


def test_frequencies_fill_half_of_the_band_on_a_grid_in_whole_cycles():
    """Every point of the grid within the band, one of each pair, rounded."""
    extent, radius, band = (400.0, 500.0), 20.0, (0.05, 0.2)
    step = 1.6 / (2 * np.pi * radius)
    wanted = set()
    for down in range(-30, 31):
        for right in range(-30, 31):
            k = np.hypot(down * step, right * step)
            if band[0] <= k <= band[1] and (right > 0 or (right == 0 and down > 0)):
                cycles = (down * step * extent[0], right * step * extent[1])
                wanted.add(tuple(int(np.rint(each)) for each in cycles))
    # Of the other column of pairs, those straight down and to the left are left out
    # but for the rows below.
    found = {tuple(each) for each in _centres(extent, radius, band).tolist()}
    assert found == wanted


def test_maxima_are_as_high_as_their_four_neighbours_around_the_borders():
    power = np.zeros((2, 6, 7), np.float32)
    power[0, 2, 3] = 5
    power[0, 2, 4] = 4
    # Beside each other across the border, the smaller is none.
    power[0, 0, 0], power[0, 5, 0] = 3, 2
    power[1, 4, 6], power[1, 4, 0] = 7, 8
    # Equal neighbours both count, corners are no neighbours.
    power[1, 1, 1] = power[1, 1, 2] = power[1, 2, 3] = 6
    found = _local_maxima(power, np.array([1.5, 5.0], np.float32))
    assert sorted(map(tuple, found.tolist())) == [
        (0, 0, 0), (0, 2, 3), (1, 1, 1), (1, 1, 2), (1, 2, 3), (1, 4, 0),
    ]  # fmt: skip
    # The floor is that of each frequency, and must be exceeded.
    assert _local_maxima(power, np.array([5.0, 8.0], np.float32)).shape == (0, 3)


@pytest.mark.parametrize("beside", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_each_of_four_neighbours_may_be_higher(beside):
    power = np.zeros((1, 7, 9), np.float32)
    power[0, 3, 4] = 5
    power[0, 3 + beside[0], 4 + beside[1]] = 6
    (found,) = _local_maxima(power, np.array([1.0], np.float32)).tolist()
    assert found == [0, 3 + beside[0], 4 + beside[1]]
