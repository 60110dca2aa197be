"""Spectra of sliding windows: sectors, content and what counts, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_cdse.core.detection.unmixing.window_spectra import (
    RINGS,
    SECTORS,
    WindowSpectra,
    _sectors,
    measure,
)
from napari_cdse.core.imaging.whitening import Whitened


def test_content_is_the_strongest_sector_over_that_of_the_support():
    """In units of spread 2 and over a median of 0.5: 3 * 2 - 0.5 in one ring."""
    spectra = np.zeros((2, RINGS, SECTORS), np.float32)
    spectra[0, 4, 0] = 3
    # Only the first sector of a ring, the strongest, is asked.
    spectra[1, 2, 1] = 9
    size = RINGS * SECTORS
    nothing = np.zeros(0)
    told = WindowSpectra(
        spectra.reshape(2, size),
        np.full(size, 0.5, np.float32),
        np.full(size, 2.0, np.float32),
        np.ones(2, bool),
        nothing,
        nothing,
    )
    found = told.bragg_content(told.values)
    assert found == pytest.approx([5.5, -0.5])


@pytest.mark.parametrize("step", [1.0, 2.0])
def test_each_frequency_of_the_band_goes_to_its_ring_and_sector(step):
    low, high = 0.1013, 0.3017
    window, band = 64, (low / step, high / step)
    weights, chosen = _sectors(window, band, step)
    down, right = np.meshgrid(
        np.fft.fftfreq(window), np.fft.rfftfreq(window), indexing="ij"
    )
    radius = np.hypot(down, right).ravel()[chosen]
    turn = np.mod(np.arctan2(down, right), np.pi).ravel()[chosen] / np.pi * SECTORS
    assert radius.min() >= low - 0.5 / window
    assert radius.max() <= high + 0.5 / window
    ring = ((radius - low) / (high - low) * RINGS).astype(int).clip(0, RINGS - 1)
    number = ring * SECTORS + np.minimum(turn.astype(int), SECTORS - 1)
    assert (weights[np.arange(len(chosen)), number] > 0).all()
    # Each sector is a mean.
    assert weights.sum(axis=0) == pytest.approx(np.ones(RINGS * SECTORS))
    # Each pair of frequencies is there once.
    half = (right > 0) | (down > 0)
    assert half.ravel()[chosen].all()
    whole = half & (np.hypot(down, right) >= low - 0.5 / window)
    whole &= np.hypot(down, right) <= high + 0.5 / window
    assert len(chosen) == whole.sum()


def white_noise(k=None, step=2.0):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(200, 240)).astype(np.float32)
    if k is not None:
        row, col = np.mgrid[:200, :240]
        values[:, 120:] += 2 * np.cos(2 * np.pi * (k[0] * row + k[1] * col))[:, 120:]
    valid = np.ones(values.shape, bool)
    return Whitened(values, (step, step), (-20.0, -40.0), (360, 400), valid)


WHERE = SimpleNamespace(window_px=64, band_per_px=(0.05, 0.2))


def test_windows_are_those_centred_in_the_micrograph():
    found = measure(white_noise(), WHERE, 0.5)
    for places, length in ((found.rows_px, 360), (found.cols_px, 400)):
        assert places.min() > -0.5
        assert places.max() < length - 0.5
        # Half a window of 32 samples is 32 px.
        assert np.diff(places).mean() == pytest.approx(32, rel=0.1)
    count = len(found.rows_px) * len(found.cols_px)
    assert found.values.shape == (count, RINGS * SECTORS)
    assert found.counted.all()
    # By ring, the strongest sector first.
    rings = (found.values * found.spread).reshape(-1, RINGS, SECTORS)
    assert (np.diff(rings, axis=2) <= 1e-5).all()
    # In units of the robust spread.
    spread = 1.4826 * np.median(
        np.abs(found.values - np.median(found.values, axis=0)), 0
    )
    assert spread == pytest.approx(np.ones(RINGS * SECTORS), rel=1e-3)
    assert np.median(found.values * found.spread, axis=0) == pytest.approx(found.median)


def test_fringes_show_as_content_where_they_are():
    found = measure(white_noise((0.12, 0.2)), WHERE, 0.5)
    content = found.bragg_content(found.values)
    content = content.reshape(len(found.rows_px), len(found.cols_px))
    # The fringes begin at sample 120, pixel 200.
    with_, without = found.cols_px > 232, found.cols_px < 168
    assert content[:, with_].min() > content[:, without].max() + 0.4


def test_windows_on_pixels_that_do_not_count_are_left_out_of_the_spread():
    white = white_noise()
    white.valid[:, :100] = False
    found = measure(white, WHERE, 0.5)
    counted = found.counted.reshape(len(found.rows_px), len(found.cols_px))
    # Sample 100 is pixel 160.
    assert not counted[:, found.cols_px < 128].any()
    assert counted[:, found.cols_px > 192].all()
    white.valid[:] = False
    white.valid[::8] = True
    # Where a picture is all border, the best windows count.
    assert measure(white, WHERE, 0.5).counted.any()
