"""The background is the speckle's own; whitened speckle is white."""

import numpy as np
import pytest
from scipy import fft

from napari_cdse.core.imaging.background import estimate_background
from napari_cdse.core.imaging.preprocessing import prepare
from napari_cdse.core.imaging.sliding_fft import frequencies
from napari_cdse.core.imaging.whitening import whiten
from napari_cdse.core.records import Circle
from tests.core.drawn import Dot, draw, speckle


def _known_spectrum(shape: tuple[int, int], seed: int) -> np.ndarray:
    """White noise shaped to a power of 1 / (1 + (k / 0.1)**2), with astigmatism."""
    rng = np.random.default_rng(seed)
    rows, cols = np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1])
    square = rows[:, None] ** 2 + (1.5 * cols) ** 2
    gain = 1 / np.sqrt(1 + square / 0.01)
    return fft.irfft2(fft.rfft2(rng.normal(size=shape)) * gain, s=shape)


def test_background_is_the_known_spectrum_in_each_direction() -> None:
    image = _known_spectrum((600, 500), 0).astype(np.float32)
    power = estimate_background(image, 50).power
    rows, cols = np.fft.fftfreq(50), np.fft.rfftfreq(50)
    expected = 1 / (1 + (rows[:, None] ** 2 + (1.5 * cols) ** 2) / 0.01)
    ring = (frequencies(50) > 0.1) & (frequencies(50) < 0.45)
    ratio = power[ring] / expected[ring]
    assert ratio.mean() == pytest.approx(1.0, abs=0.05)
    assert ratio.std() < 0.1


def test_particles_do_not_move_the_background() -> None:
    dots = tuple(
        Dot(Circle(row, col, 45), ((0.35, float(row + col)),), amplitude=4.0)
        for row in (70, 250, 430)
        for col in (70, 250, 430)
    )
    clean = draw((500, 500), seed=1).pixels
    full = draw((500, 500), dots, seed=1).pixels
    powers = [estimate_background(p - p.mean(), 50).power for p in (clean, full)]
    ring = (frequencies(50) > 0.06) & (frequencies(50) < 0.25)
    ratio = powers[1][ring] / powers[0][ring]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.15)
    assert ratio.max() < 2.5


def test_flat_areas_do_not_count() -> None:
    image = speckle((400, 400), 2).astype(np.float32)
    usable = np.ones(image.shape, bool)
    usable[:, 150:] = False
    expected = estimate_background(image, 40).power
    image[:, 150:] = 0
    found = estimate_background(image, 40, usable).power
    ring = (frequencies(40) > 0.1) & (frequencies(40) < 0.4)
    assert np.median(found[ring] / expected[ring]) == pytest.approx(1.0, abs=0.1)


def test_whitened_speckle_has_unit_power_within_the_band() -> None:
    prepared = prepare((100 + speckle((400, 520), 3)).astype(np.float32))
    background = estimate_background(prepared.pixels, 80)
    white = whiten(prepared, background, (0.08, 0.25), 60)
    assert not white.values[~white.valid].any()
    inside = white.values[white.valid.any(axis=1)][:, white.valid.any(axis=0)]
    power = np.abs(fft.fft2(inside, norm="ortho")) ** 2
    rows, cols = (
        np.fft.fftfreq(count) / step
        for count, step in zip(inside.shape, white.step_px, strict=True)
    )
    radius = np.hypot(rows[:, None], cols)
    for low, high in ((0.1, 0.15), (0.15, 0.2), (0.2, 0.24)):
        ring = (radius > low) & (radius < high)
        assert power[ring].mean() == pytest.approx(1.0, abs=0.1)


def test_whitened_samples_know_their_place() -> None:
    prepared = prepare((100 + speckle((300, 450), 4)).astype(np.float32))
    background = estimate_background(prepared.pixels, 60)
    white = whiten(prepared, background, (0.08, 0.25), 40)
    for axis, length in ((0, 300), (1, 450)):
        index = np.flatnonzero(white.valid.any(axis=1 - axis))
        first, last = (
            white.origin_px[axis] + white.step_px[axis] * i for i in index[[0, -1]]
        )
        assert -0.5 <= first < white.step_px[axis]
        assert length - 1 - white.step_px[axis] < last <= length - 0.5
